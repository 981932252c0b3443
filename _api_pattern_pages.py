"""Layer 3, part of `api`: which patterns there are, and what one of them is."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ._api_read import project_of
from .patterns.expansion import expanded
from .patterns.protocol import PatternProblem
from .patterns.registry import BUILT_IN, find, names
from .schemas.bound import Member, PatternUse
from .schemas.errors.patterns import UnknownPattern
from .schemas.pattern_ref import pattern_name
from .schemas.suggest import did_you_mean, in_backticks
from .tasks.loader import load_problems
from .tasks.preset_files import load_preset, preset_file, preset_names

if TYPE_CHECKING:
    from .patterns.protocol import Pattern
    from .schemas.param import Param
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
    example expands to. Where the project has a file of that name, `file` and `text` are that one."""

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
    packages, and the project's own. A project's file may have the name of one of the others, and then
    gives it other defaults."""
    made = [PatternSummary(name=name, summary=_summary(name), origin=_origin(name)) for name in names()]
    own = [
        PatternSummary(name=one.name, summary=one.summary, origin=one.origin, file=one.file)
        for one in map(partial(_own, project_of(cwd)), preset_names(str(project_of(cwd))))
    ]
    return [*made, *own]


def _summary(name: str) -> str:
    try:
        return find(name).summary
    except PatternProblem as problem:
        return str(problem)  # that of another package, which is broken


def show_pattern(name: str, *, cwd: Path | None = None) -> PatternPage:
    """What the pattern `name` is. Raises `UnknownPattern`."""
    project = project_of(cwd)
    known = names()
    own = preset_names(str(project))
    if name in own and name not in known:
        return _own(project, name)
    try:
        pattern = find(name)
    except PatternProblem as problem:
        if name in known:
            raise problem.errors[0][0] from None  # it is that of another package, which is broken
        every = [*known, *own]
        hint = did_you_mean(name, every) or f"there are {in_backticks(every, last='and', limit=20)}"
        raise UnknownPattern(f"there is no pattern `{name}`", hint=hint) from None
    example = getattr(pattern, "example", None)
    preset = _own(project, name) if name in own else None
    return PatternPage(
        name=name,
        summary=pattern.summary,
        origin=_origin(name),
        file=preset.file if preset is not None else None,
        text=preset.text if preset is not None else "",
        guard=getattr(pattern, "guard", ""),
        settings=tuple(_settings(pattern)),
        example=example.written(name) if example is not None else "",
        plan=_plan(name, example) if example is not None else None,
    )


def _origin(name: str) -> Origin:
    return "built in" if name in BUILT_IN else "another package"


def _own(project: Path, name: str) -> PatternPage:
    """A pattern in a file of the project's: a task graph, whose parameters are its settings, or another
    pattern with other defaults."""
    path = preset_file(str(project), name)
    assert path is not None
    file = Path(path).relative_to(project).as_posix()
    loaded, problems = load_preset(path, file, name)
    is_graph = loaded is None and not problems
    if is_graph:
        loaded, problems = load_problems(path)
    settings: tuple[PatternSetting, ...] = ()
    if problems or loaded is None:
        summary = f"cannot be used: {problems[0].message}"
    elif is_graph:
        summary = loaded.graph.description or "a task graph"
        settings = tuple(_parameter(key, param) for key, param in loaded.graph.params.items())
    else:
        summary = f"`{pattern_name(loaded.graph.patterns[name])}` with other defaults"
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return PatternPage(
        name=name, summary=summary, origin="this project", file=file, text=text, settings=settings
    )


def _parameter(name: str, param: Param) -> PatternSetting:
    required = "default" not in param.model_fields_set
    return PatternSetting(
        name=name,
        type=param.type,
        required=required,
        default=None if required else param.default,
        meaning=param.description or "",
    )


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
        # A pattern is what a map, or a name, becomes on its way.
        unsaid = (type(None), PatternUse)
        parts = [in_words(one) for one in typing.get_args(annotation) if one not in unsaid]
        return " or ".join(dict.fromkeys(parts))
    if origin is list:
        inner = in_words(*typing.get_args(annotation))
        return "list of " + " or ".join(f"{word}s" for word in inner.split(" or "))
    if origin is Literal:
        return " or ".join(map(str, typing.get_args(annotation)))
    return _WORDS.get(origin or annotation, str(getattr(annotation, "__name__", annotation)))
