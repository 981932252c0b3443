"""Turns a bound task whose needs have ended into a request that a runtime can carry out."""

from __future__ import annotations

import glob
import os.path
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ...schemas import bound_json
from ...schemas.bound import BoundGraph, BoundTask
from ...schemas.canonical import digest
from ...schemas.errors import InputError, LedgerError
from ...schemas.states import FailureReason
from ...schemas.template import Host, Literal, Template, as_text, expressions, render
from ...schemas.walked_path import is_below, walked
from ..agents.pointers import within_project
from ..instances import Frame, Instance, graphs_of, leaf_tasks
from ..runtimes.protocol import AgentRequest, AttemptRequest, Isolation
from ..worktrees.bases import bases_of
from ..worktrees.worktree import branch_name
from .agent_words import said
from .held_to import assertions_of, checks_of, setup_of
from .results import NeedView, Results

_WORD: Final = re.compile(r"[\w-]+")
_LONGEST_NAME: Final = 200

Evaluate = Callable[[str, Mapping[str, Any]], Any]
"""Evaluates the source of one expression in a scope; raises an `InputError` with a clear message."""


class RenderError(Exception):
    """A task could not be made ready; the message is one sentence for people."""

    failure: FailureReason = "exception"


class RequestBuilder:
    """Renders nodes of one DAG run. `environ` is where the values of secrets come from. `commits` are those
    that nodes with a worktree of their own left, by node."""

    def __init__(
        self,
        graph: BoundGraph,
        *,
        dag_run_id: str,
        evaluate: Evaluate,
        results: Results,
        environ: Mapping[str, str],
        spec_digests: Mapping[str, str],
        commits: Mapping[str, str] | None = None,
    ) -> None:
        self._commits = commits if commits is not None else {}
        self._project = graph.project
        self._dag_run_id = dag_run_id
        self._evaluate = evaluate
        self._results = results
        self._digests = {id(task): spec_digests[task.id] for task in graph.tasks if task.id in spec_digests}
        self._dynamic: dict[int, bool] = {}
        self._referred = _referred(graph)
        # Every command inherits the environment, so each may print what another one declared.
        self._secrets = {
            name: environ[name] for _, task in leaf_tasks(graph) for name in task.secrets if name in environ
        }

    def is_dynamic(self, task: BoundTask) -> bool:
        """Whether anything about the task's attempts is only known once its needs have ended."""
        found = self._dynamic.get(id(task))
        if found is None:
            found = self._dynamic[id(task)] = next(_sources(task), None) is not None
        return found

    def scope(self, instance: Instance) -> dict[str, Any]:
        """The names that an expression of the node may use."""
        frame, host = instance.frame, instance.frame.host
        own = {
            need.task: self._entry(self._results.view(frame, need.task), whole=need.whole)
            for need in instance.needs
        }
        names = dict(instance.names)
        index = names.pop("round", None)
        if index is not None:
            names["repeat"] = {"index": index, "last": {"output": self._last_output(instance, index)}}
        if host is not None:
            if instance.task.hosted:
                known = self.scope(host)
            else:
                # What the user wrote of the task never sees `node`, which may be the name of an item there.
                known = {**self.frame_scope(frame), "tasks": own, "node": self._place_of(host)}
            body = host.task.body
            if body is not None and body.called:
                known[body.called] = {"tasks": own, "params": frame.params}
            return {**known, "pieces": own, **names}
        tasks = own
        return {
            **names,
            **self.frame_scope(instance.frame),
            "tasks": {**dict(instance.frame.graph.given), **tasks},
        }

    def _place_of(self, host: Instance) -> dict[str, str]:
        return {"id": host.id, "file": file_name(host.id), "project": self._project}

    def frame_scope(self, frame: Frame) -> dict[str, Any]:
        """What all expressions of one graph see."""
        return {"params": frame.params, "tasks": {}, "run": {"id": self._dag_run_id}, "env": {}}

    def outputs_of(self, frame: Frame) -> dict[str, Any]:
        """The `outputs` of a graph all of whose tasks have ended. Raises `RenderError`."""
        scope = self.frame_scope(frame)
        scope["tasks"] = {
            task.id: self._entry(self._results.view(frame, task.id), whole=task.outputs_taken)
            for task in frame.graph.tasks
        } | dict(frame.graph.given)
        found = {}
        for name, template in frame.graph.outputs:
            found[name] = self._rendered(
                f"outputs.{name}", template, lambda source: self._evaluate(source, scope)
            )
        return found

    def condition(self, instance: Instance) -> bool:
        """The truth of the node's `if`. Raises `RenderError`."""
        template = instance.task.condition
        return True if template is None else holds(self.value(instance, "if", template))

    def value(self, instance: Instance, key: str, template: Template, **names: Any) -> Any:
        """What a template comes to at this node, with further `names` known. Raises `RenderError`."""
        return self._renderer(instance, names)(key, template)

    def values(self, instance: Instance, key: str, template: Template) -> Callable[[Mapping[str, Any]], Any]:
        """What `value` does, for many sets of names: what they have in common is looked up once."""
        known: dict[str, Any] = {}

        def value(names: Mapping[str, Any]) -> Any:
            if not known:
                known.update(self.scope(instance))
            return self._renderer(instance, names, known)(key, template)

        return value

    def build(
        self, instance: Instance, *, run_id: str, generation: int, attempt_no: int, rewinds: int, scratch: str
    ) -> AttemptRequest:
        """The request for one attempt of the node. Raises `RenderError`."""
        task = instance.task
        render_one = self._renderer(instance, {})
        project = self._project
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
        briefs = {
            name: self._brief(frame, need.task)
            for name, frame, need in instance.sources()
            if task.agent is None or not _hands_on_itself(frame)
        }
        if task.made:
            # A join is told more: why others ended as they did, and how often they were tried.
            for need in instance.needs:
                briefs[need.task] |= self._results.facts(instance.frame.prefix + need.task)
        cwd = as_text(render_one("cwd", task.cwd))
        contract = task.output
        path = None
        if contract.source == "file":
            path = self._inside(as_text(render_one("output.path", contract.path)), "output.path")
        deliverables = tuple(
            (self._inside(as_text(render_one("deliverables", item.path)), "deliverables"), item.schema)
            for item in task.deliverables
        )
        checks = checks_of(task, render_one)
        acceptance = tuple(as_text(render_one("acceptance", item)) for item in task.acceptance)
        held_to: list[Any] = [checks, acceptance] if checks or acceptance else []
        agent = self._agent(instance, render_one)
        if agent is not None:
            held_to.append([agent.prompt, agent.data])
        key = self._key(instance, command, env, inputs, rewinds, *held_to)
        return AttemptRequest(
            run_id=run_id,
            dag_run_id=self._dag_run_id,
            node_id=instance.id,
            generation=generation,
            attempt_no=attempt_no,
            key=key,
            project=project,
            cwd=walked(os.path.join(project, cwd)),
            command=command,
            python=task.python,
            env=env,
            secrets=self._secrets,
            inputs=inputs,
            offered=task.offered,
            briefs=briefs,
            output=contract,
            output_path=path,
            output_used=self._is_used(instance),
            deliverables=deliverables,
            agent=agent,
            isolation=self._isolation(instance, run_id, render_one),
            assertions=assertions_of(task, [path for path, _ in deliverables]),
            checks=checks,
            acceptance=acceptance,
            quality=task.quality,
            scratch=scratch,
        )

    def left_by(self, node_id: str) -> str | None:
        """The commit that a node which ended ok left in a worktree of its own."""
        return self._commits.get(node_id) if self._results.is_ok(node_id) else None

    def _isolation(
        self, instance: Instance, run_id: str, render_one: Callable[[str, Template], Any]
    ) -> Isolation | None:
        task = instance.task
        if task.isolation == "none":
            return None
        results = self._results
        return Isolation(
            branch=branch_name(self._dag_run_id, instance.id, run_id),
            bases=tuple(bases_of(results.behind(instance.id), self.left_by, results.behind)),
            setup=setup_of(task, render_one),
        )

    def _agent(self, instance: Instance, render_one: Callable[[str, Template], Any]) -> AgentRequest | None:
        """What an agent is asked, before it is known which Executor that is."""
        spec = instance.task.agent
        if spec is None:
            return None
        if spec.identity is None:
            raise RenderError(f"the Role `{spec.role}` was not looked up")
        prompt, data = said(spec.prompt, lambda part: render_one("prompt", part))
        return AgentRequest(
            executor_id="",
            alias="",
            role=spec.identity,
            prompt=prompt,
            data=data,
            tier=spec.tier or spec.identity.tier,
            model=spec.named,
            reask=spec.reask,
            max_turns=spec.max_turns,
            wall=instance.task.timeout,
        )

    def pointers(self, instance: Instance) -> list[dict[str, Any]]:
        """The files that an agent is pointed to, with paths relative to the project. Raises `RenderError`."""
        spec = instance.task.agent
        render_one = self._renderer(instance, {})
        found = []
        for pointer in spec.files if spec is not None else ():
            path = as_text(render_one("context.files", pointer.path))
            entry: dict[str, Any] = {"path": within_project(path, self._project)}
            if pointer.lines is not None:
                entry["lines"] = list(pointer.lines)
            if pointer.role is not None:
                entry["role"] = pointer.role
            found.append(entry)
        return found

    def _is_used(self, instance: Instance) -> bool:
        """Whether anything may look at the output of the node."""
        task = instance.task
        return task.id in self._referred or task.repeat is not None or instance.frame.host is not None

    def reads(self, instance: Instance) -> list[str]:
        """The globs of what the node reads. Raises `RenderError`."""
        render_one = self._renderer(instance, {})
        return [as_text(render_one("reads", item)) for item in instance.task.reads or ()]

    def written(self, instance: Instance, request: AttemptRequest) -> list[str]:
        """The globs of what the node declares to write, its deliverables and output file included.

        Raises `RenderError`.
        """
        render_one = self._renderer(instance, {})
        found = [as_text(render_one("writes", item)) for item in instance.task.writes]
        found += [glob.escape(path) for path, _ in request.deliverables]
        return [*found, glob.escape(request.output_path)] if request.output_path else found

    def upstream(self, instance: Instance) -> dict[str, str]:
        """A digest of what each need came to: its output, or just its state where it left none."""
        results = self._results
        found = {}
        for name, frame, need in instance.sources():
            node_id = frame.prefix + need.task
            token = results.token(node_id) if results.has_output(node_id) else ""
            found[name] = digest([results.view(frame, need.task).status, token])
        return found

    def output(self, node_id: str) -> Any:
        """What a node that ended ok hands on."""
        return self._results.output(node_id)

    def _entry(self, view: NeedView, *, whole: bool) -> dict[str, Any]:
        entry: dict[str, Any] = {"status": view.status, "deliverable": view.deliverable}
        if view.has_items:
            if whole:
                entry["outputs"] = self._results.items(view.node)
        elif view.status == "ok":
            entry["output"] = self._results.output(view.node)
        return entry

    def _last_output(self, instance: Instance, index: int) -> Any:
        """The output of the round before this node's own; null for the first."""
        if index == 1:
            return None
        at = instance.id.rindex(f"#{index}")
        return self._results.output(f"{instance.id[:at]}#{index - 1}")

    def _renderer(
        self, instance: Instance, names: Mapping[str, Any], known: Mapping[str, Any] | None = None
    ) -> Callable[[str, Template], Any]:
        """What renders templates of one attempt; `known` is its scope, where that was built before."""
        scope: dict[str, Any] | None = None

        def evaluate(source: str | Host, further: Mapping[str, Any] | None = None) -> Any:
            nonlocal scope
            if isinstance(source, Host):
                assert instance.frame.host is not None
                return self._renderer(instance.frame.host, {})("with", source.template)
            if scope is None:
                scope = {**(known or self.scope(instance)), **names, "env": {}}
                for name, template in instance.task.env:
                    scope["env"][name] = as_text(render(template, evaluate))
            if further is None:
                return self._evaluate(source, scope)
            try:
                return self._evaluate(source, {**scope, **further})
            except InputError:
                # It looks at one output of several: where it has no value, the others still have theirs.
                return None

        def render_one(key: str, template: Template) -> Any:
            return self._rendered(key, template, evaluate)

        return render_one

    def _rendered(self, key: str, template: Template, evaluate: Callable[..., Any]) -> Any:
        if type(template) is Literal:
            return template.value
        try:
            return render(template, evaluate)
        except (RenderError, LedgerError):
            raise
        except Exception as error:
            message = getattr(error, "message", None) or str(error) or type(error).__name__
            raise RenderError(f"`{key}` could not be evaluated: {message}") from error

    def _brief(self, frame: Frame, task: str) -> dict[str, Any]:
        view = self._results.view(frame, task)
        brief: dict[str, Any] = {"status": view.status}
        if view.has_items:
            brief["outputs"] = self._results.items(view.node)
        elif view.status == "ok":
            brief["output"] = self._results.output(view.node)
        if view.deliverable is not None:
            brief["deliverable"] = view.deliverable
        return brief

    def _inside(self, path: str, key: str) -> str:
        project = self._project
        absolute = os.path.join(project, path)
        try:
            real = os.path.realpath(absolute)
            absolute = walked(absolute)
        except (ValueError, OSError):  # NUL, half a surrogate pair, a loop of links
            raise RenderError(f"`{key}` is no path that can exist: {path!r}") from None
        root = os.path.realpath(project)
        if not is_below(real, root):
            raise RenderError(f"`{key}` leads out of the project: `{path}`")
        return absolute

    def _key(
        self,
        instance: Instance,
        command: Mapping[str, Any],
        env: Mapping[str, str],
        inputs: Mapping[str, Any],
        rewinds: int,
        *further: Any,
    ) -> str:
        results = self._results
        upstream = [
            [name, results.token(frame.prefix + need.task)]
            for name, frame, need in instance.sources()
            if results.has_output(frame.prefix + need.task)
        ]
        round_number = instance.round
        parts = [self._digest(instance.task), command, env, inputs, upstream, rewinds, *further]
        return digest(parts if round_number is None else [*parts, round_number])

    def _digest(self, task: BoundTask) -> str:
        found = self._digests.get(id(task))
        if found is None:
            found = self._digests[id(task)] = digest(bound_json.task_to_json(task))
        return found


