"""How a task becomes another one that differs from it: in what a member of a pattern says of itself."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace
from typing import Any, Final

from .bound import BoundTask

_ALIKE: Final = (
    *("cwd", "reads", "output", "deliverables", "writes", "runtime", "isolation", "timeout"),
    *("idle_timeout", "retry", "pool", "priority", "cache", "effects", "on_lost"),
    *("acceptance", "checks", "quality"),
)
"""Keys that stand in place of those of the task; the fields that hold them are called alike."""

_WORK: Final = ("kind", "command", "python", "body", "runtime")


def with_differences(
    task: BoundTask, own: BoundTask, given: Container[str], *, has_work: bool = False
) -> BoundTask:
    """`task` with what `own` says: the keys `given`, all inputs and variables, and with `has_work` what is
    done. `pattern` and refused keys are those of `own`."""
    changes: dict[str, Any] = {key: getattr(own, key) for key in _ALIKE if key in given}
    changes["inputs"] = tuple({**dict(task.inputs), **dict(own.inputs)}.items())
    changes["env"] = tuple({**dict(task.env), **dict(own.env)}.items())
    changes["secrets"] = tuple(dict.fromkeys((*task.secrets, *own.secrets)))
    changes["pattern"] = own.pattern
    changes["later"] = own.later
    if has_work:
        changes |= {field: getattr(own, field) for field in _WORK}
        if own.body is not None:
            changes["inputs"] = ()
    return replace(task, **changes)
