"""What an agent's attempt needs before it starts, and leaves behind after it: its Executor, the Manifest and
the Brief that it is given, the Brief that it hands on, and the Deliverable."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from ...schemas.bound import BoundTask
from ...schemas.ids import IdSource
from ...schemas.states import FailureReason
from ..agents.briefs import build_brief, store_brief
from ..agents.executors import Choice, ExecutorLeft, Executors, NoExecutor, continued
from ..agents.manifests import build_manifest, check_manifest, memory_pointers, store_manifest
from ..agents.report import ROOT, report_text, write_report
from ..instances import Instance
from ..ledger import people_queries
from ..ledger.database_errors import ledger_errors
from ..ledger.ledger import Ledger
from ..ledger.records import Record
from ..runtimes.deliverables import summary
from ..runtimes.output_contract import relative
from ..runtimes.protocol import AgentRequest, AttemptRequest, AttemptResult
from .requests import RenderError, RequestBuilder, file_name

COORDINATOR: Final = "coordinator"
"""Who hands the work over, in Manifests and Briefs."""

OF_INTENT: Final = ("executor_id", "role_id", "role_version", "requested_tier", "manifest_id", "brief_in")
"""Columns of a Run that stand in the record of its start already."""

ManifestText = Callable[[Mapping[str, Any]], str]
"""How a Manifest is written down: YAML, which the engine knows nothing of."""


class NotPrepared(RenderError):
    """An agent cannot be given the work; the message is one sentence for people."""

    def __init__(self, message: str, failure: FailureReason) -> None:
        super().__init__(message)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An attempt with its Executor. `columns` are columns of its Run, `records` come before its intent."""

    request: AttemptRequest
    choice: Choice
    columns: Mapping[str, Any]
    records: tuple[Record, ...]