def _hands_on_itself(frame: Frame) -> bool:
    """Whether the pieces of this frame are given what they need of one another as inputs, by their pattern:
    an agent gets nothing twice, and sees of the others what the pattern lets it see."""
    body = None if frame.host is None else frame.host.task.body
    return body is not None and body.result is not None and not body.called


def file_name(node_id: str) -> str:
    """A name for a file about the node: its id without slashes, cut where it is too long for a name."""
    text = node_id.replace("%", "%25").replace("/", "%2F")
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= _LONGEST_NAME:
        return text
    return f"{data[: _LONGEST_NAME - 13].decode('utf-8', 'ignore')}~{digest(node_id)[:12]}"


def holds(value: Any) -> bool:
    """The truth of a condition's value.

    `false`, `null`, `0`, what is empty, and the text `false` do not hold: a command can only print
    text, and one that prints "false" means it.
    """
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false")
    return bool(value)


def _sources(task: BoundTask) -> Iterator[str]:
    """The sources of all expressions of a task's attempts."""
    templates: list[Template] = [task.cwd, task.output.path, *task.acceptance]
    templates += [value for _, value in (*task.inputs, *task.env)]
    templates += [item.path for item in task.deliverables]
    if task.agent is not None:
        templates += [task.agent.prompt, *(pointer.path for pointer in task.agent.files)]
    for command in (task.command, *task.checks, task.setup):
        if command is not None:
            templates += [*(command.argv or ()), *(value for _, value in command.bindings)]
    for template in templates:
        yield from expressions(template)


def all_sources(task: BoundTask) -> Iterator[str]:
    """The sources of all expressions of a task, its conditions and its growth included."""
    yield from _sources(task)
    more: list[Template | None] = [task.condition, *(task.reads or ()), *task.writes]
    if task.each is not None:
        more += [task.each.items, task.each.key]
    if task.repeat is not None:
        more.append(task.repeat.until)
    if task.ask is not None:
        more.append(task.ask.question)
    if task.body is not None:
        more += [value for _, value in task.body.given]
    for template in more:
        if template is not None:
            yield from expressions(template)
    for cell in task.cells:
        yield from all_sources(cell.task)


def _referred(graph: BoundGraph) -> frozenset[str]:
    """The tasks whose output some expression may read: every word of every expression counts."""
    words: set[str] = set()
    ids: set[str] = set()
    for one in graphs_of(graph):
        ids.update(task.id for task in one.tasks)
        for task in one.tasks:
            for source in all_sources(task):
                words.update(_WORD.findall(source))
        for _, template in one.outputs:
            for source in expressions(template):
                words.update(_WORD.findall(source))
    # An id with hyphens may stand in quotes, or be part of a subtraction.
    words |= {part for word in words for part in word.split("-")}
    return frozenset(ids & words)
