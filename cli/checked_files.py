"""What is said of files that were checked: the problems of each, or that it is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .draw import draw
from .plain import plain
from .speech import give_json, say

if TYPE_CHECKING:
    from ..schemas.errors import InputError


def tell(found: Sequence[tuple[Path, Sequence[InputError]]], *, as_json: bool) -> int:
    """Say what was found in each file, as JSON too if asked for; the exit code, 2 for any problem."""
    from ..schemas.errors import InputErrors

    for file, errors in found:
        say(draw(InputErrors(errors)) if errors else f"ok: {plain(str(file))}")
    if as_json:
        give_json(
            [
                {"file": str(file), "ok": not errors, "errors": [error.to_json() for error in errors]}
                for file, errors in found
            ]
        )
    return 2 if any(errors for _, errors in found) else 0
