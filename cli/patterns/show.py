"""`me patterns show`."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...schemas.errors import BadFlagValue
from ..args import AsJson

if TYPE_CHECKING:
    from ..._api_pattern_pages import PatternPage


class Form(StrEnum):
    """The forms of a page."""

    TEXT = "text"
    MERMAID = "mermaid"
    JSON = "json"


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A pattern; `me patterns list` names them.")],
    form: Annotated[
        Form | None,
        typer.Option(
            "--format", "-f", help="All of it as text, the default, or as JSON; or the drawing alone."
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show what a pattern is: its settings, what it insists on, and what it expands to."""
    from ... import api
    from ..speech import give, give_json

    if as_json and form not in (None, Form.JSON):
        raise BadFlagValue("`--json` and `--format` ask for different things: give one of them")
    page = api.show_pattern(name)
    if as_json or form is Form.JSON:
        give_json(_data(page))
    elif form is Form.MERMAID:
        give(_mermaid(page))
    else:
        give(_text(page))
    return 0


def _data(page: PatternPage) -> dict[str, Any]:
    from ...engine.render import render

    data = asdict(page)
    plan = data.pop("plan") and page.plan
    data["expands_to"] = json.loads(render(plan, "json")) if plan is not None else None
    return data


def _mermaid(page: PatternPage) -> str:
    from ...engine.render import render

    if page.plan is None:
        raise BadFlagValue(
            f"the pattern `{page.name}` brings no example, and so there is nothing to draw",
            hint="`me dag render FILE --format mermaid` draws a graph that uses it",
        )
    return render(page.plan, "mermaid")


def _text(page: PatternPage) -> str:
    parts = [f"{page.name}: {page.summary}\n"]
    if page.guard:
        parts.append(f"It insists on: {page.guard}\n")
    if page.file is not None:
        parts.append(f"{page.file}:\n{_indented(page.text)}")
    if page.settings:
        parts.append(_settings(page))
    if page.example:
        parts.append(f"For example\n{_indented(page.example)}")
    if page.plan is not None:
        parts.append(f"expands to\n{_indented(_tree(page))}")
    return "\n".join(parts)


def _settings(page: PatternPage) -> str:
    """Each setting with what it may be, and below it what it means, as wide as people read."""
    import sys
    from textwrap import wrap

    from ..terminal import columns

    width = min(100, columns(sys.stdout) or 100)
    lines = ["Settings"]
    for one in page.settings:
        default = "required" if one.required else _default(one.default)
        lines.append(f"  {one.name}: {one.type}{', ' if default else ''}{default}")
        lines += [f"    {line}" for line in wrap(one.meaning, width - 4)]
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if value is None:
        return ""
    return f"default {value if isinstance(value, str) else json.dumps(value)}"


def _tree(page: PatternPage) -> str:
    import sys

    from ...engine.render import render
    from ..terminal import columns, has_boxes, has_colour

    assert page.plan is not None
    out = sys.stdout
    width = columns(out)
    return render(
        page.plan,
        "ascii",
        boxes=has_boxes(out),
        width=width - 2 if width else None,
        colour=has_colour(out),
    )


def _indented(text: str) -> str:
    return "".join(f"  {line}".rstrip() + "\n" for line in text.splitlines())
