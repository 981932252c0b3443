"""Turns a bound task whose needs have ended into a request that a runtime can carry out."""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...schemas.bound import BoundGraph, BoundTask
from ...schemas.canonical import digest
from ...schemas.errors import LedgerError
from ...schemas.template import Literal, Template, as_text, expressions, render
from ..runtimes.protocol import AttemptRequest
from .outputs import Outputs

_WORD: Final = re.compile(r"[\w-]+")

Evaluate = Callable[[str, Mapping[str, Any]], Any]
"""Evaluates the source of one expression in a scope; raises an `InputError` with a clear message."""


class RenderError(Exception):
    """A task could not be made ready; the message is one sentence for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedView:
    """What is known of an ended need: its state, and its deliverable's path if it left one."""

    status: str
    deliverable: str | None = None


class RequestBuilder:
    """Renders tasks of one DAG run. `environ` is where the values of secrets come from."""

    def __init__(
        self,
        graph: BoundGraph,
        *,
        dag_run_id: str,
        evaluate: Evaluate,
        outputs: Outputs,
        environ: Mapping[str, str],
        spec_digests: Mapping[str, str],
    ) -> None:
        self._graph = graph
        self._dag_run_id = dag_run_id
        self._evaluate = evaluate
        self._outputs = outputs
        self._spec_digests = spec_digests
        self._params = dict(graph.params)
        self._dynamic = {task.id for task in graph.tasks if any(True for _ in _sources(task))}
        self._referred = _referred(graph)
        # Every command inherits the environment, so each may print what another one declared.
        self._secrets = {
            name: environ[name] for task in graph.tasks for name in task.secrets if name in environ
        }

    def is_dynamic(self, task_id: str) -> bool:
        """Whether anything about the task is only known once its needs have ended."""
        return task_id in self._dynamic

    def scope(self, task: BoundTask, views: Mapping[str, NeedView]) -> dict[str, Any]:
        """The names that an expression of `task` may use."""
        tasks: dict[str, Any] = {}
        for need in task.needs:
            view = views[need.task]
            entry: dict[str, Any] = {"status": view.status, "deliverable": view.deliverable}
            if view.status == "ok":
                entry["output"] = self._outputs[need.task]
            tasks[need.task] = entry
        return {
            "params": self._params,
            "tasks": tasks,
            "run": {"id": self._dag_run_id},
            "env": {},
        }

    def condition(self, task: BoundTask, views: Mapping[str, NeedView]) -> bool:
        """The truth of the task's `if`. Raises `RenderError`.

        `false`, `null`, `0`, what is empty, and the text `false` do not hold: a command can only print
        text, and one that prints "false" means it.
        """
        if task.condition is None:
            return True
        value = self._renderer(task, views)("if", task.condition)
        if isinstance(value, str):
            return value.strip().lower() not in ("", "false")
        return bool(value)

    def build(
        self,
        task: BoundTask,
        views: Mapping[str, NeedView],
        *,
        run_id: str,
        generation: int,
        attempt_no: int,
        scratch: str,
    ) -> AttemptRequest:
        """The request for one attempt of `task`. Raises `RenderError`."""
        render_one = self._renderer(task, views)
        project = self._graph.project
        env: dict[str, str] = {}
        command: dict[str, Any] = {}
        spec = task.command
        if spec is not None and spec.argv is not None:
            command = {"argv": [as_text(render_one("run", item)) for item in spec.argv]}
        elif spec is not None:
            command = {"shell": spec.shell}
            for name, template in spec.bindings:
                env[name] = as_text(render_one("run", template))
        for name, template in task.env:
            env[name] = as_text(render_one("env", template))
        inputs = {name: render_one("with", template) for name, template in task.inputs}
        briefs = {need.task: self._brief(need.task, views[need.task]) for need in task.needs}
        cwd = as_text(render_one("cwd", task.cwd))
        contract = task.output
        path = None
        if contract.source == "file":
            path = self._inside(as_text(render_one("output.path", contract.path)), "output.path")
        deliverables = tuple(
            (self._inside(as_text(render_one("deliverables", item.path)), "deliverables"), item.schema)
            for item in task.deliverables
        )
        key = self._key(task, command, env, inputs, generation)
        return AttemptRequest(
            run_id=run_id,
            dag_run_id=self._dag_run_id,
            node_id=task.id,
            generation=generation,
            attempt_no=attempt_no,
            key=key,
            project=project,
            cwd=os.path.normpath(os.path.join(project, cwd)),
            command=command,
            env=env,
            secrets=self._secrets,
            inputs=inputs,
            briefs=briefs,
            output=contract,
            output_path=path,
            output_used=task.id in self._referred,
            deliverables=deliverables,
            scratch=scratch,
        )

    def _renderer(self, task: BoundTask, views: Mapping[str, NeedView]) -> Callable[[str, Template], Any]:
        scope: dict[str, Any] | None = None

        def evaluate(source: str) -> Any:
            nonlocal scope
            if scope is None:
                scope = self.scope(task, views)
                scope["env"] = {}
                for name, template in task.env:
                    scope["env"][name] = as_text(render(template, evaluate))
            return self._evaluate(source, scope)

        def render_one(key: str, template: Template) -> Any:
            if type(template) is Literal:
                return template.value
            try:
                return render(template, evaluate)
            except (RenderError, LedgerError):
                raise
            except Exception as error:
                message = getattr(error, "message", None) or str(error) or type(error).__name__
                raise RenderError(f"`{key}` could not be evaluated: {message}") from error

        return render_one

    def _brief(self, node: str, view: NeedView) -> dict[str, Any]:
        brief: dict[str, Any] = {"status": view.status}
        if view.status == "ok":
            brief["output"] = self._outputs[node]
        if view.deliverable is not None:
            brief["deliverable"] = view.deliverable
        return brief

    def _inside(self, path: str, key: str) -> str:
        project = self._graph.project
        absolute = os.path.normpath(os.path.join(project, path))
        try:
            real = os.path.realpath(absolute)
        except (ValueError, OSError):  # NUL, half a surrogate pair, a loop of links
            raise RenderError(f"`{key}` is no path that can exist: {path!r}") from None
        root = os.path.realpath(project)
        if real != root and not real.startswith(root.rstrip("/") + "/"):
            raise RenderError(f"`{key}` leads out of the project: `{path}`")
        return absolute

    def _key(
        self,
        task: BoundTask,
        command: Mapping[str, Any],
        env: Mapping[str, str],
        inputs: Mapping[str, Any],
        generation: int,
    ) -> str:
        upstream = [
            [need.task, self._outputs.token(need.task)] for need in task.needs if need.task in self._outputs
        ]
        return digest([self._spec_digests[task.id], command, env, inputs, upstream, generation])


def _sources(task: BoundTask) -> Iterator[str]:
    """The sources of all expressions of a task but its condition's."""
    command = task.command
    templates: list[Template] = [task.cwd, task.output.path]
    templates += [value for _, value in (*task.inputs, *task.env)]
    templates += [item.path for item in task.deliverables]
    if command is not None:
        templates += [*(command.argv or ()), *(value for _, value in command.bindings)]
    for template in templates:
        yield from expressions(template)


def _referred(graph: BoundGraph) -> frozenset[str]:
    """The tasks whose output some expression may read: every word of every expression counts."""
    words: set[str] = set()
    for task in graph.tasks:
        for source in _sources(task):
            words.update(_WORD.findall(source))
        if task.condition is not None:
            for source in expressions(task.condition):
                words.update(_WORD.findall(source))
    for _, template in graph.outputs:
        for source in expressions(template):
            words.update(_WORD.findall(source))
    # An id with hyphens may stand in quotes, or be part of a subtraction.
    words |= {part for word in words for part in word.split("-")}
    return frozenset(task.id for task in graph.tasks if task.id in words)
