"""The driver of one DAG run: one asyncio loop, commands in, events back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from ...schemas.progress import Grew, Note
from ...schemas.states import DagRunState
from ...schemas.suggest import in_backticks
from ..ledger.records import (
    GRAPH_GREW,
    GROUP_JUDGED,
    GROWTH_FAILED,
    NODES_RENEWED,
    PRINCIPAL_ASKED,
    Record,
)
from ..scheduler.commands import (
    AskPrincipal,
    EvaluateCondition,
    GrowGroup,
    JudgeGroup,
    NodeEnd,
    RecordEnds,
    RecordRenewal,
    SetCancelDeadline,
    SetTimer,
)
from ..scheduler.events import (
    CancelRequested,
    ConditionEvaluated,
    DispatchOpened,
    Event,
    GraphGrew,
    GroupJudged,
    PrincipalAnswered,
    StopRequested,
    TimerFired,
)
from .attempts import Attempts
from .facts import ends_payload, event_of
from .growing import count_of_work
from .requests import RenderError

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


class Coordinator(Attempts):
    """Drives one DAG run to its end, or to the point where it stops.

    The caller holds the DAG run's lock, has replayed what was recorded into `scheduler` and
    `outputs`, and says in `known_ends` which nodes' ends already stand in the Ledger. `last_seq` is
    the last journal record that was replayed. Everything that is not a pure decision is an argument.
    """

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

    def _feed(self, event: Event) -> None:
        if isinstance(event, CancelRequested | StopRequested) and self._reuse is not None:
            # However much there is to look at, the end does not wait for it.
            self._reuse.abandon()
        super()._feed(event)

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

    def _set_deadline(self) -> None:
        if self._deadline is None:
            self._deadline = self._clock.call_later(CANCEL_DEADLINE_SECONDS, self._guard(self._on_deadline))

    def _on_deadline(self) -> None:
        payload = {"now": True, "by": "the deadline for `done` tasks"}
        record = Record("dag_run.cancel_requested", self._dag_run_id, self._dag_run_id, payload, None, None)
        seq = self._append(record)
        self._feed(CancelRequested(now=True, by=payload["by"], cause=seq))  # type: ignore[arg-type]

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
        watched = payload["holds"] and self._scheduler.is_watched(command.node)
        self._feed(
            GroupJudged(
                group=command.node,
                generation=command.generation,
                holds=payload["holds"],
                error=payload.get("error"),
                output=self._outputs.get(command.node) if watched else None,
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

    # Housekeeping

    def _keep_house(self) -> None:
        # Whoever holds the mirror's lock writes what is missing; waiting here would stop everything.
        self._ledger.mirror.catch_up(wait=False)
        self._look_outside()
        self._end_waits()
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

    # Closing

    async def _close(self) -> None:
        for timer in (self._housekeeping, self._deadline, *self._timers.values()):
            if timer is not None:
                timer.cancel()
        for live in self._live.values():
            live.cancel("stop", hard=True)
        if self._carriers:
            await asyncio.wait(self._carriers)

    def _take_value(self, event: PrincipalAnswered, payload: Mapping[str, Any]) -> None:
        # An answer that came too late is on record, and counts for nothing.
        if event.answer == "yes" and self._scheduler.is_asked(event.node, event.generation):
            self._outputs.recall(event.node, payload)

    carried_out: ClassVar[Mapping[type[Any], Callable[[Any, Any], None]]] = {
        **Attempts.carried_out,
        EvaluateCondition: _evaluate,
        SetTimer: _set_timer,
        RecordEnds: lambda self, command: self._record_ends(command.ends),
        GrowGroup: _grow,
        JudgeGroup: _judge,
        AskPrincipal: _ask,
        RecordRenewal: _record_renewal,
        SetCancelDeadline: lambda self, _: self._set_deadline(),
    }
