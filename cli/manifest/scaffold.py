"""`me manifest scaffold`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from ...schemas.errors import BadFlagValue
from ...schemas.scalars import line_range


class Tier(StrEnum):
    """The classes of models."""

    OPUS = "opus"
    SONNET = "sonnet"
    HAIKU = "haiku"


def scaffold(
    role: Annotated[
        str | None, typer.Option("--role", metavar="ROLE", help="The Role or the Executor that it is for.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", metavar="TASK", help="The id of the task.")] = None,
    files: Annotated[
        list[str] | None,
        typer.Option(
            "--file",
            metavar="PATH[:A..B]",
            help="A file to point to, or lines of it; may be repeated.",
        ),
    ] = None,
    deliverables: Annotated[
        list[str] | None,
        typer.Option(
            "--deliverable", metavar="PATH", help="A file that must be there in the end; may be repeated."
        ),
    ] = None,
    prior_runs: Annotated[
        list[str] | None,
        typer.Option("--prior-run", metavar="RUN", help="An earlier Run that matters; may be repeated."),
    ] = None,
    tier: Annotated[Tier | None, typer.Option("--tier", help="The class of model to ask for.")] = None,
    sender: Annotated[
        str, typer.Option("--from", metavar="NAME", help="Who hands the work over.")
    ] = "principal",
) -> int:
    """Print a Manifest to fill in.

    It is not valid before every text that begins with `FILL IN:` is written, or its entry taken out.
    """
    from ... import api
    from ..speech import give

    text = api.scaffold_manifest(
        role=role,
        task=task,
        files=[_pointer(one) for one in files or ()],
        deliverables=deliverables or (),
        prior_runs=prior_runs or (),
        tier=tier.value if tier is not None else None,
        sender=sender,
    )
    give(text)
    return 0


def _pointer(text: str) -> tuple[str, str | None]:
    """The path and the lines of `PATH[:A..B]`; a colon before anything but digits belongs to the path."""
    path, colon, lines = text.rpartition(":")
    if not colon or not path or re.fullmatch(r"[\d.\s]+", lines) is None:
        return text, None
    try:
        line_range(lines)
    except ValueError:
        raise BadFlagValue(
            f"`--file {text}`: `{lines}` is not a range of lines",
            hint="write the first and the last line, counted from 1, such as `:10..40`",
        ) from None
    return path, lines
