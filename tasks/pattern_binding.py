"""Binds the pattern of a task: its settings become values, and its members bound tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from ..schemas.bound import BoundTask, Member, PatternUse
from ..schemas.pattern_ref import pattern_name, pattern_settings
from ..schemas.span import Path
from ..schemas.task import Task
from ..schemas.template import Literal
from . import settings as settings_
from .expression.scanner import has_expression
from .members import MEMBER_KEYS, WORK, members_in
from .templates import Binder

if TYPE_CHECKING:
    from .task_binding import TaskBinding

_ALIKE: Final = {
    "cwd": "cwd",
    "reads": "reads",
    "output": "output",
    "deliverables": "deliverables",
    "writes": "writes",
    "runtime": "runtime",
    "isolation": "isolation",
    "timeout": "timeout",
    "idle_timeout": "idle_timeout",
    "retry": "retry",
    "pool": "pool",
    "priority": "priority",
    "cache": "cache",
    "effects": "effects",
    "on_lost": "on_lost",
}
"""The keys of a member that stand in place of those of the task, and the fields that hold them."""

_WITHOUT: Final[Mapping[str, Any]] = {
    "needs": (),
    "condition": None,
    "condition_at": "task",
    "each": None,
    "repeat": None,
    "outputs_taken": False,
    "pattern": None,
    "tags": (),
    "description": None,
}
"""What says when, and how often, the task runs is no matter of its members."""


def bind_pattern(
    at: TaskBinding, host: BoundTask, given: Any, path: Path, child: Callable[..., Any]
) -> PatternUse:
    """The pattern `given`, which stands at `path`, of the task `host`.

    A setting that is not known before the run is a problem, told to the binder; it stays a template
    where the binder lets settings wait.
    """
    presets = at.loaded.graph.patterns
    name, own = pattern_name(given), pattern_settings(given)
    where: Path = path if isinstance(given, str) else (*path, name)
    use = _bound(at, host, name, own, path, where, child)
    seen = {name}
    while name in presets:
        preset = presets[name]
        name = pattern_name(preset)
        below: Path = ("patterns", use.name)
        base = _bound(
            at,
            host,
            name,
            pattern_settings(preset),
            below,
            below if isinstance(preset, str) else (*below, name),
            child,
        )
        use = PatternUse(name=name, settings={**base.settings, **use.settings}, where=where)
        if name in seen:
            break
        seen.add(name)
    return use


def _bound(
    at: TaskBinding,
    host: BoundTask,
    name: str,
    given: Mapping[str, Any],
    path: Path,
    where: Path,
    child: Callable[..., Any],
) -> PatternUse:
    members = {
        place: _member(at, host, place, where, child) for place, _ in members_in({name: dict(given)}, path)
    }
    found = {
        key: _value(at.binder, value, (*where, key), members)
        for key, value in given.items()
        if not key.startswith("x-")
    }
    return PatternUse(name=name, settings=found, where=where)


def _value(binder: Binder, value: Any, path: Path, members: Mapping[Path, Member | None]) -> Any:
    if path in members:
        return members[path]
    if isinstance(value, str):
        if not has_expression(value):
            return value
        template = binder.template(value, path)
        if type(template) is Literal:
            return template.value
        if not binder.may_wait:
            binder.add(settings_.comes_late(), path)
        return template
    if isinstance(value, list | tuple):
        return [_value(binder, item, (*path, index), members) for index, item in enumerate(value)]
    if isinstance(value, Mapping):
        return {
            key: _value(binder, item, (*path, key), members)
            for key, item in value.items()
            if not key.startswith("x-")
        }
    return value


def _member(
    at: TaskBinding, host: BoundTask, path: Path, where: Path, child: Callable[..., Any]
) -> Member | None:
    from .task_binding import TaskBinding

    spec = at.examined.members.get(path)
    if spec is None:
        return None  # its shape is wrong, and that is told
    binder = replace(at.binder, scope={**at.binder.scope, "env": dict(at.binder.scope.get("env", {}))})
    one = TaskBinding(at.loaded, at.name, spec, binder, at.schemas, at.project, set(), path)
    written = one.written
    bound = one.member(child)
    keys = {
        key: _value(binder, value, (*path, key), {})
        for key, value in written.items()
        if key not in MEMBER_KEYS and not key.startswith("x-")
    }
    task = _merged(host, bound, spec)
    return Member(
        task=replace(task, pattern=one.pattern(task, child)),
        has_work=not (WORK | {"pattern"}).isdisjoint(written),
        keys=keys,
        given=frozenset(key for key in written if key in MEMBER_KEYS),
        where=path[len(where) :],
    )


def _merged(host: BoundTask, own: BoundTask, spec: Task) -> BoundTask:
    """The task with what the member says of itself put in."""
    written = {
        (info.alias or name) for name, info in Task.model_fields.items() if name in spec.model_fields_set
    }
    changes: dict[str, Any] = {field: getattr(own, field) for key, field in _ALIKE.items() if key in written}
    changes["inputs"] = tuple({**dict(host.inputs), **dict(own.inputs)}.items())
    changes["env"] = tuple({**dict(host.env), **dict(own.env)}.items())
    changes["secrets"] = tuple(dict.fromkeys((*host.secrets, *own.secrets)))
    changes |= _WITHOUT
    changes["later"] = own.later
    if not WORK.isdisjoint(written):
        changes |= {field: getattr(own, field) for field in ("kind", "command", "python", "body", "runtime")}
        if own.body is not None:
            changes["inputs"] = ()
    return replace(host, **changes)
