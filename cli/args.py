"""Arguments that several commands share."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Annotated

import typer

from ..schemas.errors import BadFlagValue, MalformedPair, MetaEnsembleError, RepeatedFlag
from .complete import dag_runs
from .place import enter


def _entered(ctx: typer.Context, directory: Path | None) -> Path | None:
    if directory is not None:
        # What the shell asks for on Tab is offered as far as it is known.
        with suppress(MetaEnsembleError) if ctx.resilient_parsing else nullcontext():
            enter(directory)
    return directory


Directory = Annotated[
    Path | None,
    typer.Option(
        "-C",
        "--directory",
        metavar="DIR",
        help="Work as if typed in DIR, such as the root of another project.",
        is_eager=True,
        callback=_entered,
    ),
]

GraphFile = Annotated[Path, typer.Argument(metavar="FILE", help="The task graph, a YAML file.")]

DagRun = Annotated[
    str,
    typer.Argument(
        metavar="DAGRUN",
        help="A DAG run: its id, or a beginning that fits only one.",
        autocompletion=dag_runs,
    ),
]

NewestDagRun = Annotated[
    str | None,
    typer.Argument(
        metavar="DAGRUN",
        help="A DAG run: its id, or a beginning that fits only one.",
        autocompletion=dag_runs,
    ),
]

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="No progress and no summary; errors are still said.")
]

Params = Annotated[
    list[str] | None,
    typer.Option("--param", "-p", metavar="NAME=VALUE", help="A parameter of the graph; may be repeated."),
]

Concurrency = Annotated[
    int | None,
    typer.Option("--concurrency", "-c", metavar="N", help="How many nodes may run at once, at most."),
]

Select = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        "-s",
        metavar="SELECTOR",
        help="Only these tasks: ids, `tag:T`, `result:failed`; `+x` with all before, `x+` with all behind.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", "-x", metavar="SELECTOR", help="Not these tasks; written as for --select."),
]
Force = Annotated[
    bool,
    typer.Option("--force", help="Do everything anew: take no result of an earlier DAG run."),
]
Replay = Annotated[
    Path | None,
    typer.Option("--replay", metavar="FILE", help="Play recorded attempts instead of running anything."),
]

ReplayAgain = Annotated[
    Path | None,
    typer.Option(
        "--replay",
        metavar="FILE",
        help="The recorded attempts, for a DAG run that was started with --replay.",
    ),
]

TaskName = Annotated[
    str | None,
    typer.Argument(metavar="TASK", help="Only this task, as in the graph, or a single node of it."),
]

EveryDagRun = Annotated[
    int | None,
    typer.Option("--limit", "-n", metavar="N", help="Look at the newest N DAG runs only; at all by default."),
]

Limit = Annotated[int, typer.Option("--limit", "-n", metavar="N", help="How many rows, at most.")]


def pairs(given: Sequence[str] | None, flag: str, *, last: bool = False) -> dict[str, str]:
    """`NAME=VALUE` texts as a mapping; MalformedPair without `=`, RepeatedFlag for a name twice.

    A text is split at its first `=`; with `last` at its last, for names that may have some.
    """
    found: dict[str, str] = {}
    for text in given or ():
        name, equals, value = text.rpartition("=") if last else text.partition("=")
        if not equals or not name:
            raise MalformedPair(
                f"`{flag} {text}` is not `NAME=VALUE`", hint=f"write `{flag} {name or 'NAME'}=VALUE`"
            )
        if name in found:
            raise RepeatedFlag(f"`{flag}` gives `{name}` twice", hint="keep the one you mean")
        found[name] = value
    return found


def positive(number: int | None, flag: str) -> int | None:
    """The number, which must be at least 1 when it is given."""
    if number is not None and number < 1:
        raise BadFlagValue(f"`{flag}` must be at least 1, not {number}")
    return number
