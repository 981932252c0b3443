"""What can be known of a Python task before anything starts, as errors that point at its keys."""

from __future__ import annotations

import os.path
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...schemas.bound import BoundTask, CallableSpec
from ...schemas.errors import (
    ClashingInputs,
    FunctionMissing,
    ImportFailed,
    InputError,
    ModuleMissing,
    NeedsProcess,
    UnfitInputs,
    UnusableCallable,
    WrongRuntime,
)
from ...schemas.suggest import closest, did_you_mean, in_backticks
from ...schemas.template import Literal, as_text
from ...schemas.walked_path import walked
from ..masking import MINIMUM_LENGTH, Masker
from .invocation import inherited
from .preflight import check_directory, check_secrets
from .python_call import BRIEFS, address, problem_of
from .python_looker import Finding, Looker, Question


class CallableCheck:
    """Checks the Python tasks of a graph. `environ` is the environment of the Coordinator."""

    def __init__(self, environ: Mapping[str, str], looker: Looker) -> None:
        self._environ = environ
        self._looker = looker

    def look_ahead(self, tasks: Iterable[BoundTask], project: str) -> None:
        """Learn at once what the checks of all these tasks want to know."""
        self._looker.ask(
            self._question(task, task.python, project) for task in tasks if task.python is not None
        )

    def check(self, task: BoundTask, project: str) -> list[InputError]:
        """Every problem that would make each attempt of `task` fail; what depends on other tasks is left."""
        spec = task.python
        if spec is None:
            return [_no_callable(task)]
        problems = [*_check_inputs(task), *check_secrets(task, self._environ)]
        if spec.where == "process":
            problems += check_directory(task, project)
        else:
            problems += _check_home(task, spec, project)
        (finding,) = self._looker.ask([self._question(task, spec, project)])
        return problems + list(_found(task, spec, finding, self._masker(task)))

    def _question(self, task: BoundTask, spec: CallableSpec, project: str) -> Question:
        variables = inherited(self._environ)
        if spec.where == "process":
            variables |= {
                name: as_text(value.value) for name, value in task.env if isinstance(value, Literal)
            }
        names = tuple(name for name, _ in task.inputs)
        folder = project
        if spec.where == "process" and not any(check_directory(task, project)):
            folder = folder_of(task, project) or project
        return Question(project, spec.module, spec.function, names, folder, tuple(sorted(variables.items())))

    def _masker(self, task: BoundTask) -> Masker:
        values = {name: self._environ.get(name, "") for name in task.secrets}
        return Masker({name: value for name, value in values.items() if len(value) >= MINIMUM_LENGTH})


def folder_of(task: BoundTask, project: str) -> str | None:
    """The working directory, None when it depends on other tasks."""
    cwd = task.cwd
    return walked(os.path.join(project, as_text(cwd.value))) if isinstance(cwd, Literal) else None


def _no_callable(task: BoundTask) -> InputError:
    return WrongRuntime(
        "the runtime `python` calls a Python callable, and the task has none",
        hint="say which by `python: module:function`, or leave `runtime` out",
        task=task.id,
        where=("tasks", task.id, "runtime"),
    )


def _check_inputs(task: BoundTask) -> Iterator[InputError]:
    if any(name == BRIEFS for name, _ in task.inputs):
        yield ClashingInputs(
            f"an input cannot be called `{BRIEFS}`: a parameter of that name gets the Briefs of what came "
            "before",
            hint="choose another name",
            task=task.id,
            where=("tasks", task.id, "with", BRIEFS),
        )


def _check_home(task: BoundTask, spec: CallableSpec, project: str) -> Iterator[InputError]:
    """What a callable within the Coordinator's process cannot have for itself."""
    is_root = folder_of(task, project) == os.path.normpath(project)
    for key, is_asked_for in (("env", task.env), ("secrets", task.secrets), ("cwd", not is_root)):
        if is_asked_for:
            yield NeedsProcess(
                f"`{key}` needs a process of its own, and the callable runs `in: {spec.where}`",
                hint=f"use `in: process`, or hand on by `with` what `{key}` says",
                task=task.id,
                where=("tasks", task.id, key),
            )


def _found(task: BoundTask, spec: CallableSpec, finding: Finding, masker: Masker) -> Iterator[InputError]:
    if not finding:
        return
    name = address(spec.module, spec.function)
    where: tuple[str | int, ...] = ("tasks", task.id, "python")
    match finding["kind"]:
        case "missing":
            yield ModuleMissing(
                f"there is no module `{finding['name']}`",
                hint=_module_hint(spec.module, finding["name"], finding["others"]),
                task=task.id,
                where=where,
            )
        case "import" | "ended" | "slow":
            # A variable that another task gives may be what was missing.
            if all(isinstance(value, Literal) for _, value in task.env):
                text, hint = _import_problem(spec.module, finding)
                yield ImportFailed(masker.mask_text(text), hint=hint, task=task.id, where=where)
        case "function":
            others = finding["others"]
            yield FunctionMissing(
                f"`{spec.module}` has no `{spec.function}`",
                hint=did_you_mean(spec.function, others)
                or (f"it has {in_backticks(others, last='and')}" if others else None),
                task=task.id,
                where=where,
            )
        case "unusable":
            yield UnusableCallable(finding["because"], task=task.id, where=where)
        case "misfit":
            for kind, parameter in finding["misfits"]:
                if kind == "unknown" and parameter in task.offered:
                    continue
                yield UnfitInputs(
                    f"`{name}` {problem_of((kind, parameter))}",
                    hint=_input_hint(kind, parameter, finding["parameters"]),
                    task=task.id,
                    where=("tasks", task.id, "with", parameter) if kind == "unknown" else where,
                )


def _module_hint(module: str, missing: str, others: list[str]) -> str:
    near = closest(missing, others)
    if near is not None:
        return f"did you mean `{near}{module[len(missing) :]}`?"
    return "modules are looked for in the project's root, then where `me` is installed"


def _import_problem(module: str, finding: Finding) -> tuple[str, str]:
    hint = "modules are imported before anything starts: what may fail belongs into the function"
    if finding["kind"] == "slow":
        return f"importing `{module}` took more than {finding['seconds']:g} s", hint
    if finding["kind"] == "ended":
        return f"importing `{module}` ended the process ({finding['how']})", hint
    if finding["name"]:
        hint = f"install `{finding['name'].partition('.')[0]}` where `me` is installed, or correct the name"
    return f"importing `{module}` failed: {finding['raised']}", hint


def _input_hint(kind: str, parameter: str, parameters: list[str]) -> str:
    if kind == "missing":
        return f"add `{parameter}` to `with`, or give it a default"
    if kind == "positional":
        return f"let it be given by name: in the signature, put `{parameter}` behind the `/`"
    known: list[Any] = [name for name in parameters if name != BRIEFS]
    return did_you_mean(parameter, known) or (
        f"it takes {in_backticks(known, last='and')}" if known else "it takes none: leave `with` out"
    )
