"""Layer 3, part of `api`: what the Ledger is asked from outside a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ._api_read import check_limit, open_for_reading, open_if_there, project_of
from .engine.ledger import queries
from .engine.ledger.exporting import ExportForm, export
from .engine.ledger.rebuilding import Rebuilt, rebuild
from .engine.ledger.records import Head
from .engine.ledger.verification import Verification, verify_ledger
from .engine.project import state_dir
from .schemas.errors import UnknownRun


def ledger_recent(limit: int = 20, *, cwd: Path | None = None) -> list[dict[str, Any]]:
    """The newest Runs with all their columns, newest first; none where nothing has been recorded."""
    check_limit(limit)
    ledger = open_if_there(cwd)
    if ledger is None:
        return []
    with ledger:
        return [asdict(row) for row in queries.recent_runs(ledger, limit=limit)]


def ledger_run(run_id: str, *, cwd: Path | None = None) -> dict[str, Any]:
    """All columns of the Run whose id is, or begins with, `run_id`.

    Raises `UnknownRun` and, for a beginning that fits several, `AmbiguousRun`.
    """
    ledger = open_if_there(cwd)
    if ledger is not None:
        with ledger:
            row = queries.find_run(ledger, run_id)
        if row is not None:
            return asdict(row)
    raise UnknownRun(f"no Run has the id `{run_id}`", hint="`me ledger recent` lists the latest ones")


def ledger_head(*, cwd: Path | None = None) -> Head:
    """The end of the hash chain."""
    with open_for_reading(cwd) as ledger:
        return ledger.head()


def ledger_verify(*, noted: tuple[int, str] | None = None, cwd: Path | None = None) -> Verification:
    """What a look at everything found; `noted` is a head, its seq and hash, that was written down earlier."""
    with open_for_reading(cwd) as ledger:
        return verify_ledger(ledger, noted=Head(*noted) if noted else None)


def ledger_rebuild(*, accept_loss: bool = False, cwd: Path | None = None) -> Rebuilt:
    """Make the database anew from the mirror, and from what the mirror lacks of the old database.

    `accept_loss` goes on where records are whole in neither. Raises `LedgerInUse` while anybody else
    works with the Ledger.
    """
    return rebuild(state_dir(project_of(cwd)), accept_loss=accept_loss)


def ledger_export(
    table: str = "runs", form: ExportForm = "jsonl", *, cwd: Path | None = None
) -> Iterator[str]:
    """The rows of a table of the Ledger as text, oldest first, piece by piece."""
    with open_for_reading(cwd) as ledger:
        yield from export(ledger, table, form)
