"""Attempts from their intent to their outcome, or to an earlier result that is taken instead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from ...schemas.errors import LedgerError
from ..ledger.records import (
    NODE_REUSED,
    Record,
)
from ..runtimes.protocol import Activity, AttemptEvent, AttemptResult, Spawned
from ..scheduler.commands import (
    CancelAttempt,
    StartAttempt,
)
from ..scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    NodeReused,
)
from .attempt import LiveAttempt
from .backoff import backoff
from .ground import Ground
from .outcome import broken_runtime, finished_payload, started_payload
from .requests import RenderError
from .reuse import Candidate


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
                task_id=instance.task_id,
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
        if live.cancelled_for is not None:
            # It was looked for an earlier result meanwhile: nothing is begun any more.
            self._carry(live, None, AttemptResult(outcome="cancelled", reason="cancelled before it began"))
            return
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
