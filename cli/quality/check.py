"""`me quality check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..args import AsJson


def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH…", help="Files, or folders for all files below them.")
    ],
    axis: Annotated[
        str | None, typer.Option(help="Only this axis, such as `complexity`.", metavar="NAME")
    ] = None,
    audit: Annotated[
        bool, typer.Option("--audit", help="Look up known weaknesses of the installed packages as well.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Look at files as the quality gate does after a task: five axes, the worst one counts.

    Tests that belong to a file are found by their names. A tool that is not installed skips its axis, and the
    table says so. The exit code is 1 when an axis blocks.
    """
    from ... import api
    from ..speech import give, give_json, say
    from ..table import table

    report = api.check_quality(paths, axis=axis, audit=audit)
    if as_json:
        give_json(report.to_json())
    else:
        rows = [
            [one["axis"], one["state"], "" if "value" not in one else f"{one['value']:g}", one.get("why", "")]
            for one in report.axes
        ]
        give(table(["axis", "state", "value", "why"], rows, right=("value",), whole=("axis", "state")))
        for one in report.axes:
            for found in one.get("findings", ()) if one["state"] in ("notify", "block") else ():
                place = found["file"] + (f":{found['line']}" if "line" in found else "")
                give(f"{place}: {one['axis']}: {found['rule']}: {found['message']}\n")
        say(f"the quality gate says: {report.state or 'nothing, as there was nothing that it could look at'}")
    return 1 if report.state == "block" else 0
