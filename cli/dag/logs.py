"""`me dag logs`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ..args import DagRun, positive


class Stream(StrEnum):
    """What an attempt writes to."""

    STDOUT = "stdout"
    STDERR = "stderr"
    BOTH = "both"


def logs(
    dag_run: DagRun,
    node: Annotated[str, typer.Argument(metavar="NODE", help="A node, as `me dag status` names it.")],
    stream: Annotated[Stream, typer.Option("--stream", help="Which stream.")] = Stream.BOTH,
    attempt: Annotated[
        int | None, typer.Option("--attempt", metavar="N", help="Which attempt, from 1; the last by default.")
    ] = None,
) -> int:
    """Write what a node's attempt wrote, byte by byte, to stdout."""
    from ... import api
    from ..speech import give_bytes

    number = positive(attempt, "--attempt")
    for piece in api.logs(dag_run, node, stream=stream.value, attempt=number):
        give_bytes(piece)
    return 0
