"""Layer 3, part of `api`: who carries out the work of Roles, and with which model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ._api_executors import found_executor
from .engine.agents.pointers import within_project, wrong_pointer
from .engine.instances import leaf_tasks, with_tasks
from .engine.ledger.connection import DATABASE
from .engine.ledger.ledger import Ledger
from .engine.runtimes.clients.table import client_of
from .engine.runtimes.registry import Registry
from .patterns.families import with_families
from .schemas.agent import AGENT, CLIENTS, OF_OTHERS, REPLAY
from .schemas.errors import (
    ExecutorUnusable,
    InputError,
    InputErrors,
    NoClient,
    PointerOutside,
    RuntimeOfAnotherKind,
    TierWithoutModel,
)
from .schemas.suggest import in_backticks
from .schemas.template import Literal
from .tasks.budgets_files import load_choices
from .tasks.roles import load_roles

if TYPE_CHECKING:
    from .schemas.agent import AgentSpec, Role, Tier
    from .schemas.bound import BoundGraph, BoundTask
    from .schemas.errors import ContractError
    from .tasks.budgets_files import Choices
    from .tasks.roles import Roles

SEARCHED: Final = tuple(name for name in CLIENTS if name != "api")
"""The runtimes that are looked for on PATH where nobody names one, in this order. `api` needs no program, and
comes last, where `budgets.yaml` names a model for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What does the work of a Role: the runtime, None where there is none, and why it is that one; the tier
    that is asked for, and the name of the model, None for the runtime's own choice."""

    runtime: str | None
    why: str
    tier: Tier
    model: str | None = None


def with_agents(
    graph: BoundGraph, *, environ: Mapping[str, str], replayed: bool = False, looking: bool = False
) -> tuple[BoundGraph, list[InputError]]:
    """The graph with every Role looked up, and its runtime and model chosen; and what is wrong with that.

    With `replayed` no client is needed, for recorded attempts are played. With `looking` it is no error that
    there is none: nothing is going to be started.
    """
    if all(task.agent is None for _, task in leaf_tasks(graph)):
        return graph, []
    prepared = _Prepared(
        Serving(Path(graph.project), environ), load_roles_of(Path(graph.project), environ), replayed, looking
    )
    return with_tasks(with_tasks(graph, prepared.task), _with_families), prepared.problems


def _with_families(task: BoundTask) -> BoundTask:
    body = task.body
    return task if body is None or body.result is None else replace(task, body=with_families(body))


def load_roles_of(project: Path, environ: Mapping[str, str]) -> Roles:
    """The Roles of a project for the user whose environment this is."""
    return load_roles(project, home=home_of(environ))


def home_of(environ: Mapping[str, str]) -> Path | None:
    """Where the user's own settings lie; None for one who has no home."""
    home = environ.get("HOME")
    return Path(home) if home else None


class Serving:
    """Says what does the work of a Role in a project. `problems` is what is wrong with `budgets.yaml`."""

    def __init__(self, project: Path, environ: Mapping[str, str]) -> None:
        self._path = environ.get("PATH", os.defpath)
        self.choices: Choices
        self.choices, self.problems = load_choices(project, home=home_of(environ), unfit=_unfit)
        self._found: str | None = None
        self._is_searched = False

    def of(
        self, role: Role, *, runtime: str = AGENT, tier: Tier | None = None, model: str | None = None
    ) -> Served:
        """What serves the Role where a task asks for this `runtime`, `tier` and `model`.

        Raises `TierWithoutModel` where a tier is asked for that means nothing to the runtime.
        """
        chosen, why = (runtime, "the graph says so") if runtime != AGENT else self._runtime(role)
        asked = tier or self.choices.tier(role.name)
        wanted = asked or role.tier
        if model is None and tier is None and chosen is not None:
            model = self.choices.model(role.name, chosen)
        if model is None and chosen is not None:
            model = self.choices.model_of(chosen, wanted)
        if model is None and chosen in CLIENTS:
            model = client_of(chosen).models.get(wanted)
            if model is None and (asked is not None or chosen == "api"):
                raise _no_model(chosen, role, asked)
        return Served(runtime=chosen, why=why, tier=wanted, model=model)

    def _runtime(self, role: Role) -> tuple[str | None, str]:
        choice = self.choices.runtime(role.name)
        if choice is not None:
            return choice.value, choice.why
        if not self._is_searched:
            self._is_searched = True
            self._found = next((name for name in SEARCHED if self.program_of(name)), None)
        if self._found is None:
            if self.choices.model_of("api", role.tier) is not None:
                return "api", "none of the clients is on PATH, and budgets.yaml names a model for `api`"
            return None, "none of its clients is on PATH"
        before = SEARCHED[: SEARCHED.index(self._found)]
        there = f", as {' and '.join(before)} {'is' if len(before) == 1 else 'are'} not" if before else ""
        return self._found, f"its client is on PATH{there}"

    def program_of(self, runtime: str) -> str | None:
        """Where the client of a runtime lies; None where it is not on PATH."""
        return shutil.which(client_of(runtime).install.program, path=self._path)


def _unfit(runtime: str) -> InputError | None:
    """What is wrong with a runtime that `budgets.yaml` names for Roles."""
    if runtime in OF_OTHERS:
        return RuntimeOfAnotherKind(
            f"the runtime `{runtime}` cannot do the work of Roles",
            hint=f"name one of {in_backticks(CLIENTS)}",
        )
    return None if runtime in (*CLIENTS, REPLAY) else Registry().unknown(runtime)


