"""`me dag validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..args import AsJson


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Task graphs, YAML files.")],
    as_json: AsJson = False,
) -> int:
    """Check task graphs, and nothing but them: all problems at once, by exit code.

    Exit code 0 when all are right, 2 when any is not. Nothing is started or written.
    """
    from ... import api
    from ...schemas.errors import InputErrors
    from ..draw import draw
    from ..plain import plain
    from ..speech import give_json, say

    found = [(file, api.check(file)) for file in files]
    for file, errors in found:
        if errors:
            say(draw(InputErrors(errors)))
        else:
            say(f"ok: {plain(str(file))}")
    if as_json:
        give_json(
            [
                {"file": str(file), "ok": not errors, "errors": [error.to_json() for error in errors]}
                for file, errors in found
            ]
        )
    return 2 if any(errors for _, errors in found) else 0
