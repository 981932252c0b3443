"""Layer 3, part of `api`: which patterns there are, and what one of them is."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ._api_read import project_of
from .engine.project import MARK
from .patterns.expansion import expanded
from .patterns.protocol import PatternProblem
from .patterns.registry import BUILT_IN, find, names
from .schemas.bound import Member

if TYPE_CHECKING:
    from .patterns.protocol import Pattern
    from .schemas.plan import Plan

Origin = Literal["built in", "another package", "this project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternSummary:
    """One line of `me patterns list`. `file` is that of a project's own pattern, relative to the project."""

    name: str
    summary: str
    origin: Origin
    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternSetting:
    """One setting: what it may be, in words, and its default, which `required` ones have not."""

    name: str
    type: str
    required: bool
    default: Any
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternPage:
    """What a pattern is. `guard`, `example` and `plan` are missing where it brings none; `plan` is what the
    example expands to. Of a project's own pattern there is its `text`, and no settings."""

    name: str
    summary: str
    origin: Origin
    file: str | None = None
    text: str = ""
    guard: str = ""
    settings: tuple[PatternSetting, ...] = ()
    example: str = ""
    plan: Plan | None = None


def list_patterns(*, cwd: Path | None = None) -> list[PatternSummary]:
    """All patterns that a graph file of the project may name: those of this program, those of other
    packages, and the project's own."""
    return [
        *(PatternSummary(name=name, summary=_summary(name), origin=_origin(name)) for name in names()),
        *_own(cwd),
    ]


def _summary(name: str) -> str:
    try:
        return find(name).summary
    except PatternProblem as problem:
        return str(problem)  # that of another package, which is broken


def show_pattern(name: str, *, cwd: Path | None = None) -> PatternPage:
    """What the pattern `name` is. Raises `UnknownPattern`."""
    own = {one.name: one for one in _own(cwd)}
    if name in own and name not in names():
        one = own[name]
        assert one.file is not None
        text = (project_of(cwd) / one.file).read_text(encoding="utf-8", errors="replace")
        return PatternPage(name=name, summary=one.summary, origin=one.origin, file=one.file, text=text)
    try:
        pattern = find(name)
    except PatternProblem as problem:
        raise problem.errors[0][0] from None
    example = getattr(pattern, "example", None)
    return PatternPage(
        name=name,
        summary=pattern.summary,
        origin=_origin(name),
        guard=getattr(pattern, "guard", ""),
        settings=tuple(_settings(pattern)),
        example=example.written(name) if example is not None else "",
        plan=_plan(name, example) if example is not None else None,
    )


def _origin(name: str) -> Origin:
    return "built in" if name in BUILT_IN else "another package"


def _own(cwd: Path | None) -> Iterator[PatternSummary]:
    project = project_of(cwd)
    for file in sorted((project / MARK / "patterns").glob("*.y*ml")):
        if file.suffix in (".yaml", ".yml") and file.is_file():
            where = file.relative_to(project).as_posix()
            yield PatternSummary(name=file.stem, summary="a task graph", origin="this project", file=where)


def _settings(pattern: Pattern) -> Iterator[PatternSetting]:
    for key, field in pattern.settings.model_fields.items():
        required = field.is_required()
        yield PatternSetting(
            name=field.alias or key,
            type=in_words(field.annotation),
            required=required,
            default=None if required else field.default,
            meaning=field.description or "",
        )


def _plan(name: str, example: Any) -> Plan:
    from .engine.plan import build_plan

    graph, errors = expanded(example.graph(name), find)
    if errors:
        raise errors[0]
    return build_plan(graph, concurrency=1)


_WORDS = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    dict: "map",
    Member: "member",
}


def in_words(annotation: Any) -> str:
    """What a setting with this annotation may be; nothing, which is the default then, goes without
    saying."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        parts = [in_words(one) for one in typing.get_args(annotation) if one is not type(None)]
        return " or ".join(dict.fromkeys(parts))
    if origin is list:
        inner = in_words(*typing.get_args(annotation))
        return "list of " + " or ".join(f"{word}s" for word in inner.split(" or "))
    if origin is Literal:
        return " or ".join(map(str, typing.get_args(annotation)))
    return _WORDS.get(origin or annotation, str(getattr(annotation, "__name__", annotation)))
