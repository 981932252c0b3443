"""Values of which some parts are only known when a node becomes ready.

A template is data: what a parameter or a model wrote stands in it as a `Literal` and is never
looked at again, so no text can turn into an expression by being put into another.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Literal:
    """A JSON value that is already known."""

    value: Any


@dataclass(frozen=True, slots=True)
class Expr:
    """The source of one expression, without the `${{ }}` around it."""

    source: str


@dataclass(frozen=True, slots=True)
class Concat:
    """Text made of several parts in a row; each part is turned into text by `as_text`."""

    parts: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of templates."""

    items: tuple[Template, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A mapping from known keys to templates, in the order in which they were written."""

    items: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The source of one expression that sees further names, each with the value of a template."""

    source: str
    names: tuple[tuple[str, Template], ...]


@dataclass(frozen=True, slots=True)
class Host:
    """A template that sees what the node sees whose piece it is found in."""

    template: Template


Template = Literal | Expr | Concat | Sequence | Mapping | Given | Host

EMPTY = Literal(None)


def as_text(value: Any) -> str:
    """How a JSON value stands inside text: strings as they are, null as nothing, the rest as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def render(template: Template, evaluate: Callable[..., Any]) -> Any:
    """The JSON value of `template`; `evaluate` gives the value of an expression's source, and of one that
    sees further names by a second argument, a mapping; and that of a `Host`.
    """
    match template:
        case Literal(value):
            return value
        case Expr(source):
            return evaluate(source)
        case Concat(parts):
            return "".join(as_text(render(part, evaluate)) for part in parts)
        case Sequence(items):
            return [render(item, evaluate) for item in items]
        case Mapping(items):
            return {key: render(item, evaluate) for key, item in items}
        case Given(source, names):
            return evaluate(source, {name: render(item, evaluate) for name, item in names})
        case Host():
            return evaluate(template)


def expressions(template: Template) -> Iterator[str]:
    """The sources of all expressions in `template`, in the order of the text."""
    match template:
        case Literal():
            return
        case Expr(source):
            yield source
        case Host(inner):
            yield from expressions(inner)
        case Given(source, names):
            yield source
            for _, item in names:
                yield from expressions(item)
        case Concat(items) | Sequence(items):
            for item in items:
                yield from expressions(item)
        case Mapping(pairs):
            for _, item in pairs:
                yield from expressions(item)


def to_json(template: Template) -> Any:
    """`template` as a JSON value with one tag per level, so that no literal can be mistaken for one."""
    match template:
        case Literal(value):
            return {"lit": value}
        case Expr(source):
            return {"expr": source}
        case Concat(parts):
            return {"cat": [to_json(part) for part in parts]}
        case Sequence(items):
            return {"seq": [to_json(item) for item in items]}
        case Mapping(items):
            return {"map": [[key, to_json(item)] for key, item in items]}
        case Host(inner):
            return {"host": to_json(inner)}
        case Given(source, names):
            return {"given": [[name, to_json(item)] for name, item in names], "expr": source}


def from_json(data: Any) -> Template:
    """The inverse of `to_json`; `ValueError` for anything that it never writes."""
    match data:
        case {"lit": value}:
            return Literal(value)
        case {"host": inner}:
            return Host(from_json(inner))
        case {"given": list(names), "expr": str(source)}:
            return Given(source, tuple((name, from_json(item)) for name, item in names))
        case {"expr": str(source)}:
            return Expr(source)
        case {"cat": list(parts)}:
            return Concat(tuple(from_json(part) for part in parts))
        case {"seq": list(items)}:
            return Sequence(tuple(from_json(item) for item in items))
        case {"map": list(items)}:
            return Mapping(tuple((key, from_json(item)) for key, item in items))
        case _:
            raise ValueError(f"not a template: {data!r}")