class AgentDesk:
    """Prepares and closes the attempts of one DAG run's agents.

    `folder` is the project's `.metaensemble`; `memory` are the project's memory files, relative to the
    project, or None to look for the usual ones. `runs` maps nodes that ended ok to their Run.
    """

    def __init__(
        self,
        ledger: Ledger,
        requests: RequestBuilder,
        executors: Executors,
        *,
        project: str,
        folder: Path,
        ids: IdSource,
        manifest_text: ManifestText,
        memory: tuple[str, ...] | None = None,
        runs: Mapping[str, str] | None = None,
    ) -> None:
        self._ledger = ledger
        self._requests = requests
        self._executors = executors
        self._project = Path(project)
        self._folder = folder
        self._ids = ids
        self._manifest_text = manifest_text
        self._memory = memory
        self._runs = dict(runs or {})

    def ended(self, node: str, run_id: str) -> None:
        """Note the Run by which a node ended ok: later ones are pointed to it."""
        self._runs[node] = run_id

    def withdraw(self, choices: Mapping[str, Choice]) -> None:
        """Forget choices of Executors, by node, that could not be recorded."""
        self._executors.withdraw(choices)

    def is_at_work(self, alias: str) -> bool:
        """Whether a task that names the Executor has to wait for it."""
        return self._executors.is_at_work(alias)

    def prepare(self, instance: Instance, request: AttemptRequest) -> Prepared:
        """The attempt with its Executor, its Manifest and its Brief, both stored. Raises `NotPrepared`,
        and `ExecutorAtWork` where it has to wait for the Executor that it names."""
        task, agent = instance.task, request.agent
        assert task.agent is not None
        assert agent is not None
        try:
            choice = self._executors.choose(
                task.agent, instance.id, runtime=task.runtime, parent=self._parent(instance)
            )
        except NoExecutor as problem:
            # One that is left at work may be idle when the task is tried again.
            failure: FailureReason = "other" if isinstance(problem, ExecutorLeft) else "invalid_request"
            raise NotPrepared(str(problem), failure) from None
        try:
            manifest_id, manifest = self._manifest(instance, request, choice)
            brief_id, brief = self._brief(instance, request, choice)
        except BaseException:
            self._executors.release(choice.executor_id)
            raise
        prepared = replace(
            agent,
            executor_id=choice.executor_id,
            alias=choice.alias,
            manifest=manifest,
            manifest_id=manifest_id,
            brief=brief,
            brief_id=brief_id,
            session=choice.session,
            session_totals=choice.totals,
            context=self._context(choice),
            first=choice.first,
        )
        return Prepared(
            request=replace(request, agent=prepared),
            choice=choice,
            columns=_columns(prepared),
            records=choice.records,
        )

    def again(
        self, instance: Instance, request: AttemptRequest, started: Mapping[str, Any]
    ) -> AttemptRequest:
        """The attempt as it was when an earlier Coordinator began it, from what its intent says.

        Raises `NotPrepared` when its Executor, its Manifest or its Brief is not there any more.
        """
        agent = request.agent
        assert agent is not None
        row = people_queries.executor_by_id(self._ledger, started["executor_id"])
        if row is None:
            raise NotPrepared("its Executor is not on record", "other")
        continues = instance.task.agent is not None and instance.task.agent.executor is not None
        choice = continued(row, instance.task.runtime)
        if not continues:
            choice = replace(choice, session=None, totals=None, continues=False)
        manifest = self._read("manifests", started["manifest_id"])
        return replace(
            request,
            agent=replace(
                agent,
                executor_id=choice.executor_id,
                alias=choice.alias,
                manifest=manifest.get("manifest", manifest),
                manifest_id=started["manifest_id"],
                brief=self._read("briefs", started["brief_in"]),
                brief_id=started["brief_in"],
                session=choice.session,
                session_totals=choice.totals,
                context=self._context(choice),
                first=choice.first,
            ),
        )

    def close(self, instance: Instance, request: AttemptRequest, result: AttemptResult) -> AttemptResult:
        """The result with the columns of its Executor; after a success the Brief is handed on and the
        Deliverable written, both before the outcome is recorded."""
        agent = request.agent
        assert agent is not None
        self._executors.release(agent.executor_id)
        columns = {**_columns(agent), **result.columns}
        deliverable = result.deliverable
        if result.outcome == "ok":
            if deliverable is None:
                deliverable = self._report(instance, request, agent, result)
            columns["brief_out"] = self._hand_on(instance, request, agent, result, columns)
        return replace(result, columns=columns, deliverable=deliverable)

    # ---- before

    def _parent(self, instance: Instance) -> str | None:
        """The Executor on whose work the node builds: that of the first task before it that has one."""
        for _, frame, need in instance.sources():
            found = self._executors.of_node(frame.prefix + need.task)
            if found is not None:
                return found
        return None

    def _manifest(
        self, instance: Instance, request: AttemptRequest, choice: Choice
    ) -> tuple[str, Mapping[str, Any]]:
        agent, spec = request.agent, instance.task.agent
        assert agent is not None
        assert spec is not None
        files = self._requests.pointers(instance)
        files += memory_pointers(self._project, self._memory)
        manifest_id = f"hm-{self._ids()}"
        manifest = build_manifest(
            manifest_id,
            sender=COORDINATOR,
            to=choice.alias,
            task=instance.task_id,
            files=files,
            prior_runs=[*spec.prior_runs, *self._prior(instance)],
            deliverables=_promised(instance.task, request),
            tier=agent.tier,
            acceptance=list(request.acceptance),
        )
        problems = check_manifest(manifest, self._project)
        if problems:
            raise NotPrepared(f"its Manifest is not valid: {problems[0]}", "manifest_invalid")
        text = self._manifest_text(manifest)
        with ledger_errors(self._folder):
            store_manifest(self._folder / "manifests", manifest, text)
        return manifest_id, manifest

    def _prior(self, instance: Instance) -> list[str]:
        nodes = (frame.prefix + need.task for _, frame, need in instance.sources())
        return [self._runs[node] for node in nodes if node in self._runs]

    def _brief(
        self, instance: Instance, request: AttemptRequest, choice: Choice
    ) -> tuple[str, Mapping[str, Any]]:
        agent = request.agent
        assert agent is not None
        received: dict[str, Any] = {}
        if request.briefs:
            received["tasks"] = dict(request.briefs)
        if request.inputs:
            received["with"] = dict(request.inputs)
        brief = build_brief(
            self._ids(),
            sender=COORDINATOR,
            to=choice.alias,
            task_id=instance.task_id,
            tier=agent.tier,
            result=received or None,
        )
        with ledger_errors(self._folder):
            store_brief(self._folder / "briefs", brief)
        return brief["brief_id"], brief

    def _context(self, choice: Choice) -> str:
        """What an Executor that goes on is told of its past where its session cannot be gone on with."""
        if not choice.continues:
            return ""
        from ..agents.relaunch import context_of

        row = people_queries.executor_by_id(self._ledger, choice.executor_id)
        return "" if row is None else context_of(self._ledger, row, self._folder).text

    def _read(self, folder: str, name: str) -> dict[str, Any]:
        try:
            found = json.loads((self._folder / folder / f"{name}.json").read_bytes())
        except (OSError, ValueError):
            raise NotPrepared(f"`{folder}/{name}.json` cannot be read", "other") from None
        return dict(found)

    # ---- after

    def _hand_on(
        self,
        instance: Instance,
        request: AttemptRequest,
        agent: AgentRequest,
        result: AttemptResult,
        columns: Mapping[str, Any],
    ) -> str:
        brief = build_brief(
            self._ids(),
            sender=agent.alias,
            to=COORDINATOR,
            task_id=instance.task_id,
            prior_runs=[request.run_id],
            files=[[path, None] for path in columns.get("files_touched") or ()],
            out_files=[path for path, _ in _relative(request)],
            schema=request.output.schema,
            tier=agent.tier,
            result=result.output,
        )
        with ledger_errors(self._folder):
            store_brief(self._folder / "briefs", brief)
        return str(brief["brief_id"])

    def _report(
        self, instance: Instance, request: AttemptRequest, agent: AgentRequest, result: AttemptResult
    ) -> dict[str, Any]:
        text = report_text(
            node=instance.id, alias=agent.alias, role=agent.role.name, output=result.output,
            said=str(result.columns.get("said") or ""),
        )  # fmt: skip
        place = f"{ROOT}/{request.dag_run_id}/{file_name(instance.id)}.md"
        with ledger_errors(self._project / place):
            write_report(self._project, place, text)
        data = text.encode("utf-8", "replace")
        return {"path": place, "hash": self._ledger.blobs.put(data), "summary": summary(data)}


def of_intent(started: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a Run that the record of its start says already."""
    return {name: started[name] for name in OF_INTENT if name in started}


def _columns(agent: AgentRequest) -> dict[str, Any]:
    """The columns of a Run that are known before it starts."""
    return {
        "executor_id": agent.executor_id,
        "role_id": agent.role.name,
        "role_version": agent.role.version,
        "requested_tier": agent.tier,
        "manifest_id": agent.manifest_id,
        "brief_in": agent.brief_id,
    }


def _relative(request: AttemptRequest) -> list[tuple[str, Any]]:
    return [(relative(path, request.project), schema) for path, schema in request.deliverables]


def _promised(task: BoundTask, request: AttemptRequest) -> list[dict[str, Any]]:
    found = []
    for (path, schema), spec in zip(_relative(request), task.deliverables, strict=True):
        entry: dict[str, Any] = {"path": path}
        if spec.must_export:
            entry["must_export"] = list(spec.must_export)
        if spec.coverage is not None:
            entry["coverage"] = spec.coverage
        if schema is not None:
            entry["schema"] = schema
        found.append(entry)
    return found
