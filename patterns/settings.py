"""The base of every model of a pattern's settings, and how its errors are told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..schemas.bound import BoundTask, Member, PatternUse
from ..schemas.errors import InputError
from ..schemas.errors.patterns import BadSetting, MissingSetting, UnknownSetting
from ..schemas.suggest import closest, did_you_mean, in_backticks
from ..schemas.task import Task
from ..schemas.template import Concat, Expr, Given, Literal
from ..schemas.template import Mapping as MappingTemplate
from ..schemas.template import Sequence as SequenceTemplate
from .protocol import At, PatternProblem, problem

MEMBER_KEYS = frozenset({"name", "family", "brief", "purpose", "share", "budget_pct_of_head"})
"""What the map of a member may say beside the keys of a task."""

_TEMPLATES = (Concat, Expr, Given, Literal, MappingTemplate, SequenceTemplate)


class Settings(BaseModel):
    """Settings that every pattern has. Closed to unknown keys; strict about types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True, protected_namespaces=()
    )

    of: str | dict[str, Any] | PatternUse | None = Field(
        default=None, description="A pattern that does the work of the task, in place of the task itself."
    )

    def work(self, task: BoundTask) -> BoundTask:
        """The task whose work the pattern is about, expanded in turn where `of` says so."""
        if self.of is None:
            return task
        if isinstance(self.of, PatternUse):
            return replace(task, pattern=self.of)
        if isinstance(self.of, str):
            return _with_pattern(task, self.of, {}, ("of",))
        if len(self.of) != 1:
            raise problem(BadSetting, "`of` is one pattern with its settings", at=("of",))
        ((name, inner),) = self.of.items()
        if not isinstance(inner, Mapping):
            raise problem(BadSetting, f"the settings of `{name}` are a map", at=("of", name))
        return _with_pattern(task, name, inner, ("of", name))


def _with_pattern(task: BoundTask, name: str, settings: Mapping[str, Any], where: At) -> BoundTask:
    inner = {key: _from_below(value, len(where)) for key, value in settings.items()}
    return replace(task, pattern=PatternUse(name=name, settings=inner, where=where))


def _from_below(value: Any, depth: int) -> Any:
    """Settings in which the members know their places from `depth` levels further below."""
    if isinstance(value, Member):
        return replace(value, where=value.where[depth:])
    if isinstance(value, Mapping):
        return {key: _from_below(item, depth) for key, item in value.items()}
    return [_from_below(item, depth) for item in value] if isinstance(value, list) else value


def waits(value: Any) -> bool:
    """Whether a value is not known yet, or some part of it."""
    if isinstance(value, Member):
        return any(waits(item) for item in value.keys.values())
    if isinstance(value, Mapping):
        return any(waits(item) for item in value.values())
    return any(waits(item) for item in value) if isinstance(value, list) else isinstance(value, _TEMPLATES)


def validated(name: str, model: type[Settings], given: Mapping[str, Any]) -> Settings:
    """The settings as the model has them. Raises `PatternProblem` with everything that is wrong."""
    try:
        return model.model_validate({key: _plain(value) for key, value in given.items()})
    except ValidationError as error:
        raise PatternProblem(*_problems(name, model, given, error.errors(include_url=False))) from None


def _problems(
    name: str, model: type[Settings], given: Mapping[str, Any], details: Iterable[Any]
) -> Iterator[tuple[InputError, At]]:
    known = [field.alias or key for key, field in model.model_fields.items()]
    meant = {closest(str(key), known) for key in given if key not in known}
    missing: list[str] = []
    wrong: dict[At, list[Any]] = {}
    for detail in details:
        if PatternUse.__name__ in detail.get("ctx", {}).values():
            continue  # which nobody can write
        if detail["type"] == "missing":
            missing.append(str(detail["loc"][-1]))
        else:
            # Several details about one place are the alternatives, of which none fits.
            wrong.setdefault(_place(detail["loc"], given), []).append(detail)
    for key in missing:
        if key not in meant:  # else it is there, misspelled
            yield MissingSetting(f"the pattern `{name}` needs the setting `{key}`"), ()
    for at, alternatives in wrong.items():
        value = _value_at(given, at)
        if isinstance(value, _TEMPLATES):
            continue  # it is not known yet, and nothing can be said about it
        if alternatives[0]["type"] == "extra_forbidden":
            yield _unknown(name, str(at[-1]), known), at
        elif isinstance(value, Mapping) and any(one["type"] in _MEMBER_TYPES for one in alternatives):
            yield from ((error, (*at, *below)) for error, below in no_member(value))
        else:
            yield _bad(name, at, alternatives, _as_member(value, alternatives)), at


