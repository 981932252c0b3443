"""How a task becomes another one that differs from it: in what a member of a pattern says of itself."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any, Final

from .agent import CLIENTS, REPLAY, AgentSpec
from .bound import BoundTask

_ALIKE: Final = (
    *("cwd", "reads", "output", "deliverables", "writes", "runtime", "isolation", "timeout"),
    *("idle_timeout", "retry", "pool", "priority", "cache", "effects", "on_lost"),
    *("acceptance", "checks", "quality", "setup"),
)
"""Keys that stand in place of those of the task; the fields that hold them are called alike."""

_WORK: Final = ("kind", "command", "python", "body", "runtime")

_OF_AGENT: Final = {
    "role": ("role", "where", "source"),
    "context": ("files", "prior_runs"),
    **{key: (key,) for key in ("prompt", "executor", "reask", "max_turns", "tier", "model")},
}
"""What a member says of the work of an agent, by the keys that say it."""


def with_differences(
    task: BoundTask, own: BoundTask, given: Container[str], *, has_work: bool = False
) -> BoundTask:
    """`task` with what `own` says: the keys `given`, all inputs and variables, and with `has_work` what is
    done. `pattern` and refused keys are those of `own`. An agent's work stays what the task asks for, but
    for what `own` says of it; its model and its Executor go with the Role."""
    changes: dict[str, Any] = {key: getattr(own, key) for key in _ALIKE if key in given}
    changes["inputs"] = tuple({**dict(task.inputs), **dict(own.inputs)}.items())
    changes["env"] = tuple({**dict(task.env), **dict(own.env)}.items())
    changes["secrets"] = tuple(dict.fromkeys((*task.secrets, *own.secrets)))
    changes["pattern"] = own.pattern
    changes["later"] = own.later
    changes["agent"] = _agent(task, own, given)
    if has_work:
        changes |= {field: getattr(own, field) for field in _WORK}
        if own.kind != "role":
            changes["agent"] = None
        elif "runtime" not in given and (task.kind == "role" or task.runtime in (REPLAY, *CLIENTS)):
            changes["runtime"] = task.runtime
        if own.body is not None:
            changes["inputs"] = ()
    return replace(task, **changes)


def _agent(task: BoundTask, own: BoundTask, given: Container[str]) -> AgentSpec | None:
    """The work of an agent, where the member or the task has a Role: what the task asks, and what the member
    asks instead."""
    said, asked = own.agent, task.agent
    if said is None or (asked is None and not said.role):
        return asked
    fields = (field for key, names in _OF_AGENT.items() if key in given for field in names)
    changes: dict[str, Any] = {field: getattr(said, field) for field in fields}
    if asked is None:
        return AgentSpec(**changes)
    if asked.role and changes.get("role", asked.role) != asked.role:
        # Who else does it has an Executor, and a class of model, of its own.
        changes = {"executor": None, "tier": None, "model": None} | changes
    if "tier" in given or "runtime" in given:
        # The name of a model belongs to a tier and to a runtime.
        changes.setdefault("model", None)
    return replace(asked, **changes)
