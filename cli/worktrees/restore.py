"""`me worktrees restore`."""

from __future__ import annotations

from typing import Annotated

import typer


def restore(
    name: Annotated[str, typer.Argument(help="The Run, by its id or the beginning of it.", metavar="RUN")],
) -> int:
    """Bring what was salvaged of a Run back, as a branch."""
    from ... import api
    from ..speech import give

    give(f"{api.restore_worktree(name)}\n")
    return 0
