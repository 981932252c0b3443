"""`me roles new`."""

from __future__ import annotations

from typing import Annotated

import typer


def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What it is called, such as `release-manager`.")
    ],
    user: Annotated[
        bool, typer.Option("--user", help="For all your projects: write it into your home, not the project.")
    ] = False,
    like: Annotated[
        str | None, typer.Option("--from", metavar="ROLE", help="Begin with what this Role says.")
    ] = None,
) -> int:
    """Begin a Role: write a file with marks for what is to be filled in.

    The path goes to stdout. As long as a mark is left, `me roles validate` fails, and nobody is given work in
    that Role. With --from and the name of a Role that there is, the file changes that one.
    """
    from ... import api
    from ..place import program
    from ..speech import give, say

    path = api.new_role(name, user=user, like=like)
    give(f"{path}\n")
    say(f"fill in what is marked there; `{program()} roles validate` tells what is left")
    return 0
