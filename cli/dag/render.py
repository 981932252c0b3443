"""`me dag render`."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypedDict

import typer

from ...schemas.errors import BadFlagValue
from ..args import Params, pairs, positive

if TYPE_CHECKING:
    from ...schemas.plan import Plan
    from ...schemas.report import Report

ID: Final = re.compile(r"[0-9a-fA-F][0-9a-fA-F-]*")
"""What the id of a DAG run, or its beginning, looks like."""


class Format(StrEnum):
    """The forms of a drawing."""

    ASCII = "ascii"
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"
    DOT = "dot"
    MERMAID = "mermaid"
    JSON = "json"


ENDINGS: Final = {
    "": Format.ASCII,
    ".txt": Format.ASCII,
    ".svg": Format.SVG,
    ".png": Format.PNG,
    ".pdf": Format.PDF,
    ".dot": Format.DOT,
    ".gv": Format.DOT,
    ".mmd": Format.MERMAID,
    ".mermaid": Format.MERMAID,
    ".json": Format.JSON,
}
"""The form that the name of a file asks for."""

NOT_TEXT: Final = frozenset({Format.PNG, Format.PDF})


def render(
    what: Annotated[
        str, typer.Argument(metavar="FILE|DAGRUN", help="A task graph, or a DAG run with its states.")
    ],
    form: Annotated[
        Format | None,
        typer.Option(
            "--format", "-f", help="How to draw it. By default what the ending of `-o` says, else ascii."
        ),
    ] = None,
    param: Params = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there, not to stdout.")
    ] = None,
    collapse: Annotated[
        int | None,
        typer.Option("--collapse", metavar="N", help="Draw groups of more than N nodes as one, default 12."),
    ] = None,
    expand: Annotated[bool, typer.Option("--expand", help="Draw every node, however many.")] = False,
    no_times: Annotated[
        bool,
        typer.Option(
            "--no-times",
            help="Leave out how long things took; the critical path is then the longest chain of needs.",
        ),
    ] = False,
    no_dot: Annotated[
        bool, typer.Option("--no-dot", help="Draw SVG without the program `dot`, even where it is installed.")
    ] = False,
) -> int:
    """Draw a task graph, or a DAG run with its states.

    For the terminal (ascii), as a picture (svg, png, pdf), or for other programs (dot, mermaid, json).
    PNG and PDF need the program `dot` of graphviz; SVG is drawn by it where it is installed and what there
    is to draw has no frames, and without it otherwise. In the terminal's tree, one column is one after the
    other, one rail is side by side, and what is inside a group is indented below it. JSON has all nodes
    unless `--collapse` is given.

    With `--no-times` and `--no-dot` DAG runs that ended alike give the same bytes, on every machine.
    """
    chosen = form or _form_of(output)
    if chosen in NOT_TEXT and output is None:
        _check_not_a_terminal(chosen)
    most = _most(chosen, positive(collapse, "--collapse"), expand)
    plan, report, said = _drawn(what, pairs(param, "--param"))
    options = _Options(report=report, collapse=most, times=not no_times, said=said)
    if chosen in NOT_TEXT or chosen is Format.SVG:
        _give_image(plan, chosen, options, output, by_dot=not no_dot)
    else:
        _give_text(plan, chosen, options, output)
    return 0


def _form_of(output: Path | None) -> Format:
    ending = output.suffix.lower() if output is not None else ""
    if ending not in ENDINGS:
        known = ", ".join(f"`{known}`" for known in ENDINGS if known)
        raise BadFlagValue(
            f"the ending `{ending}` of `{output}` names no format", hint=f"use `--format`, or one of {known}"
        )
    return ENDINGS[ending]


def _check_not_a_terminal(form: Format) -> None:
    import sys

    from ..terminal import is_terminal

    if is_terminal(sys.stdout):
        raise BadFlagValue(
            f"{form.value} is no text that a terminal can show", hint=f"name a file: `-o graph.{form.value}`"
        )


def _most(form: Format, collapse: int | None, expand: bool) -> int | None:
    """How many nodes a group may have before it is drawn as one; None for all."""
    if expand and collapse is not None:
        raise BadFlagValue("`--collapse` and `--expand` ask for opposite things: give one of them")
    if expand or (form is Format.JSON and collapse is None):
        return None
    from ...engine.render import COLLAPSE_ABOVE

    return COLLAPSE_ABOVE if collapse is None else collapse


def _drawn(what: str, params: dict[str, str]) -> tuple[Plan, Report | None, dict[str, str]]:
    from ... import api

    # Whether a file may be looked at is said where it is read.
    if os.path.isfile(what) or not ID.fullmatch(what):  # noqa: PTH113
        return api.plan(Path(what), params=params), None, {}
    if params:
        raise BadFlagValue(
            "`--param` is for a graph file; a DAG run keeps the parameters that it started with"
        )
    plan = api.plan_of(what)
    has_patterns = any(node.kind == "pattern" for node in plan.nodes)
    return plan, api.status(what), api.said_by_pieces(what) if has_patterns else {}


class _Options(TypedDict):
    """What all forms of a drawing are asked with."""

    report: Report | None
    collapse: int | None
    times: bool
    said: dict[str, str]


def _give_image(plan: Plan, form: Format, options: _Options, output: Path | None, *, by_dot: bool) -> None:
    from ...engine.render import image
    from ..output_file import write_bytes
    from ..speech import give_bytes

    data = image(plan, form.value, **options, by_dot=by_dot)
    if output is None:
        give_bytes(data)
    else:
        write_bytes(output, data)


def _give_text(plan: Plan, form: Format, options: _Options, output: Path | None) -> None:
    import sys

    from ...engine.render import render as rendered
    from ..output_file import write_file
    from ..speech import give
    from ..terminal import columns, has_boxes, has_colour

    if output is not None:
        write_file(output, [rendered(plan, form.value, **options)])
        return
    out = sys.stdout
    give(
        rendered(
            plan,
            form.value,
            **options,
            boxes=has_boxes(out),
            width=columns(out),
            colour=has_colour(out),
        )
    )
