"""The base of every model of a pattern's settings, and how its errors are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..schemas.bound import BoundTask, Member, PatternUse
from ..schemas.errors import InputError
from ..schemas.errors.patterns import BadSetting, MissingSetting, UnknownSetting
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.template import Concat, Expr, Given, Literal, Sequence
from ..schemas.template import Mapping as MappingTemplate
from .protocol import At, PatternProblem, problem

MEMBER_KEYS = frozenset({"name", "brief", "purpose", "share"})
"""What the map of a member may say beside the keys of a task."""

_TEMPLATES = (Concat, Expr, Given, Literal, MappingTemplate, Sequence)


class Settings(BaseModel):
    """Settings that every pattern has. Closed to unknown keys; strict about types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, protected_namespaces=()
    )

    of: str | dict[str, Any] | None = Field(
        default=None, description="A pattern that does the work of the task, in place of the task itself."
    )

    def work(self, task: BoundTask) -> BoundTask:
        """The task whose work the pattern is about, expanded in turn where `of` says so."""
        if self.of is None:
            return task
        if isinstance(self.of, str):
            return _with_pattern(task, self.of, {}, ("of",))
        if len(self.of) != 1:
            raise problem(BadSetting, "`of` is one pattern with its settings", at=("of",))
        ((name, inner),) = self.of.items()
        if not isinstance(inner, Mapping):
            raise problem(BadSetting, f"the settings of `{name}` are a map", at=("of", name))
        return _with_pattern(task, name, inner, ("of", name))


def _with_pattern(task: BoundTask, name: str, settings: Mapping[str, Any], where: At) -> BoundTask:
    from dataclasses import replace

    return replace(task, pattern=PatternUse(name=name, settings=settings, where=where))


def validated(name: str, model: type[Settings], given: Mapping[str, Any]) -> Settings:
    """The settings as the model has them. Raises `PatternProblem` with everything that is wrong."""
    try:
        return model.model_validate({key: _plain(value) for key, value in given.items()})
    except ValidationError as error:
        found: dict[At, InputError] = {}
        for detail in error.errors(include_url=False):
            at = _place(detail["loc"], given)
            if isinstance(_value_at(given, at), _TEMPLATES):
                continue  # it is not known yet, and nothing can be said about it
            found.setdefault(at, _told(name, model, detail, at))
        raise PatternProblem(*((told, at) for at, told in found.items())) from None


def check_members(members: Iterable[Member], allowed: frozenset[str] = frozenset({"name"})) -> None:
    """Refuse keys of members that mean nothing. Raises `PatternProblem`."""
    errors = []
    for member in members:
        for key in member.keys:
            if key not in allowed:
                there = f"beside the keys of a task there are {in_backticks(sorted(allowed), last='and')}"
                known = [*allowed, "run", "python", "graph", "with", "env", "runtime", "timeout", "retry"]
                hint = did_you_mean(key, known) or there
                errors.append(
                    (UnknownSetting(f"unknown key `{key}` of a member", hint=hint), (*member.where, key))
                )
    if errors:
        raise PatternProblem(*errors)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _value_at(given: Any, at: At) -> Any:
    for step in at:
        given = given[step]
    return given


def _place(loc: tuple[Any, ...], given: Any) -> At:
    """The part of a pydantic location that leads somewhere: names of alternatives do not."""
    found: list[str | int] = []
    for step in loc:
        if (isinstance(given, Mapping) and step in given) or (
            isinstance(given, list | tuple) and isinstance(step, int) and step < len(given)
        ):
            given = given[step]
        else:
            continue
        found.append(step)
    return tuple(found)


_WORDS = {
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected true or false",
    "string_type": "expected text",
    "list_type": "expected a list",
    "dict_type": "expected a map",
    "is_instance_of": "expected a member: a map with `run`, `python` or `graph`",
}


def _told(name: str, model: type[Settings], detail: Any, at: At) -> InputError:
    kind = detail["type"]
    if kind == "extra_forbidden":
        known = [field.alias or key for key, field in model.model_fields.items()]
        hint = did_you_mean(str(at[-1]), known) or f"`{name}` has {in_backticks(sorted(known), last='and')}"
        return UnknownSetting(f"unknown setting `{at[-1]}` of `{name}`", hint=hint)
    if kind == "missing":
        return MissingSetting(f"the pattern `{name}` needs the setting `{detail['loc'][-1]}`")
    words = _WORDS.get(kind) or str(detail["msg"]).removeprefix("Value error, ")
    words = words[:1].lower() + words[1:]
    where = str(at[-1]) if at else name
    return BadSetting(f"the setting `{where}` of `{name}`: {words}")
