"""The forms of a drawing, and the one function that chooses among them."""

from __future__ import annotations

from typing import Final

from ...schemas.plan import Plan
from ...schemas.report import Report
from .json_form import json_form
from .mermaid import mermaid
from .picture import picture
from .tree import tree

FORMATS: Final = ("ascii", "dot", "json", "mermaid")
"""What `render` can make."""


def render(
    plan: Plan,
    form: str,
    *,
    report: Report | None = None,
    boxes: bool = True,
    width: int | None = None,
    colour: bool = False,
) -> str:
    """The plan in one of `FORMATS`, with the states of `report` when given.

    `boxes`, `width` and `colour` concern `ascii` alone: box-drawing characters instead of 7-bit
    ones, the longest line, and ANSI colours. `ValueError` for another format.
    """
    drawn = picture(plan, report)
    if form == "ascii":
        return tree(drawn, boxes=boxes, width=width, colour=colour)
    if form == "dot":
        from .dot import dot  # the other forms need not load graphviz

        return dot(drawn)
    if form == "mermaid":
        return mermaid(drawn)
    if form == "json":
        return json_form(drawn)
    raise ValueError(f"no such format: {form}")
