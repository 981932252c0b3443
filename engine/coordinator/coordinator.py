"""The driver of one DAG run: one asyncio loop, commands in, events back."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from ...schemas.errors import InvariantBroken, LedgerError
from ...schemas.ids import IdSource
from ...schemas.progress import Grew, NodeChanged, Note, Observer
from ...schemas.states import DagRunState
from ...schemas.suggest import in_backticks
from ..faults import Faults
from ..ledger.ledger import Ledger
from ..ledger.records import (
    GRAPH_GREW,
    GROUP_JUDGED,
    GROWTH_FAILED,
    NODE_REUSED,
    NODES_RENEWED,
    PRINCIPAL_ASKED,
    Record,
)
from ..runtimes.protocol import Activity, AttemptEvent, AttemptResult, Runtime, Spawned
from ..scheduler.commands import (
    AskPrincipal,
    CancelAttempt,
    Command,
    EvaluateCondition,
    GrowGroup,
    JudgeGroup,
    NodeEnd,
    RecordEnds,
    RecordRenewal,
    SetCancelDeadline,
    SetTimer,
    StartAttempt,
)
from ..scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    ConditionEvaluated,
    DispatchOpened,
    Event,
    GraphGrew,
    GroupJudged,
    NodeReused,
    PrincipalAnswered,
    StopRequested,
    TimerFired,
)
from ..scheduler.machine import Scheduler
from .attempt import LiveAttempt
from .backoff import backoff
from .clock import Clock, Timer
from .facts import ends_payload, event_of
from .growing import Growing, Instances, count_of_work
from .outcome import broken_runtime, finished_payload, started_payload
from .outputs import Outputs
from .requests import RenderError, RequestBuilder
from .reuse import Candidate, Reuse

POLL_SECONDS = 0.4
"""How often the mirror is caught up, and other processes' records are looked for."""

CANCEL_DEADLINE_SECONDS = 60.0
"""How long the `done` tasks of a cancelled DAG run may take."""

NAMED = 5
"""How many of the nodes that wait are named when a DAG run pauses."""

PAGE = 1000
"""Journal records read at a time."""

OUTSIDE_KINDS = ("dag_run.cancel_requested", "principal.answered")
"""The kinds of records that another process may write about a live DAG run."""


