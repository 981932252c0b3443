"""Binds what a task says to the Executor of its Role."""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from ..schemas.agent import AgentSpec, PointerSpec
from ..schemas.scalars import line_range
from ..schemas.template import EMPTY

if TYPE_CHECKING:
    from .task_binding import TaskBinding


def agent_of(at: TaskBinding) -> AgentSpec | None:
    """What the task, or the member of a pattern, says of the work of an agent; None when it says nothing.

    A member without `role` says how it differs from the task: its `role` is empty. So is that of a task whose
    pattern may have Roles as members, for which it says which models they use.
    """
    spec, binder = at.spec, at.binder
    if spec.role is None and at.is_task and spec.pattern is None:
        return None
    context = spec.context
    return AgentSpec(
        role=spec.role or "",
        prompt=EMPTY if spec.prompt is None else binder.template(spec.prompt, (*at.at, "prompt")),
        executor=spec.executor,
        files=()
        if context is None
        else tuple(
            PointerSpec(
                path=binder.template(pointer.path, (*at.at, "context", "files", index, "path")),
                lines=None if pointer.lines is None else line_range(pointer.lines),
                role=pointer.role,
            )
            for index, pointer in enumerate(context.files)
        ),
        prior_runs=() if context is None else context.prior_runs,
        reask=at._setting(("reask",)),
        max_turns=at._setting(("max_turns",)),
        tier=spec.tier,
        model=at._setting(("model",)),
        where=(*at.at, "role"),
        source=os.path.abspath(at.loaded.file),
    )
