"""Takes up a DAG run, new or old, drives it, and writes down how it went."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from ...schemas import bound_json
from ...schemas.bound import BoundGraph
from ...schemas.canonical import canonical_bytes, digest
from ...schemas.errors import ChainBroken
from ...schemas.ids import IdSource, new_id
from ...schemas.progress import Note, Observer, RunStarted, SourceChanged
from ...schemas.settling import Rule
from ...schemas.states import DagRunState
from ..agents.executors import Executors
from ..compile import limits, node_specs
from ..faults import Faults, no_faults
from ..growth import MOST_ITEMS
from ..instances import Frame, Instance, layers, leaf_tasks, root_instances, tasks_of
from ..ledger.ledger import Ledger
from ..ledger.records import Journaled, Record
from ..process.identity import boot_id, process_start
from ..process.orphans import stop_stranded
from ..quality.assessment import Assess
from ..reuse.results import Results as ReusableResults
from ..runtimes.protocol import Adopts, Runtime, Salvages
from ..scheduler.events import AttemptFinished, NodesReopened, PrincipalAnswered
from ..scheduler.graph import Limits
from ..scheduler.machine import Scheduler
from ..source import source_state
from . import kept_output
from .agent_desk import AgentDesk, ManifestText, of_intent
from .clock import Clock, SystemClock
from .coordinator import Coordinator
from .growing import Growing, Instances, ReadParameter
from .outputs import Outputs
from .recover import Recovered, lost_attempts, reopenable, replay
from .requests import Evaluate, RenderError, RequestBuilder
from .results import Results
from .reuse import Reuse

PAGE = 2000
"""Journal records read at a time."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything about the world that a session is given; tests give other things."""

    evaluate: Evaluate
    runtimes: Mapping[str, Runtime]
    environ: Mapping[str, str]
    read_parameter: ReadParameter | None = None
    most_items: int = MOST_ITEMS
    rules: Mapping[str, Rule] = field(default_factory=dict)
    observer: Observer | None = None
    clock: Clock = SystemClock()
    ids: IdSource = new_id
    rng: Random = Random()
    faults: Faults = no_faults
    signals: bool = False
    stop_stranded: Callable[..., object] = stop_stranded
    manifest_text: ManifestText | None = None
    memory: tuple[str, ...] | None = None
    assess: Assess | None = None
    quality: Mapping[str, Any] | None = None
    """The rules of the quality gate, which are stored with a new DAG run."""


def create(
    ledger: Ledger,
    graph: BoundGraph,
    dag_run_id: str,
    world: Surroundings,
    *,
    concurrency: int | None,
    version: str,
    force: bool = False,
) -> None:
    """Record a new DAG run. The graph is stored with it, so that a resume needs no file."""
    stored = ledger.blobs.put(canonical_bytes(bound_json.to_json(graph)))
    payload: dict[str, Any] = {
        "name": graph.name,
        "source": graph.source,
        "source_digest": graph.source_digest,
        "project": graph.project,
        "graph": stored,
        "params": dict(graph.params),
        "concurrency": limits(graph, concurrency).maximum,
        "version": version,
        "nodes": [[one.id, one.task.id, one.kind, one.runtime] for one in root_instances(graph)],
    }
    if force:
        payload["force"] = True
    if world.quality is not None:
        payload["quality"] = dict(world.quality)
    world.faults("dag_run.before_create")
    ledger.append([Record("dag_run.created", dag_run_id, dag_run_id, payload, None, None)], durable=True)
    world.faults("dag_run.after_create")


