"""`me ledger export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Form(StrEnum):
    """The forms of an export."""

    JSONL = "jsonl"
    JSON = "json"
    CSV = "csv"


class Table(StrEnum):
    """The tables of the Ledger; `journal` holds everything, the others are made from it."""

    RUNS = "runs"
    DAG_RUNS = "dag_runs"
    NODES = "nodes"
    ATTEMPTS = "attempts"
    TASKS = "tasks"
    EXECUTORS = "executors"
    ROLES = "roles"
    GATES = "gates"
    APPROVALS = "approvals"
    JOURNAL = "journal"


def export(
    table: Annotated[Table, typer.Option("--table", "-t", help="What to export.")] = Table.RUNS,
    form: Annotated[Form, typer.Option("--format", "-f", help="One object per line, one array, or CSV.")] = (
        Form.JSONL
    ),
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there, not to stdout.")
    ] = None,
) -> int:
    """Write a table of the Ledger for other programs, oldest row first.

    The Ledger is an SQLite file as well: Datasette and sqlite-utils open it as it is.
    """
    from ... import api
    from ..output_file import write_file
    from ..speech import give_foreign
    from ..streams import is_heard

    pieces = api.ledger_export(table.value, form.value)
    if output is not None:
        write_file(output, pieces)
        return 0
    for piece in pieces:
        give_foreign(piece)
        if not is_heard():
            break
    return 0
