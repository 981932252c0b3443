"""What several commands of `me roles` take."""

from __future__ import annotations

from typing import Annotated

import typer

RoleArgument = Annotated[str, typer.Argument(metavar="NAME", help="A Role; `me roles list` names them.")]


def counted(number: int, what: str) -> str:
    """`1 Executor`, `2 Executors`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