class Session:
    """One Coordinator's hold on one DAG run; the caller holds the lock for as long as it lives."""

    def __init__(
        self,
        ledger: Ledger,
        dag_run_id: str,
        world: Surroundings,
        *,
        state: Path,
        scheduler: type[Scheduler] = Scheduler,
    ) -> None:
        self._ledger = ledger
        self._id = dag_run_id
        self._world = world
        self._state = state
        self._make = scheduler
        self._outliving: list[tuple[str, int, str]] = []
        records = list(_records(ledger, dag_run_id))
        created = self._created = _created(records[:1], dag_run_id)
        stored = json.loads(ledger.blobs.get(created["graph"]))
        self.graph = bound_json.from_json(stored)
        self._spec_digests = {task["id"]: digest(task) for task in stored["tasks"]}
        bounds = limits(self.graph)
        self._limits = Limits(maximum=created["concurrency"], pools=bounds.pools)
        self._records = records
        self._replay()

    def _replay(self) -> None:
        blobs = self._ledger.blobs
        self.outputs = Outputs(blobs)
        self.instances = Instances(self.graph)
        self.scheduler = self._make(node_specs(self.graph), self._limits, self._world.rules)
        growing = Growing(self.instances, self.scheduler, self.outputs, blobs)
        self.found: Recovered = replay(self._records, self.scheduler, self.outputs, growing)

    def grown(self) -> list[Instance]:
        """Every node as the DAG run has grown it, members right behind their group, tasks as in the file."""
        nodes = self.scheduler.nodes
        found: list[Instance] = []
        stack = [task.id for task in reversed(self.graph.tasks)]
        while stack:
            name = stack.pop()
            found.append(self.instances[name])
            members = nodes[name].members
            if members is not None:
                stack += reversed(members.ids)
        return found

    def results(self) -> Results:
        """What the nodes came to."""
        return Results(self.scheduler, self.instances, self.outputs, self.found.deliverables)

    def entry(self, task: str) -> dict[str, Any]:
        """What expressions see of a task of the outermost graph: status, deliverable, and its output or,
        of a fan-out, its outputs."""
        results = self.results()
        view = results.view(self.instances[task].frame, task)
        entry: dict[str, Any] = {"status": view.status, "deliverable": view.deliverable}
        if view.has_items:
            entry["outputs"] = results.items(task)
        elif view.status == "ok":
            entry["output"] = results.output(task)
        return entry

    @property
    def has_ended(self) -> bool:
        """Whether the DAG run's end stands in the Ledger."""
        return self.found.end is not None

    def unfinished(self) -> BoundGraph:
        """The graph without the tasks whose nodes will never run again."""
        nodes = self.scheduler.nodes
        tasks = (task for task in self.graph.tasks if nodes[task.id].state not in ("ok", "skipped"))
        return replace(self.graph, tasks=tuple(tasks))

    def waiting(self) -> set[str]:
        """The nodes that wait for an answer about their attempt, or will once the DAG run is claimed."""
        return {
            name
            for name, node in self.scheduler.nodes.items()
            if (node.asked and node.spec.kind == "work")
            or (node.live is not None and node.spec.on_lost == "ask")
        }

    @property
    def most_at_once(self) -> int:
        """How many nodes may come to run at once: no more than there can be, and than the limit says."""
        tasks = self.unfinished().tasks
        if any(layers(task) for task in tasks):
            # What runs in the background has as many slots again.
            behind = any(task.background for task in tasks_of(self.graph))
            return self._limits.maximum * (2 if behind else 1)
        return min(self._limits.maximum, len(tasks))

    @property
    def open_files_each(self) -> int:
        """How many files of this process one attempt may hold open, whichever runtime carries it out."""
        return max((one.capabilities.open_files for one in self._world.runtimes.values()), default=0)

    def with_concurrency(self, maximum: int) -> None:
        """Go on with another number of slots than the DAG run was started with."""
        self._limits = Limits(maximum=maximum, pools=self._limits.pools)
        self._replay()

    def reopen(self) -> int:
        """Give every node that did not end well another generation; how many there are."""
        nodes = reopenable(self.scheduler)
        if nodes:
            seq = self._record("dag_run.reopened", self._id, {"nodes": [list(pair) for pair in nodes]})
            self._world.faults("reopen.after_commit")
            self.scheduler.handle(NodesReopened(nodes=tuple(nodes), cause=seq))
            self.found.end = None
        return len(nodes)

    def answer(self, node: str, answer: str, *, by: str) -> bool:
        """Answer for a node that waits for a person; False when it does not wait."""
        waiting = self.scheduler.nodes.get(node)
        if waiting is None or not waiting.asked or waiting.spec.kind != "work":
            return False
        payload = {"generation": waiting.generation, "answer": answer, "by": by}
        seq = self._record("principal.answered", node, payload)
        self.scheduler.handle(
            PrincipalAnswered(
                node=node,
                generation=waiting.generation,
                answer=answer,  # type: ignore[arg-type]  # checked where it was read
                by=by,
                cause=seq,
            )
        )
        return True

    def claim(self) -> None:
        """Record that this process drives the DAG run now, and give up on what the last one lost."""
        pid = os.getpid()
        payload = {
            "pid": pid,
            "host": socket.gethostname(),
            "boot_id": boot_id(),
            "process_start": process_start(pid),
            "resumed": self.found.coordinators > 0,
        }
        self._record("dag_run.claimed", self._id, payload)
        self._world.faults("dag_run.after_claim")
        if payload["resumed"]:
            self._give_up_lost()

    def _give_up_lost(self) -> None:
        lost = lost_attempts(self.scheduler)
        spawned = [self.found.spawned[run_id] for _, _, run_id in lost if run_id in self.found.spawned]
        self._world.stop_stranded(
            [(facts["pid"], facts["started"], facts["boot_id"]) for facts in spawned],
            run_ids=[run_id for _, _, run_id in lost],
            dag_run_id=self._id,
        )
        now = self._world.clock.now_ms()
        for node, generation, run_id in lost:
            task = self.instances[node].task
            if isinstance(self._world.runtimes.get(task.runtime), Adopts):
                # It may have ended by itself; what it left is looked at when the DAG run is driven on.
                self._outliving.append((node, generation, run_id))
                continue
            shutil.rmtree(self._state / "scratch" / run_id, ignore_errors=True)
            self._give_up(node, generation, run_id, now)
        # All attempts so far have ended now; one may be left from a resume that was killed here.
        begun = {record.entity_id for record in self._records if record.kind == "attempt.started"}
        kept_output.forget(self._ledger.blobs, begun)

    def _started(self, run_id: str) -> Journaled:
        return next(r for r in self._records if r.entity_id == run_id and r.kind == "attempt.started")

    def _adopt(self, coordinator: Coordinator) -> None:
        """Take over the attempts that went on without a Coordinator and ended; give up on the others."""
        for node, generation, run_id in self._outliving:
            if not coordinator.adopt(self._started(run_id)):
                shutil.rmtree(self._state / "scratch" / run_id, ignore_errors=True)
                self._give_up(node, generation, run_id, self._world.clock.now_ms())
        self._outliving.clear()

    def _give_up(self, node: str, generation: int, run_id: str, now: int) -> None:
        started = self._started(run_id)
        reason = (
            f"its end was never seen: the Coordinator that started it is gone{self._salvaged(node, run_id)}"
        )
        event = AttemptFinished(
            node=node, generation=generation, run_id=run_id, outcome="interrupted", reason=reason
        )
        _, state, node_reason = self.scheduler.failures_ahead(event)
        payload = {
            "node_id": node,
            "generation": generation,
            "attempt_no": started.payload["attempt_no"],
            "task_id": self.instances[node].task_id,
            "runtime": started.payload["runtime"],
            "attempt_key": started.payload["key"],
            "outcome": "interrupted",
            "reason": reason,
            "node_state": state,
            "node_reason": node_reason,
            "started_ts": started.ts_ms,
            "ended_ts": now,
            **of_intent(started.payload),
            **kept_output.adopt(self._ledger.blobs, run_id),
        }
        self._world.faults("lost.before_commit")
        seq = self._record("attempt.finished", run_id, payload)
        self._world.faults("lost.after_commit")
        self.scheduler.handle(
            AttemptFinished(
                node=node,
                generation=generation,
                run_id=run_id,
                outcome="interrupted",
                reason=reason,
                cause=seq,
            )
        )

    def _salvaged(self, node: str, run_id: str) -> str:
        """Put away what a lost attempt did in a worktree of its own; where that is, in words."""
        task = self.instances[node].task
        if task.isolation == "none":
            return ""
        runtime: object = self._world.runtimes.get(task.runtime)
        kept = runtime.salvage(run_id) if isinstance(runtime, Salvages) else None
        return "" if kept is None else f"; what it had done is kept: me worktrees restore {run_id}"

    async def drive(self, *, chosen: str = "") -> tuple[DagRunState, str]:
        """Drive the DAG run as far as it goes and record its end, if this is one.

        `chosen` is told to the observer: why it is this DAG run, where nobody named one.
        """
        world = self._world
        coordinator = self._coordinator()
        self._announce(chosen)
        remove = _listen(coordinator, world) if world.signals else None
        try:
            self._adopt(coordinator)
            state, reason = await coordinator.drive()
        finally:
            try:
                for runtime in world.runtimes.values():
                    await runtime.close()
                if world.assess is not None:
                    await world.assess.close()
            finally:
                if remove is not None:
                    remove()
        return self._write_end(state, reason)

    def _coordinator(self) -> Coordinator:
        world = self._world
        results = self.results()
        requests = RequestBuilder(
            self.graph,
            dag_run_id=self._id,
            evaluate=world.evaluate,
            results=results,
            environ=world.environ,
            spec_digests=self._spec_digests,
            commits=self.found.commits,
        )
        self._requests = requests
        growing = Growing(
            self.instances,
            self.scheduler,
            self.outputs,
            self._ledger.blobs,
            requests,
            read_parameter=world.read_parameter,
            most_items=world.most_items,
        )
        reuse = Reuse(
            ReusableResults(
                self._ledger,
                self._id,
                project=self.graph.project,
                force=bool(self._created.get("force")),
            ),
            requests,
            world.runtimes,
            project=self.graph.project,
        )
        desk = None
        if any(task.agent is not None for _, task in leaf_tasks(self.graph)):
            desk = self._desk(requests)
        return Coordinator(
            self.instances,
            dag_run_id=self._id,
            ledger=self._ledger,
            scheduler=self.scheduler,
            requests=requests,
            growing=growing,
            reuse=reuse,
            desk=desk,
            outputs=self.outputs,
            deliverables=self.found.deliverables,
            commits=self.found.commits,
            runtimes=world.runtimes,
            clock=world.clock,
            ids=world.ids,
            rng=world.rng,
            faults=world.faults,
            observer=world.observer,
            assess=world.assess,
            known_ends=self.found.known_ends,
            known_asks=self.found.known_asks,
            known_renewals=self.found.known_renewals,
            last_seq=self.found.last_seq,
            scratch=str(self._state / "scratch"),
        )

    def _desk(self, requests: RequestBuilder) -> AgentDesk:
        world = self._world
        assert world.manifest_text is not None, "a graph with agents needs somebody to write Manifests"
        executors = Executors(self._ledger, self._id, ids=world.ids, known=self.found.executors)
        return AgentDesk(
            self._ledger,
            requests,
            executors,
            project=self.graph.project,
            folder=self._state.parent,
            ids=world.ids,
            manifest_text=world.manifest_text,
            memory=world.memory,
            runs=self.found.runs,
        )

    def _announce(self, chosen: str) -> None:
        observer = self._world.observer
        if observer is None:
            return
        total = sum(node.spec.kind != "group" for node in self.scheduler.nodes.values())
        resumed = self.found.coordinators > 0
        tasks = len(self.graph.tasks) if any(one.layer for one in self.instances.values()) else 0
        observer.notice(RunStarted(self._id, self.graph.name, total, resumed, chosen, tasks))
        if resumed:
            source = source_state(self.graph.source, self.graph.source_digest)
            if source != "same":
                observer.notice(SourceChanged(gone=source == "gone"))

    def _write_end(self, state: DagRunState, reason: str) -> tuple[DagRunState, str]:
        world = self._world
        if state in ("ok", "failed", "cancelled"):
            payload: dict[str, Any] = {"state": state, "reason": reason}
            if state == "ok" and self.graph.outputs:
                payload = self._with_outputs(payload)
            world.faults("end.before_commit")
            self._record("dag_run.ended", self._id, payload)
            world.faults("end.after_commit")
            state, reason = payload["state"], payload["reason"]
        elif state == "paused":
            waiting = [node.spec.id for node in self.scheduler.waits_for_person()]
            self._record("dag_run.paused", self._id, {"reason": reason, "waiting_for": waiting})
        self._ledger.mirror.catch_up(wait=False)
        return state, reason

    def _with_outputs(self, payload: dict[str, Any]) -> dict[str, Any]:
        """`payload` and the graph's outputs; a failed end when they cannot be evaluated."""
        try:
            return {**payload, "outputs": self._graph_outputs()}
        except RenderError as error:
            return {"state": "failed", "reason": str(error)}

    def _graph_outputs(self) -> dict[str, Any]:
        return self._requests.outputs_of(Frame(graph=self.graph, params=dict(self.graph.params)))

    def _record(self, kind: str, entity: str, payload: dict[str, Any]) -> int:
        return self._ledger.append([Record(kind, entity, self._id, payload, None, None)])[0]


