"""`me dag render`."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..args import Params, pairs

if TYPE_CHECKING:
    from ...schemas.plan import Plan
    from ...schemas.report import Report

ID = re.compile(r"[0-9a-fA-F][0-9a-fA-F-]*")
"""What the id of a DAG run, or its beginning, looks like."""


class Format(StrEnum):
    """The forms of a drawing."""

    ASCII = "ascii"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"


def render(
    what: Annotated[
        str, typer.Argument(metavar="FILE|DAGRUN", help="A task graph, or a DAG run with its states.")
    ],
    form: Annotated[Format, typer.Option("--format", "-f", help="How to draw it.")] = Format.ASCII,
    param: Params = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there, not to stdout.")
    ] = None,
) -> int:
    """Draw a task graph, or a DAG run with its states: for the terminal, graphviz, Mermaid or as JSON.

    In the terminal's tree, one column is one after the other and one rail is side by side.
    """
    import sys

    from ...engine.render import render as rendered
    from ..output_file import write_file
    from ..speech import give
    from ..terminal import columns, has_boxes, has_colour

    plan, report = _drawn(what, pairs(param, "--param"))
    if output is not None:
        write_file(output, [rendered(plan, form.value, report=report)])
        return 0
    out = sys.stdout
    give(
        rendered(
            plan,
            form.value,
            report=report,
            boxes=has_boxes(out),
            width=columns(out),
            colour=has_colour(out),
        )
    )
    return 0


def _drawn(what: str, params: dict[str, str]) -> tuple[Plan, Report | None]:
    from ... import api
    from ...schemas.errors import BadFlagValue

    # Whether a file may be looked at is said where it is read.
    if os.path.isfile(what) or not ID.fullmatch(what):  # noqa: PTH113
        return api.plan(Path(what), params=params), None
    if params:
        raise BadFlagValue(
            "`--param` is for a graph file; a DAG run keeps the parameters that it started with"
        )
    return api.plan_of(what), api.status(what)
