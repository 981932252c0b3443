"""`me worktrees apply`."""

from __future__ import annotations

from typing import Annotated

import typer


def apply(
    name: Annotated[
        str,
        typer.Argument(
            help="A DAG run, by its id or the beginning of it, or a branch of `me worktrees list`.",
            metavar="NAME",
        ),
    ],
) -> int:
    """Bring what was done in worktrees onto your present branch.

    Of a DAG run, that is the work of its nodes that ended ok. Your branch is moved forward, or a merge is
    made. Where the work does not fit, to itself or to yours, or something of yours is not committed, nothing
    is changed.
    """
    from ... import api
    from ..speech import give, say

    found = api.apply_worktrees(name)
    if found.how == "nothing":
        say("all of it is on your branch already")
    else:
        say(f"{found.how}: {', '.join(found.names)}")
    give(f"{found.commit}\n")
    return 0
