"""Layer 3, part of `api`: who carries out the work of Roles, and with which model."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .engine.instances import leaf_tasks, with_tasks
from .engine.runtimes.clients.table import CLIENTS, client_of
from .schemas.agent import AGENT
from .schemas.errors import InputError, InputErrors, NoClient
from .tasks.roles import load_roles

if TYPE_CHECKING:
    from .schemas.agent import AgentSpec
    from .schemas.bound import BoundGraph, BoundTask
    from .tasks.roles import Roles

SEARCHED: Final = ("claude", "codex", "gemini", "opencode")
"""The runtimes that are looked for where nobody names one, in this order."""


def with_agents(
    graph: BoundGraph, *, environ: Mapping[str, str], replayed: bool = False
) -> tuple[BoundGraph, list[InputError]]:
    """The graph with every Role looked up, and its runtime and model chosen; and what is wrong with that.

    With `replayed` no client is needed, for recorded attempts are played.
    """
    if all(task.agent is None for _, task in leaf_tasks(graph)):
        return graph, []
    prepared = _Prepared(graph, environ, replayed=replayed)
    return with_tasks(graph, prepared.task), prepared.problems


class _Prepared:
    def __init__(self, graph: BoundGraph, environ: Mapping[str, str], *, replayed: bool) -> None:
        home = environ.get("HOME")
        self._roles: Roles = load_roles(Path(graph.project), home=Path(home) if home else None)
        self._environ = environ
        self._replayed = replayed
        self.problems: list[InputError] = []

    def task(self, task: BoundTask) -> BoundTask:
        """The task with what carries it out; as it is where it has no Role, or a problem."""
        spec = task.agent
        if spec is None:
            return task
        try:
            spec = replace(spec, identity=self._roles.find(spec.role))
        except InputErrors as found:
            self._tell(task, spec, *found.errors)
            return task
        except InputError as problem:
            self._tell(task, spec, problem)
            return task
        runtime = task.runtime if task.runtime != AGENT else self._runtime(task, spec)
        if runtime is None:
            return task
        return replace(task, runtime=runtime, agent=replace(spec, named=self._model(runtime, spec)))

    def _runtime(self, task: BoundTask, spec: AgentSpec) -> str | None:
        if self._replayed:
            return "replay"
        for name in SEARCHED:
            if shutil.which(client_of(name).install.program, path=self._environ.get("PATH")):
                return name
        lines = "; ".join(client_of(name).install.line for name in SEARCHED[:2])
        self._tell(
            task,
            spec,
            NoClient(
                f"nothing is there that could do the work of the Role `{spec.role}`",
                hint=f"install a client, such as by {lines}; or name another `runtime`",
            ),
        )
        return None

    def _model(self, runtime: str, spec: AgentSpec) -> str | None:
        if spec.model is not None or runtime not in CLIENTS or spec.identity is None:
            return spec.model
        return client_of(runtime).models.get(spec.tier or spec.identity.tier)

    def _tell(self, task: BoundTask, spec: AgentSpec, *problems: InputError) -> None:
        for problem in problems:
            if problem.span is None:
                problem.where = spec.where or ("tasks", task.id, "role")
                problem.task = task.id
            self.problems.append(problem)
