"""Attempts from their intent to their outcome, or to an earlier result that is taken instead."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final

from ...schemas.errors import ConflictingRecord, LedgerError
from ...schemas.states import NodeState
from ..agents.executors import ExecutorAtWork
from ..ledger.records import (
    ATTEMPT_STARTED,
    NODE_REUSED,
    Journaled,
    Record,
)
from ..quality.assessed import AssessedHandle
from ..quality.assessment import is_assessed
from ..runtimes.protocol import Activity, Adopts, AttemptEvent, AttemptResult, Spawned
from ..scheduler.commands import (
    CancelAttempt,
    StartAttempt,
)
from ..scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    NodeReused,
    StartPutOff,
    TimerFired,
)
from .agent_desk import of_intent
from .attempt import LiveAttempt
from .backoff import backoff
from .gates import quality_gate
from .ground import Ground, PutOff
from .outcome import broken_runtime, finished_payload, started_payload, unfit
from .requests import RenderError
from .reuse import Candidate

_PutOffs = list[tuple[StartAttempt, ExecutorAtWork]]

_UNFIT: Final = (ValueError, TypeError, OverflowError, RecursionError)
"""What data that nothing can hold makes of the writing of it. The Ledger then holds nothing of it either."""

_PICKS: Final = 20
"""How often Executors are chosen anew because another process was faster."""


class Attempts(Ground):
    """Starts attempts, watches over them, and writes down how they ended."""

    carried_out: ClassVar[Mapping[type[Any], Callable[[Any, Any], None]]] = {
        StartAttempt: lambda self, command: self._start_batch(command),
        CancelAttempt: lambda self, command: self._cancel(command),
    }

    @property
    def running(self) -> int:
        """Attempts that are being carried out."""
        return len(self._live)

    def _start_batch(self, first: StartAttempt) -> None:
        self._start([one for one in self._batch(first) if not self._considered(one)])

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

    # From the intent to the outcome

    def _start(self, commands: list[StartAttempt], candidate: Candidate | None = None) -> None:
        if not commands:
            return
        prepared, seqs, put_off = self._recorded(commands, candidate)
        if prepared:
            self._faults("intent.after_commit")
        for (live, request), seq in zip(prepared, seqs, strict=True):
            self._live[live.run_id] = live
            self._launch(live, request, seq)
        for command, busy in put_off:
            self._wait_for(command, busy)

    def _recorded(
        self, commands: list[StartAttempt], candidate: Candidate | None
    ) -> tuple[list[tuple[LiveAttempt, Any]], list[int], _PutOffs]:
        """The attempts, the numbers of the records of their intents, and what cannot start yet."""
        for left in range(_PICKS, 0, -1):
            prepared, records, durable, put_off = self._prepared(commands, candidate)
            if not prepared:
                return prepared, [], put_off
            self._faults("intent.before_commit")
            try:
                seqs = self._journal(records, durable=durable)
            except ConflictingRecord:
                # Another process was faster with an Executor; nothing of this is on record.
                if not self._withdrawn(prepared) or left == 1:
                    raise
                continue
            if len(seqs) > len(prepared):
                seqs = [n for n, one in zip(seqs, records, strict=True) if one.kind == ATTEMPT_STARTED]
            return prepared, seqs, put_off
        raise AssertionError("the last pick either returned or raised")

    def _prepared(
        self, commands: list[StartAttempt], candidate: Candidate | None
    ) -> tuple[list[tuple[LiveAttempt, Any]], list[Record], bool, _PutOffs]:
        """The attempts, ready to start, with the records of their intents, and what cannot start yet."""
        now = self._clock.now_ms()
        prepared: list[tuple[LiveAttempt, Any]] = []
        records: list[Record] = []
        durable = False
        put_off: _PutOffs = []
        for command in commands:
            task = self._instances[command.node].task
            run_id = self._ids()
            request = self._request(command, run_id)
            key = "" if isinstance(request, RenderError) else request.key
            live = self._new_live(command, run_id, now, key)
            live.candidate = candidate
            if task.agent is not None and not isinstance(request, RenderError):
                try:
                    request = self._with_executor(live, request, records)
                except ExecutorAtWork as busy:
                    put_off.append((command, busy))
                    continue
            prepared.append((live, request))
            payload = started_payload(live, request, self._requests, self._ledger.blobs)
            records.append(Record(ATTEMPT_STARTED, run_id, self._dag_run_id, payload, None, now))
            # What costs money, or is done in the world outside, is on disk before it is done.
            durable = durable or task.effects == "external" or task.agent is not None
        return prepared, records, durable, put_off

    def _wait_for(self, command: StartAttempt, busy: ExecutorAtWork) -> None:
        """Let the node wait for its Executor, without the slot that it was given."""
        reason = str(busy)
        self._put_off[command.node] = PutOff(command.generation, busy.alias)
        self._feed(StartPutOff(node=command.node, generation=command.generation, reason=reason))
        if command.node in self._waiting_for_executors():
            self._tell(command.node, "waiting", reason, command.attempt_no - 1)

    def _end_waits(self) -> None:
        """Let those nodes try to start whose Executor is idle, or never will be by itself."""
        if self._desk is None or self._scheduler.is_stopping:
            return
        for name, wait in list(self._waiting_for_executors().items()):
            if not self._desk.is_at_work(wait.alias):
                del self._put_off[name]
                self._feed(TimerFired(node=name, generation=wait.generation))

    def _new_live(self, command: StartAttempt, run_id: str, started_ms: int, key: str) -> LiveAttempt:
        instance = self._instances[command.node]
        return LiveAttempt(
            command.node,
            instance.task,
            task_id=instance.task_id,
            generation=command.generation,
            attempt_no=command.attempt_no,
            run_id=run_id,
            started_ms=started_ms,
            key=key,
            clock=self._clock,
            guard=self._guard,
        )

    def _request(self, command: StartAttempt, run_id: str) -> Any:
        try:
            return self._requests.build(
                self._instances[command.node],
                run_id=run_id,
                generation=command.generation,
                attempt_no=command.attempt_no,
                rewinds=self._scheduler.nodes[command.node].rewinds,
                scratch=f"{self._scratch}/{run_id}",
            )
        except RenderError as error:
            return error

    def _with_executor(self, live: LiveAttempt, request: Any, records: list[Record]) -> Any:
        assert self._desk is not None
        try:
            found = self._desk.prepare(self._instances[live.node], request)
        except RenderError as error:
            return error
        records += found.records
        live.choice = found.choice
        live.columns = found.columns
        live.request = found.request
        return found.request

    def _withdrawn(self, prepared: list[tuple[LiveAttempt, Any]]) -> bool:
        """Take the choice of Executors back; whether there was any that may come out otherwise."""
        choices = {live.node: live.choice for live, _ in prepared if live.choice is not None}
        if not choices or self._desk is None:
            return False
        self._desk.withdraw(choices)
        return True

    def adopt(self, started: Journaled) -> bool:
        """Go on with an attempt that an earlier Coordinator began, if it has ended by itself and is the one
        that would be made now; whether it is."""
        payload = started.payload
        instance = self._instances[payload["node_id"]]
        runtime = self._runtimes[instance.task.runtime]
        node = self._scheduler.nodes[instance.id]
        if self._desk is None or not isinstance(runtime, Adopts) or node.live != started.entity_id:
            return False
        command = StartAttempt(
            node=instance.id, generation=payload["generation"], attempt_no=payload["attempt_no"]
        )
        request = self._request(command, started.entity_id)
        if isinstance(request, RenderError) or request.key != payload["key"]:
            return False
        live = self._new_live(command, started.entity_id, started.ts_ms, request.key)
        try:
            request = self._desk.again(instance, request, payload)
        except RenderError:
            return False
        handle = runtime.adopt(request, lambda event: self._on_event(live, event))
        if handle is None:
            return False
        live.request = request
        live.columns = of_intent(payload)
        self._live[live.run_id] = live
        live.watch(handle)
        self._carry(live, handle.wait(), None)
        return True

    def _launch(self, live: LiveAttempt, request: Any, seq: int) -> None:
        task = live.task
        self._feed(AttemptStarted(node=live.node, generation=live.generation, run_id=live.run_id, cause=seq))
        if live.cancelled_for is not None:
            # It was looked for an earlier result meanwhile: nothing is begun any more.
            self._carry(live, None, AttemptResult(outcome="cancelled", reason="cancelled before it began"))
            return
        if self._observer is not None:
            self._tell(live.node, "running", "", live.attempt_no)
        if isinstance(request, RenderError):
            failed = AttemptResult(outcome="failed", failure_reason=request.failure, reason=str(request))
            self._carry(live, None, failed)
            return
        try:
            runtime = self._runtimes[task.runtime]
            emit = partial(self._on_event, live)
            handle = runtime.start(request, emit)
            # In a worktree it is assessed before what was done is committed.
            apart = runtime.capabilities.assesses or request.isolation is not None
            if self._assess is not None and not apart and is_assessed(request):
                handle = AssessedHandle(handle, request, self._assess, emit)
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
        try:
            result, event, shown = self._written_down(live, result)
        except _UNFIT as error:
            # One attempt's odd data must not end all others, nor stand in the way of each resume.
            result, event, shown = self._written_down(live, unfit(error))
        self._faults("outcome.after_commit")
        del self._live[live.run_id]
        is_live = self._scheduler.is_live(live.node, live.generation)
        if result.outcome == "ok" and is_live:
            if result.deliverable is not None:
                self._deliverables[live.node] = str(result.deliverable["path"])
            if "worktree" in result.columns:
                self._commits[live.node] = result.columns["worktree"]["commit"]
        if live.request is not None:
            self._settled(live, result)
        if self._observer is not None and is_live:
            self._tell(live.node, *shown)
        watched = result.outcome == "ok" and self._scheduler.is_watched(live.node)
        self._feed(replace(event, output=result.output if watched else None))
        self._end_waits()

    def _written_down(
        self, live: LiveAttempt, result: AttemptResult
    ) -> tuple[AttemptResult, AttemptFinished, tuple[NodeState, str, int, int]]:
        """The result as it is on record, the event that it is, and what is shown of the node: its state and
        why, the attempt's number, and how long it took."""
        task = live.task
        if live.request is not None and self._desk is not None:
            result = self._desk.close(self._instances[live.node], live.request, result)
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
        if result.outcome == "ok" and self._scheduler.is_live(live.node, live.generation):
            payload.update(self._outputs.keep(live.node, result.output))
            if live.offer is not None:
                payload["result"] = live.offer
        self._faults("outcome.before_commit")
        records = quality_gate(live, self._dag_run_id, result, now)
        records.append(Record("attempt.finished", live.run_id, self._dag_run_id, payload, None, now))
        durable = task.effects == "external" or task.agent is not None
        seq = self._journal(records, durable=durable)[-1]
        shown = (state, reason, live.attempt_no, now - live.started_ms)
        return result, replace(event, backoff=wait, cause=seq), shown

    def _settled(self, live: LiveAttempt, result: AttemptResult) -> None:
        """What an agent's attempt leaves is in the Ledger: its own files are of no more use."""
        if self._desk is not None and result.outcome == "ok":
            self._desk.ended(live.node, live.run_id)
        assert live.request is not None
        shutil.rmtree(live.request.scratch, ignore_errors=True)

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