class Coordinator:
    """Drives one DAG run to its end, or to the point where it stops.

    The caller holds the DAG run's lock, has replayed what was recorded into `scheduler` and
    `outputs`, and says in `known_ends` which nodes' ends already stand in the Ledger. `last_seq` is
    the last journal record that was replayed. Everything that is not a pure decision is an argument.
    """

    def __init__(
        self,
        instances: Instances,
        *,
        dag_run_id: str,
        ledger: Ledger,
        scheduler: Scheduler,
        requests: RequestBuilder,
        growing: Growing,
        reuse: Reuse | None = None,
        outputs: Outputs,
        deliverables: dict[str, str],
        runtimes: Mapping[str, Runtime],
        clock: Clock,
        ids: IdSource,
        rng: Random,
        faults: Faults,
        observer: Observer | None = None,
        known_ends: set[tuple[str, int]] | None = None,
        known_asks: dict[tuple[str, int], str] | None = None,
        known_renewals: set[tuple[str, int]] | None = None,
        last_seq: int = 0,
        scratch: str = "",
    ) -> None:
        self._instances = instances
        self._dag_run_id = dag_run_id
        self._ledger = ledger
        self._scheduler = scheduler
        self._requests = requests
        self._growing = growing
        self._reuse = reuse
        self._considering: set[str] = set()
        self._outputs = outputs
        self._deliverables = deliverables
        self._runtimes = runtimes
        self._clock = clock
        self._ids = ids
        self._rng = rng
        self._faults = faults
        self._observer = observer
        self._known_ends = known_ends or set()
        self._known_asks = known_asks or {}
        self._known_renewals = known_renewals or set()
        self._outside_seq = last_seq
        self._own_seq = last_seq
        self._scratch = scratch
        self._commands: deque[Command] = deque()
        self._live: dict[str, LiveAttempt] = {}
        self._carriers: set[asyncio.Task[None]] = set()
        self._timers: dict[str, Timer] = {}
        self._housekeeping: Timer | None = None
        self._deadline: Timer | None = None
        self._data_version = -1
        self._pumping = False
        self._ended: asyncio.Future[None] | None = None

    @property
    def running(self) -> int:
        """Attempts that are being carried out."""
        return len(self._live)

    async def drive(self) -> tuple[DagRunState, str]:
        """Go on until every node has ended, or nothing more can happen here.

        Gives the state and the reason: an end (`ok`, `failed`, `cancelled`), `paused` when only a
        person's answer can move it, or `interrupted` after `stop`. A Ledger that fails ends all
        attempts and raises its error; what was recorded stays.
        """
        self._ended = asyncio.get_running_loop().create_future()
        try:
            self._guard(self._begin)()
            await self._ended
        finally:
            await self._close()
        if self._scheduler.is_done:
            return self._scheduler.verdict()
        if self._scheduler.is_stopping:
            return "interrupted", "stopped before every node had ended"
        names = [node.spec.id for node in self._scheduler.waits_for_person()]
        return "paused", f"waits for an answer about {in_backticks(names, last='and', limit=NAMED)}"

    def stop(self, *, hard: bool = False) -> None:
        """Start nothing more and stop what runs; the DAG run can be resumed afterwards."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._guard(lambda: self._feed(StopRequested(hard=hard)))()

    def _begin(self) -> None:
        # What others asked for comes first, and nothing is carried out, or held to be over, before the
        # scheduler is open.
        self._pumping = True
        try:
            self._look_outside()
        finally:
            self._pumping = False
        self._feed(DispatchOpened())
        if self._ended is not None and not self._ended.done():
            self._keep_house()

    # Events in, commands out

    def _feed(self, event: Event) -> None:
        self._commands.extend(self._scheduler.handle(event))
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._commands:
                self._execute(self._commands.popleft())
        finally:
            self._pumping = False
        self._check_ended()

    def _execute(self, command: Command) -> None:
        match command:
            case StartAttempt():
                self._start([one for one in self._batch(command) if not self._considered(one)])
            case EvaluateCondition():
                self._evaluate(command)
            case SetTimer():
                self._set_timer(command)
            case CancelAttempt():
                self._cancel(command)
            case RecordEnds():
                self._record_ends(command.ends)
            case GrowGroup():
                self._grow(command)
            case JudgeGroup():
                self._judge(command)
            case AskPrincipal():
                self._ask(command)
            case RecordRenewal():
                self._record_renewal(command)
            case SetCancelDeadline():
                self._set_deadline()

    def _batch(self, first: StartAttempt) -> list[StartAttempt]:
        """`first` and the starts that follow it at once: their intents share a commit."""
        batch = [first]
        while self._commands and isinstance(self._commands[0], StartAttempt):
            batch.append(self._commands.popleft())  # type: ignore[arg-type]  # just checked
        return batch

    def _cancel(self, command: CancelAttempt) -> None:
        live = self._live.get(command.run_id)
        if live is not None:
            live.cancel(command.why, hard=command.hard)

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self._clock.call_later(CANCEL_DEADLINE_SECONDS, self._guard(self._on_deadline))

    def _check_ended(self) -> None:
        future = self._ended
        if self._live or self._considering or future is None or future.done():
            return
        scheduler = self._scheduler
        if scheduler.is_done or scheduler.is_stopping:
            future.set_result(None)
        elif not self._timers:
            if not scheduler.waits_for_person():
                raise InvariantBroken(f"nothing is left to do, and yet the nodes are {scheduler.counts}")
            future.set_result(None)

    # Reuse

    def _considered(self, command: StartAttempt) -> bool:
        """Whether it is looked first if an earlier result can be taken; that goes on beside all else."""
        instance = self._instances[command.node]
        if command.attempt_no > 1 or self._reuse is None or not self._reuse.applies(instance.task):
            return False
        self._considering.add(command.node)
        self._spawn(self._consider(command))
        return True

    async def _consider(self, command: StartAttempt) -> None:
        assert self._reuse is not None
        decision = await self._reuse.decide(self._instances[command.node], command, self._scheduler)
        self._considering.discard(command.node)
        node = self._scheduler.nodes.get(command.node)
        if node is None or node.generation != command.generation or not node.starting:
            return
        if decision.payload is None or node.unneeded or self._scheduler.is_cancelling:
            if not self._scheduler.is_stopping:
                self._start([command], decision.candidate)
            self._check_ended()
            return
        self._faults("reuse.before_commit")
        seq = self._append(Record(NODE_REUSED, command.node, self._dag_run_id, decision.payload, None, None))
        self._faults("reuse.after_commit")
        self._outputs.recall(command.node, decision.payload)
        if decision.payload.get("deliverable_ref"):
            self._deliverables[command.node] = decision.payload["deliverable_ref"]["path"]
        watched = self._scheduler.is_watched(command.node)
        event = NodeReused(
            node=command.node,
            generation=command.generation,
            run_id=decision.payload["run_id"],
            output=self._outputs.get(command.node) if watched else None,
            cause=seq,
        )
        self._tell(command.node, "ok", decision.payload["reason"], 0, 0)
        self._feed(event)

    # Attempts

    def _start(self, commands: list[StartAttempt], candidate: Candidate | None = None) -> None:
        if not commands:
            return
        now = self._clock.now_ms()
        prepared: list[tuple[LiveAttempt, Any]] = []
        records: list[Record] = []
        durable = False
        for command in commands:
            instance = self._instances[command.node]
            task = instance.task
            run_id = self._ids()
            request: Any
            try:
                request = self._requests.build(
                    instance,
                    run_id=run_id,
                    generation=command.generation,
                    attempt_no=command.attempt_no,
                    rewinds=self._scheduler.nodes[command.node].rewinds,
                    scratch=f"{self._scratch}/{run_id}",
                )
                key = request.key
            except RenderError as error:
                request, key = error, ""
            live = LiveAttempt(
                command.node,
                task,
                generation=command.generation,
                attempt_no=command.attempt_no,
                run_id=run_id,
                started_ms=now,
                key=key,
                clock=self._clock,
                guard=self._guard,
            )
            live.candidate = candidate
            prepared.append((live, request))
            payload = started_payload(live, request, self._requests, self._ledger.blobs)
            records.append(Record("attempt.started", run_id, self._dag_run_id, payload, None, now))
            durable = durable or task.effects == "external"
        self._faults("intent.before_commit")
        seqs = self._journal(records, durable=durable)
        self._faults("intent.after_commit")
        for (live, request), seq in zip(prepared, seqs, strict=True):
            self._live[live.run_id] = live
            self._launch(live, request, seq)

    def _launch(self, live: LiveAttempt, request: Any, seq: int) -> None:
        task = live.task
        self._feed(AttemptStarted(node=live.node, generation=live.generation, run_id=live.run_id, cause=seq))
        if self._observer is not None:
            self._tell(live.node, "running", "", live.attempt_no)
        if isinstance(request, RenderError):
            failed = AttemptResult(outcome="failed", failure_reason="exception", reason=str(request))
            self._carry(live, None, failed)
            return
        try:
            handle = self._runtimes[task.runtime].start(request, lambda event: self._on_event(live, event))
        except LedgerError:
            raise
        except Exception as error:
            self._carry(live, None, broken_runtime(task.runtime, error))
            return
        live.watch(handle)
        self._faults("attempt.after_start")
        self._carry(live, handle.wait(), None)

    def _carry(self, live: LiveAttempt, waiting: Any, known: AttemptResult | None) -> None:
        self._spawn(self._carry_out(live, waiting, known))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except BaseException as error:
                self._fail(error)

        carrier = asyncio.get_running_loop().create_task(guarded())
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)

    async def _carry_out(self, live: LiveAttempt, waiting: Any, known: AttemptResult | None) -> None:
        if known is None:
            try:
                known = await waiting
            except LedgerError:
                raise
            except Exception as error:
                known = broken_runtime(live.task.runtime, error)
        if live.candidate is not None and known.outcome == "ok" and self._reuse is not None:
            live.offer = await self._reuse.offer(live.node, live.candidate)
        if self._ended is not None and not self._ended.done():
            self._finish(live, self._bounded(live, live.verdict(known)))

    def _bounded(self, live: LiveAttempt, result: AttemptResult) -> AttemptResult:
        """`result`, as a failure when it was lost and may be run again: `retry` then sets the bound.

        A command that kills whoever starts it would else be run for ever.
        """
        if result.outcome != "interrupted" or live.on_lost != "rerun":
            return result
        return replace(result, outcome="failed", failure_reason="other")

    def _finish(self, live: LiveAttempt, result: AttemptResult) -> None:
        self._faults("attempt.after_end")
        task = live.task
        event = AttemptFinished(
            node=live.node,
            generation=live.generation,
            run_id=live.run_id,
            outcome=result.outcome,
            failure_reason=result.failure_reason,
            reason=result.reason,
            cancelled_for=live.cancelled_for if result.outcome == "cancelled" else None,
        )
        if event.cancelled_for == "stop":
            event = replace(event, on_lost=live.on_lost)
        kind, state, reason = self._scheduler.failures_ahead(event)
        wait = 0.0
        if kind == "attempt_retry":
            wait = backoff(
                task.retry,
                result.failure_reason,
                live.attempt_no,
                rng=self._rng,
                retry_after=result.retry_after,
            )
        now = self._clock.now_ms()
        payload = finished_payload(live, result, event, state=state, reason=reason, backoff=wait, now=now)
        # What was sent back may still end ok; nobody may see its output in place of the new one's.
        is_live = self._scheduler.is_live(live.node, live.generation)
        if result.outcome == "ok" and is_live:
            payload.update(self._outputs.keep(live.node, result.output))
            if live.offer is not None:
                payload["result"] = live.offer
            if result.deliverable is not None:
                self._deliverables[live.node] = str(result.deliverable["path"])
        self._faults("outcome.before_commit")
        (seq,) = self._journal(
            [Record("attempt.finished", live.run_id, self._dag_run_id, payload, None, now)],
            durable=task.effects == "external",
        )
        self._faults("outcome.after_commit")
        del self._live[live.run_id]
        if self._observer is not None and is_live:
            self._tell(live.node, state, reason, live.attempt_no, now - live.started_ms)
        watched = result.outcome == "ok" and self._scheduler.is_watched(live.node)
        self._feed(replace(event, backoff=wait, cause=seq, output=result.output if watched else None))

    def _on_event(self, live: LiveAttempt, event: AttemptEvent) -> None:
        if isinstance(event, Activity):
            live.sign_of_life()
        elif isinstance(event, Spawned):
            facts = {
                "pid": event.pid,
                "group": event.group,
                "started": event.started,
                "boot_id": event.boot_id,
            }
            record = Record("attempt.spawned", live.run_id, self._dag_run_id, facts, None, None)
            self._guard(lambda: self._note(record))()

    # Conditions, timers, ends

    def _evaluate(self, command: EvaluateCondition) -> None:
        if not self._scheduler.is_due(command):
            return
        value: bool | None = None
        error: str | None = None
        try:
            value = self._requests.condition(self._instances[command.node])
        except RenderError as problem:
            error = str(problem)
        payload: dict[str, Any] = {"generation": command.generation, "value": value}
        if error is not None:
            payload["error"] = error
        self._faults("condition.before_commit")
        seq = self._append(Record("node.condition", command.node, self._dag_run_id, payload, None, None))
        self._faults("condition.after_commit")
        self._feed(
            ConditionEvaluated(
                node=command.node, generation=command.generation, value=value, error=error, cause=seq
            )
        )

    # Groups and questions

    def _grow(self, command: GrowGroup) -> None:
        if not self._scheduler.is_due(command):
            return
        payload = self._growing.growth(command.node, command.generation)
        self._faults("growth.before_commit")
        kind = GROWTH_FAILED if "error" in payload else GRAPH_GREW
        seq = self._append(Record(kind, command.node, self._dag_run_id, payload, None, None))
        self._faults("growth.after_commit")
        event = self._growing.event(command.node, payload, cause=seq)
        if self._observer is not None and isinstance(event, GraphGrew):
            self._observer.notice(Grew(command.node, count_of_work(self._instances, event)))
        self._feed(event)

    def _judge(self, command: JudgeGroup) -> None:
        if not self._scheduler.is_due(command):
            return
        payload = self._growing.judgement(command.node, command.generation)
        self._faults("judgement.before_commit")
        seq = self._append(Record(GROUP_JUDGED, command.node, self._dag_run_id, payload, None, None))
        self._faults("judgement.after_commit")
        self._feed(
            GroupJudged(
                group=command.node,
                generation=command.generation,
                holds=payload["holds"],
                error=payload.get("error"),
                cause=seq,
            )
        )

    def _ask(self, command: AskPrincipal) -> None:
        node = self._scheduler.nodes[command.node]
        question = f"{node.asked}, and it may have changed the world: run it again?"
        if command.about == "own":
            question = self._growing.question(command.node)
            if (command.node, command.generation) not in self._known_asks:
                self._known_asks[command.node, command.generation] = question
                payload = {"generation": command.generation, "question": question}
                self._append(Record(PRINCIPAL_ASKED, command.node, self._dag_run_id, payload, None, None))
                self._faults("asked.after_commit")
        self._tell(command.node, node.state, question, node.attempts)

    def _record_renewal(self, command: RecordRenewal) -> None:
        fresh = [pair for pair in command.nodes if pair not in self._known_renewals]
        if not fresh:
            return
        self._known_renewals.update(fresh)
        payload = {
            "nodes": [list(pair) for pair in command.nodes],
            "dropped": [list(pair) for pair in command.dropped],
        }
        self._faults("renewal.before_commit")
        self._append(Record(NODES_RENEWED, self._dag_run_id, self._dag_run_id, payload, None, None))
        self._faults("renewal.after_commit")
        for node_id, _ in fresh:
            self._tell(node_id, "pending", "sent back", 0)
        if self._observer is not None:
            names = in_backticks([node_id for node_id, _ in fresh], last="and", limit=NAMED)
            self._observer.notice(Note(f"sent back, to be done anew: {names}"))

    def _set_timer(self, command: SetTimer) -> None:
        def fired() -> None:
            self._timers.pop(command.node, None)
            payload = {"generation": command.generation}
            seq = self._append(Record("timer.fired", command.node, self._dag_run_id, payload, None, None))
            self._faults("timer.after_commit")
            self._feed(TimerFired(node=command.node, generation=command.generation, cause=seq))

        self._timers[command.node] = self._clock.call_later(command.seconds, self._guard(fired))

    def _record_ends(self, ends: tuple[NodeEnd, ...]) -> None:
        fresh = [end for end in ends if (end.node, end.generation) not in self._known_ends]
        for end in fresh:
            timer = self._timers.pop(end.node, None)
            if timer is not None:
                timer.cancel()
        if not fresh:
            return
        self._faults("ends.before_commit")
        self._append(
            Record("nodes.ended", self._dag_run_id, self._dag_run_id, ends_payload(fresh), None, None)
        )
        self._faults("ends.after_commit")
        for end in fresh:
            node = self._scheduler.nodes.get(end.node)
            self._tell(end.node, end.state, end.reason, node.attempts if node is not None else 0)

    def _on_deadline(self) -> None:
        payload = {"now": True, "by": "the deadline for `done` tasks"}
        record = Record("dag_run.cancel_requested", self._dag_run_id, self._dag_run_id, payload, None, None)
        seq = self._append(record)
        self._feed(CancelRequested(now=True, by=payload["by"], cause=seq))  # type: ignore[arg-type]

    # Housekeeping

    def _keep_house(self) -> None:
        # Whoever holds the mirror's lock writes what is missing; waiting here would stop everything.
        self._ledger.mirror.catch_up(wait=False)
        self._look_outside()
        self._housekeeping = self._clock.call_later(POLL_SECONDS, self._guard(self._keep_house))

    def _look_outside(self) -> None:
        # Read first: what this process wrote up to here is no news, if nobody else has written.
        own = self._own_seq
        version = self._ledger.data_version()
        if version == self._data_version:
            self._outside_seq = max(self._outside_seq, own)
            return
        self._data_version = version
        while rows := self._ledger.journal_of(self._dag_run_id, after=self._outside_seq, limit=PAGE):
            for row in rows:
                self._outside_seq = row.seq
                event = event_of(row) if row.kind in OUTSIDE_KINDS else None
                if event is not None:
                    if isinstance(event, PrincipalAnswered):
                        self._take_value(event, row.payload)
                    self._feed(event)

    def _take_value(self, event: PrincipalAnswered, payload: Mapping[str, Any]) -> None:
        # An answer that came too late is on record, and counts for nothing.
        if event.answer == "yes" and self._scheduler.is_asked(event.node, event.generation):
            self._outputs.recall(event.node, payload)

    def _note(self, record: Record) -> None:
        self._append(record)

    def _append(self, record: Record) -> int:
        return self._journal([record])[0]

    def _journal(self, records: list[Record], *, durable: bool = False) -> list[int]:
        seqs = self._ledger.append(records, durable=durable)
        self._own_seq = seqs[-1]
        return seqs

    def _tell(
        self, node: str, state: Any, reason: str, attempt_no: int, duration_ms: int | None = None
    ) -> None:
        if self._observer is not None:
            now = self._clock.now_ms()
            is_group = self._instances[node].layer is not None
            self._observer.notice(NodeChanged(node, state, reason, attempt_no, now, duration_ms, is_group))

    # Failing and closing

    def _guard(self, call: Callable[[], None]) -> Callable[[], None]:
        """`call`, such that an error of it ends the drive instead of being lost in a callback."""

        def guarded() -> None:
            if self._ended is not None and self._ended.done():
                return
            try:
                call()
            except BaseException as error:
                self._fail(error)

        return guarded

    def _fail(self, error: BaseException) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    async def _close(self) -> None:
        for timer in (self._housekeeping, self._deadline, *self._timers.values()):
            if timer is not None:
                timer.cancel()
        for live in self._live.values():
            live.cancel("stop", hard=True)
        if self._carriers:
            await asyncio.wait(self._carriers)
