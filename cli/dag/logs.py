"""`me dag logs`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from ...schemas.errors import BadFlagValue
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
    generation: Annotated[
        int | None,
        typer.Option(
            "--generation",
            metavar="N",
            help="Which generation, from 0; the newest that has such an attempt by default.",
        ),
    ] = None,
) -> int:
    """Write what a node's attempt wrote, byte by byte, to stdout.

    A node that is run anew, by a resume after the DAG run had ended, begins another generation.

    A terminal gets it as text that does not steer it.
    """
    from ... import api
    from ..speech import give_bytes, harmless, say
    from ..streams import is_heard

    number = positive(attempt, "--attempt")
    if generation is not None and generation < 0:
        raise BadFlagValue(f"`--generation` must be at least 0, not {generation}")
    pieces = api.logs(dag_run, node, stream=stream.value, attempt=number, generation=generation, tell=say)
    for piece in harmless(pieces):
        give_bytes(piece)
        if not is_heard():
            break
    return 0