def _listen(coordinator: Coordinator, world: Surroundings) -> Callable[[], None]:
    loop = asyncio.get_running_loop()
    seen = 0

    def on_signal() -> None:
        nonlocal seen
        seen += 1
        if world.observer is not None:
            text = (
                f"stopping: {coordinator.running} running, press Ctrl-C again to kill them"
                if seen == 1
                else "killing what still runs"
            )
            world.observer.notice(Note(text))
        coordinator.stop(hard=seen > 1)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, on_signal)

    def remove() -> None:
        for number in numbers:
            loop.remove_signal_handler(number)

    return remove


def _records(ledger: Ledger, dag_run_id: str) -> Iterator[Journaled]:
    after = 0
    while page := ledger.journal_of(dag_run_id, after=after, limit=PAGE):
        yield from page
        after = page[-1].seq


def stored_graph(ledger: Ledger, dag_run_id: str) -> BoundGraph:
    """The graph that a DAG run was started with, as it was stored."""
    created = _created(ledger.journal_of(dag_run_id, limit=1), dag_run_id)
    return bound_json.from_json(json.loads(ledger.blobs.get(created["graph"])))


def stored_quality(ledger: Ledger, dag_run_id: str) -> Mapping[str, Any]:
    """The rules of the quality gate that a DAG run was started with; empty for the core layer's."""
    found: Mapping[str, Any] = (
        _created(ledger.journal_of(dag_run_id, limit=1), dag_run_id).get("quality") or {}
    )
    return found


def _created(records: Sequence[Journaled], dag_run_id: str) -> Mapping[str, Any]:
    if not records or records[0].kind != "dag_run.created":
        raise ChainBroken(f"the records of DAG run `{dag_run_id}` do not begin with its creation")
    return records[0].payload
