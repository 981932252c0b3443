"""`me ledger run`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson
from ..rows import AsCsv, cell, give_rows


def run(
    run_id: Annotated[
        str, typer.Argument(metavar="ID", help="A Run: its id, or a beginning that fits only one.")
    ],
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> int:
    """Show one Run with all that is recorded of it."""
    from ... import api
    from ..speech import give_json

    found = api.ledger_run(run_id)
    if as_json and not as_csv:
        give_json(found)
    elif as_csv:
        give_rows([found], as_json=as_json, as_csv=as_csv)
    else:
        known = [{"column": key, "value": cell(value)} for key, value in found.items() if value is not None]
        give_rows(known, as_json=False, as_csv=False)
    return 0
