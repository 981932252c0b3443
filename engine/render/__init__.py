"""Drawings of a plan and of a DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ...schemas.plan import Plan
    from ...schemas.report import Report

__all__ = ["FORMATS", "render"]

FORMATS: Final = ("ascii", "dot", "json", "mermaid")


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
    from .picture import picture

    drawn = picture(plan, report)
    if form == "ascii":
        from .tree import tree

        return tree(drawn, boxes=boxes, width=width, colour=colour)
    if form == "dot":
        from .dot import dot

        return dot(drawn)
    if form == "mermaid":
        from .mermaid import mermaid

        return mermaid(drawn)
    if form == "json":
        from .json_form import json_form

        return json_form(drawn)
    raise ValueError(f"no such format: {form}")