def _unknown(name: str, key: str, known: Sequence[str]) -> InputError:
    hint = did_you_mean(key, known)
    if hint is None and key in _TASK_KEYS:
        hint = f"`{key}` is a key of the task: write it beside `pattern`"
    hint = hint or f"`{name}` has {in_backticks(sorted(known), last='and')}"
    return UnknownSetting(f"unknown setting `{key}` of `{name}`", hint=hint)


def _as_member(value: Any, alternatives: Iterable[Any]) -> str | None:
    """How a text that stands where a member is expected would be one."""
    if not isinstance(value, str) or not any(one["type"] in _MEMBER_TYPES for one in alternatives):
        return None
    is_short = value.isprintable() and 0 < len(value) <= _LONGEST_SHOWN
    return f"write `{{run: {json.dumps(value, ensure_ascii=False) if is_short else '…'}}}`"


def _bad(name: str, at: At, alternatives: Iterable[Any], hint: str | None = None) -> InputError:
    said = [_WORDS.get(one["type"]) or str(one["msg"]).removeprefix("Value error, ") for one in alternatives]
    # The longest comes last, with whatever it goes on to say.
    wanted = sorted({text.removeprefix(_WANTED) for text in said if text.startswith(_WANTED)}, key=len)
    words = _WANTED + " or ".join(wanted) if wanted else said[0][:1].lower() + said[0][1:]
    return BadSetting(f"{in_words(name, at)}: {words}", hint=hint)


def in_words(name: str, at: At) -> str:
    """A setting as people call it: "the setting `n` of `fanout`", "item 2 of the setting `briefs` …"."""
    text = f"the setting `{at[0] if at else name}` of `{name}`"
    for step in at[1:]:
        text = f"item {step + 1} of {text}" if isinstance(step, int) else f"`{step}` in {text}"
    return text


def no_member(value: Any) -> Iterator[tuple[InputError, At]]:
    """Why a value that stands where a member is expected is none, with the place below it."""
    keys = value if isinstance(value, Mapping) else ()
    for key in keys:
        if (hint := did_you_mean(str(key), MEMBER_WORK)) is not None:
            yield UnknownSetting(f"unknown key `{key}` of a member", hint=hint), (str(key),)
            return
    yield BadSetting(_WORDS["dataclass_type"]), ()


def check_members(members: Iterable[Member], allowed: frozenset[str] = frozenset({"name"})) -> None:
    """Refuse keys of members that mean nothing. Raises `PatternProblem`."""
    errors = []
    for member in members:
        for key in member.keys:
            if key not in allowed:
                error = UnknownSetting(f"unknown key `{key}` of a member", hint=_key_hint(key, allowed))
                errors.append((error, (*member.where, key)))
    if errors:
        raise PatternProblem(*errors)


def _key_hint(key: str, allowed: frozenset[str]) -> str:
    if key in _TASK_KEYS:
        return f"`{key}` belongs to the task that has the pattern, not to a member"
    known = [*allowed, *MEMBER_WORK, "with", "env", "runtime", "timeout", "retry"]
    if (hint := did_you_mean(key, known)) is not None:
        return hint
    if not allowed:
        return "it has only keys that tasks have"
    verb = "is" if len(allowed) == 1 else "are"
    return f"beside the keys of a task there {verb} {in_backticks(sorted(allowed), last='and')}"


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


_LONGEST_SHOWN: Final = 60
"""So long may a text be that a hint repeats."""

MEMBER_WORK: Final = ("role", "run", "python", "graph")
_MEMBER_TYPES: Final = frozenset({"dataclass_type", "dataclass_exact_type"})
_TASK_KEYS: Final = frozenset(field.alias or key for key, field in Task.model_fields.items())

_WANTED: Final = "expected "
_WORDS: Final = {
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "bool_type": "expected `true` or `false`",
    "string_type": "expected text",
    "list_type": "expected a list",
    "dict_type": "expected a map",
    **dict.fromkeys(_MEMBER_TYPES, "expected a member: a map with `role`, `run`, `python` or `graph`"),
}
