"""The forms of a drawing, and the two functions that choose among them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from ...schemas.errors import NoDrawingProgram
from ...schemas.plan import Plan
from ...schemas.report import Report
from .collapse import collapse as collapsed
from .json_form import json_form
from .mermaid import mermaid
from .picture import Picture, picture
from .tree import tree

FORMATS: Final = ("ascii", "dot", "json", "mermaid", "svg")
"""What `render` can make: text."""

IMAGES: Final = ("pdf", "png", "svg")
"""What `image` can make: bytes."""

_DPI: Final = 144
"""Of PNG, so that text is sharp on today's screens."""

_DRAWN_BY_DOT: Final = 400
"""For more vertices than this `dot` takes minutes."""


def render(
    plan: Plan,
    form: str,
    *,
    report: Report | None = None,
    collapse: int | None = None,
    boxes: bool = True,
    width: int | None = None,
    colour: bool = False,
    times: bool = True,
    said: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The plan in one of `FORMATS`, with the states of `report` when given.

    `collapse` is how many boxes a group may draw before it is drawn as one; None draws all. Without
    `times` durations are left out, and what follows from them. `said` tells by node what pieces
    of patterns said. `boxes`, `width` and `colour` concern
    `ascii` alone: box-drawing characters instead of 7-bit ones, the longest line, and ANSI colours.
    `ValueError` for another format. Pure.
    """
    content = _content(plan, report, collapse, times, said)
    if form == "ascii":
        return tree(content, boxes=boxes, width=width, colour=colour)
    if form == "dot":
        from .dot import dot  # the other forms need not load graphviz

        return dot(content)
    if form == "mermaid":
        return mermaid(content)
    if form == "json":
        return json_form(content)
    if form == "svg":
        from .svg import svg

        return svg(content)
    raise ValueError(f"no such format: {form}")


def image(
    plan: Plan,
    form: str,
    *,
    report: Report | None = None,
    collapse: int | None = None,
    times: bool = True,
    said: Mapping[str, str] = MappingProxyType({}),
    by_dot: bool = True,
) -> bytes:
    """The plan in one of `IMAGES`, as `render` takes it, drawn by the `dot` program.

    SVG is laid out here without `dot` and unless `by_dot`, where `dot` fails or would take too long, and
    where ours is better: groups as frames that edges end at, and grids of nodes that are alike, which
    `dot` sets one below the other. For the others NoDrawingProgram is raised. `ValueError` for another
    format.
    """
    from . import program
    from .dot import dot
    from .svg import svg

    content = _content(plan, report, collapse, times, said)
    if form == "svg":
        if by_dot and _is_for_dot(content) and program.is_installed():
            # An installation may lack its plugins; ours is as good.
            with suppress(NoDrawingProgram):
                return program.drawn(dot(content), "svg")
        return svg(content).encode()
    if form == "png":
        return program.drawn(dot(content, dpi=_DPI), "png")
    if form == "pdf":
        return program.drawn(dot(content), "pdf")
    raise ValueError(f"no such format: {form}")


def _is_for_dot(content: Picture) -> bool:
    from .grids import gridded

    if len(content.vertices) > _DRAWN_BY_DOT or any(vertex.group for vertex in content.vertices):
        return False
    return not gridded(content)[1]


def _content(
    plan: Plan, report: Report | None, most: int | None, times: bool, said: Mapping[str, str]
) -> Picture:
    whole = picture(plan, report, times=times, said=said)
    return whole if most is None else collapsed(whole, most)