def _no_model(runtime: str, role: Role, asked: Tier | None) -> TierWithoutModel:
    tier = asked or role.tier
    what = f"the tier `{tier}`" if asked is not None else "its tier"
    return TierWithoutModel(
        f"the Role `{role.name}` asks for {what}, and nothing says which model that is for `{runtime}`",
        hint=f"say it in .metaensemble/budgets.yaml: `models: {{{runtime}: {{{tier}: NAME}}}}`; or name a"
        " `model` in the task",
    )


def unusable_executors(graph: BoundGraph, state: Path) -> list[InputError]:
    """What is wrong with the Executors that tasks name, by the Ledger in `state`: there is none of that
    alias, it has another Role, or it is retired."""
    named = [(task, task.agent) for _, task in leaf_tasks(graph) if task.agent is not None]
    named = [(task, spec) for task, spec in named if spec.executor is not None]
    if not named:
        return []
    if not (state / DATABASE).exists():
        return [_unusable(task, spec, _NONE_YET) for task, spec in named]
    with Ledger.open(state, readonly=True) as ledger:
        found = [(task, spec, _why_unusable(ledger, spec)) for task, spec in named]
    return [_unusable(task, spec, why) for task, spec, why in found if why is not None]


_NONE_YET: Final = ("there is no Executor `{}`", "this project has none yet: give a Role its first task")


def _why_unusable(ledger: Ledger, spec: AgentSpec) -> tuple[str, str | None] | None:
    try:
        row = found_executor(ledger, spec.executor or "")
    except ExecutorUnusable as unknown:
        return unknown.message, unknown.hint
    if row.role_id != spec.role:
        hint = f"`me executors` lists those of the Role `{spec.role}`"
        return f"the Executor `{{}}` has the Role `{row.role_id}`, not `{spec.role}`", hint
    if row.status == "retired":
        return "the Executor `{}` is retired", f"`me roles restore {spec.role}` brings it back"
    return None


def _unusable(task: BoundTask, spec: AgentSpec, why: tuple[str, str | None]) -> InputError:
    error = ExecutorUnusable(why[0].format(spec.executor), hint=why[1], task=task.id)
    error.source = spec.source or None
    error.where = (*spec.where[:-1], "executor") if spec.where else ("tasks", task.id, "executor")
    return error


def wrong_pointers(graph: BoundGraph) -> list[InputError]:
    """What is wrong with the files that tasks are pointed to, as far as the text of the graph says which
    these are: one outside the project, whoever makes it; one that is not there, or lacks the lines, where
    nothing comes before the task that could make it."""
    project = Path(graph.project)
    found: list[InputError] = []
    for owner, task in leaf_tasks(graph):
        files = task.agent.files if task.agent is not None else ()
        is_first = owner is graph and not task.needs and task.isolation == "none"
        for index, pointer in enumerate(files):
            if type(pointer.path) is not Literal or not isinstance(pointer.path.value, str):
                continue
            path = within_project(pointer.path.value, graph.project)
            found += (
                _of_pointer(error, task, index)
                for error in wrong_pointer(path, pointer.lines, project)
                if is_first or isinstance(error, PointerOutside)
            )
    return found


def _of_pointer(error: ContractError, task: BoundTask, index: int) -> InputError:
    spec = task.agent
    above = spec.where[:-1] if spec is not None and spec.where else ("tasks", task.id)
    error.task = task.id
    error.source = (spec.source or None) if spec is not None else None
    error.where = (*above, "context", "files", index, *(error.where or ()))
    return error


class _Prepared:
    def __init__(self, serving: Serving, roles: Roles, replayed: bool, looking: bool) -> None:
        self._serving = serving
        self._roles = roles
        self._replayed = replayed
        self._looking = looking
        self.problems: list[InputError] = list(serving.problems)

    def task(self, task: BoundTask) -> BoundTask:
        """The task with what carries it out; as it is where it has no Role, or a problem."""
        spec = task.agent
        if spec is None or task.kind != "role":
            return task
        try:
            role = self._roles.find(spec.role)
        except InputErrors as found:
            self._tell(task, spec, *found.errors)
            return task
        except InputError as problem:
            self._tell(task, spec, problem)
            return task
        spec = replace(spec, identity=role)
        if self._replayed or task.runtime == REPLAY:
            return replace(task, runtime=REPLAY, agent=replace(spec, why="recorded attempts are played"))
        try:
            served = self._serving.of(role, runtime=task.runtime, tier=spec.tier, model=spec.model)
        except InputError as problem:
            self._tell(task, spec, problem)
            return task
        if served.runtime is None and not self._looking:
            self._tell(task, spec, _nobody(spec.role))
        spec = replace(spec, tier=served.tier, named=served.model, why=served.why)
        return replace(task, runtime=served.runtime or AGENT, agent=spec)

    def _tell(self, task: BoundTask, spec: AgentSpec, *problems: InputError) -> None:
        for problem in problems:
            # One Role may be named in many places, and each of them is to be mended.
            self.problems.append(problem if problem.span is not None else _at_role(problem, task, spec))


def _at_role(problem: InputError, task: BoundTask, spec: AgentSpec) -> InputError:
    found = copy(problem)
    found.task = task.id
    found.where = spec.where or ("tasks", task.id, "role")
    found.source = spec.source or None
    return found


def _nobody(role: str) -> NoClient:
    lines = "; ".join(client_of(name).install.line for name in SEARCHED[:2])
    return NoClient(
        f"nothing is there that could do the work of the Role `{role}`",
        hint=f"install a client, such as by {lines}; or name another `runtime`",
    )
