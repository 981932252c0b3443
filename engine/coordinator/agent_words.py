"""The words that an agent is asked in: the user's own, and values that others made, kept apart."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ...schemas.template import Concat, Expr, Given, Host, Literal, Template, as_text
from ..agents.data_text import is_plain

_NAME: Final = re.compile(r"[\w.\[\]\"'-]{1,60}")

Value = Callable[[Template], Any]


def said(template: Template, value_of: Value) -> tuple[str, dict[str, Any]]:
    """The text of a prompt and the values that are kept out of it, by the name that stands in their place.

    What the user wrote stays as it is. A value that an expression brings in stays where it is only if it is
    plain, such as the name of a file; all else is data and is called `[data: NAME]` in the text, where the
    name is the expression that it came from.
    """
    text: list[str] = []
    data: dict[str, Any] = {}
    for part, origin in _parts(template, lambda found: found):
        if isinstance(part, Literal):
            text.append(as_text(part.value))
            continue
        value = value_of(part)
        if is_plain(value):
            text.append(as_text(value))
            continue
        name = _named(origin, value, data)
        data[name] = value
        text.append(f"[data: {name}]")
    return "".join(text), data


def _parts(template: Template, wrap: Callable[[Template], Template]) -> Iterator[tuple[Template, str]]:
    match template:
        case Literal():
            yield template, ""
        case Concat(parts):
            for part in parts:
                yield from _parts(part, wrap)
        case Host(inner):
            yield from _parts(inner, lambda found: wrap(Host(found)))
        case Expr(source) | Given(source):
            yield wrap(template), source
        case _:
            yield wrap(template), "value"


def _named(origin: str, value: Any, data: dict[str, Any]) -> str:
    name = origin if _NAME.fullmatch(origin) else "value"
    number, found = 1, name
    while found in data and data[found] != value:
        number += 1
        found = f"{name} ({number})"
    return found
