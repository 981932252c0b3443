"""`me roles validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..args import AsJson

if TYPE_CHECKING:
    from ..._api_roles import RoleCheck


def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH...", help="Role files, or folders of them; all Roles without any."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Check Roles, and nothing but them: all problems at once, by exit code.

    Exit code 0 when all are right, 2 when any is not. Warnings change no exit code. Nothing is written.
    """
    from ... import api
    from ..speech import give_json, say

    found = api.check_roles(paths or ())
    for one in found:
        for line in _said(one):
            say(line)
    if as_json:
        give_json([_data(one) for one in found])
    return 2 if any(one.errors for one in found) else 0


def _said(one: RoleCheck) -> list[str]:
    import sys

    from ...schemas.errors import InputErrors
    from ..draw import draw, draw_warning
    from ..place import placed
    from ..plain import plain
    from ..terminal import has_colour

    colour = has_colour(sys.stderr)
    lines = [placed(draw_warning(warning, colour=colour)) for warning in one.warnings]
    if one.errors:
        lines.append(placed(draw(InputErrors(one.errors), colour=colour)))
    else:
        lines.append(plain(f"ok: {one.name} {one.version}"))
    return lines


def _data(one: RoleCheck) -> dict[str, Any]:
    return {
        "role": one.name,
        "version": one.version,
        "files": list(one.files),
        "ok": not one.errors,
        "errors": [error.to_json() for error in one.errors],
        "warnings": [warning.to_json() for warning in one.warnings],
    }
