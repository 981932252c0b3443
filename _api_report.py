"""Layer 3, part of `api`: the report on a DAG run, made from what the Ledger holds."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ._api_questions import answers_of, question_reports, replayed_session, value_of
from ._api_spent import spent_by
from .engine.ledger import people_queries, queries
from .engine.ledger.ledger import MAX_PAGE, Ledger, wall_clock_ms
from .engine.ledger.lock import is_held
from .engine.node_ids import groups_of
from .engine.source import source_state
from .schemas.errors import UnknownDagRun
from .schemas.suggest import in_backticks

if TYPE_CHECKING:
    from .engine.coordinator.session import Session
    from .engine.ledger.rows import AttemptRow, DagRunRow, NodeRow, RunRow
    from .schemas.report import AttemptReport, NodeReport, QuestionReport, Report
    from .schemas.states import DagRunState


def report_of(
    ledger: Ledger,
    dag_run_id: str,
    *,
    outputs: bool = False,
    held_by_us: bool = False,
    now_ms: int | None = None,
) -> Report:
    """The report on a DAG run. `held_by_us`: the caller holds its lock and has stopped driving it.

    `now_ms`, by default the time that it is, is how far what still runs is counted.
    """
    from .schemas.report import Report, added_up

    row, state = with_state(ledger, dag_run_id, held_by_us=held_by_us)
    now = wall_clock_ms() if now_ms is None else now_ms
    told = _NodeReports(ledger, dag_run_id, outputs=outputs, until=now if state == "running" else None)
    current, earlier = _generations(nodes_of(ledger, dag_run_id))
    nodes = tuple(map(told.of, current))
    waits = state in ("running", "paused", "interrupted") and any(map(_asks_a_person, nodes))
    questions = _in_order(question_reports(ledger, dag_run_id), nodes) if waits else ()
    lost = _lost(row, state, nodes)
    source = source_state(row.source or "", row.source_digest)
    return Report(
        dag_run_id=dag_run_id,
        name=row.name or "",
        source=row.source or "",
        project=str(ledger.state.parent.parent),
        state=state,
        reason=_why(row, state, {*lost, *(one.node for one in questions)}),
        started_ms=row.created_ts,
        ended_ms=row.ended_ts,
        coordinators=row.coordinators,
        counts=dict(Counter(node.state for node in nodes if not node.is_group)),
        nodes=nodes,
        earlier=tuple(map(told.of, earlier)),
        outputs=row.outputs or {},
        params=row.params or {},
        source_changed=source != "same",
        source_gone=source == "gone",
        waiting_for=_ways_on(dag_run_id, lost, questions),
        questions=questions,
        spent=added_up(spent_by(run) for run in told.runs),
        branches=_branches(ledger, dag_run_id),
    )


def _branches(ledger: Ledger, dag_run_id: str) -> dict[str, str]:
    found: dict[str, str] = {}
    after = 0
    while page := queries.work_in_worktrees(ledger, dag_run_id, after=after):
        found |= {row.node_id: row.branch for row in page}
        after = page[-1].seq
    return found


def _refused(run: RunRow) -> dict[str, int]:
    uses = run.tool_use if isinstance(run.tool_use, list) else []
    return {use["name"]: use["refused"] for use in uses if use.get("refused")}


def with_state(ledger: Ledger, dag_run_id: str, *, held_by_us: bool = False) -> tuple[DagRunRow, DagRunState]:
    """The row of a DAG run, and its state; `interrupted` if it says `running` and nobody holds it."""
    row = _row(ledger, dag_run_id)
    if row.state == "running" and (held_by_us or is_held(ledger.state, dag_run_id) is None):
        # Its Coordinator may have let go of it just now, and has written the end before that.
        row = _row(ledger, dag_run_id)
        if row.state == "running":
            return row, "interrupted"
    return row, row.state  # type: ignore[return-value]  # the Ledger holds nothing else


def _row(ledger: Ledger, dag_run_id: str) -> DagRunRow:
    row = queries.dag_run_by_id(ledger, dag_run_id)
    if row is None:
        raise UnknownDagRun(f"this project has no DAG run `{dag_run_id}`")
    return row


def nodes_of(ledger: Ledger, dag_run_id: str) -> list[NodeRow]:
    """All nodes of a DAG run in all generations, by id and generation."""
    rows: list[NodeRow] = []
    after = ("", -1)
    while page := queries.nodes_of_dag_run(ledger, dag_run_id, after=after):
        rows += page
        if len(page) < MAX_PAGE:
            break
        after = (page[-1].node_id, page[-1].generation)
    return rows


def _generations(rows: list[NodeRow]) -> tuple[list[NodeRow], list[NodeRow]]:
    """The newest generation of every node, and those before, both in the order of the graph.

    Nodes that a rewind dropped, and that did not grow again, are among those before.
    """
    newest = {row.node_id: row for row in rows}
    rows = sorted(rows, key=lambda row: (row.position, row.generation))
    current = [row for row in rows if row is newest[row.node_id] and not row.superseded]
    earlier = [row for row in rows if row is not newest[row.node_id] or row.superseded]
    return _grouped(current), earlier


def _grouped(rows: list[NodeRow]) -> list[NodeRow]:
    """The rows with members right behind their group, each group's in their own order."""
    known = {row.node_id for row in rows}
    below: dict[str | None, list[NodeRow]] = {}
    for row in rows:
        group = next((above for above in reversed(groups_of(row.node_id)) if above in known), None)
        below.setdefault(group, []).append(row)
    found: list[NodeRow] = []
    stack = list(reversed(below.get(None, [])))
    while stack:
        row = stack.pop()
        found.append(row)
        stack += reversed(below.get(row.node_id, []))
    return found


def _in_order(
    questions: tuple[QuestionReport, ...], nodes: tuple[NodeReport, ...]
) -> tuple[QuestionReport, ...]:
    places = {node.id: place for place, node in enumerate(nodes)}
    return tuple(sorted(questions, key=lambda one: places.get(one.node, len(places))))


def _why(row: DagRunRow, state: DagRunState, open_still: set[str]) -> str:
    """The reason of the state; of a pause, as far as it was not answered since."""
    waited_for = list(row.waiting_for or ())
    left = [node for node in waited_for if node in open_still]
    if state != "paused" or len(left) == len(waited_for):
        return row.reason or ""
    if not left:
        return "what it waited for is answered, and not taken up yet"
    return f"waits for an answer about {in_backticks(left, last='and', limit=5)}"


def _lost(row: DagRunRow, state: DagRunState, nodes: tuple[NodeReport, ...]) -> list[str]:
    """The nodes that wait for an answer about a lost attempt."""
    if state == "paused":
        asking = {node.id for node in nodes if node.kind == "approve"}
        return [node for node in row.waiting_for or () if node not in asking]
    return [node.id for node in nodes if state == "interrupted" and _waits_for_a_person(node)]


def _ways_on(dag_run_id: str, lost: list[str], questions: tuple[QuestionReport, ...]) -> tuple[str, ...]:
    about_lost = [
        shlex.join(["me", "dag", "resume", dag_run_id, "--lost", f"{node}={answer}"])
        for node in lost
        for answer in ("rerun", "fail")
    ]
    return (*about_lost, *(command for one in questions for command in one.commands))


def _waits_for_a_person(node: NodeReport) -> bool:
    # What waits for its next try has a failed attempt behind it.
    last = node.attempts[-1] if node.attempts else None
    return node.state == "waiting" and last is not None and last.outcome in ("interrupted", "cancelled")


def _asks_a_person(node: NodeReport) -> bool:
    return node.state == "waiting" and node.kind == "approve"


class _NodeReports:
    """Makes the reports on the nodes of one DAG run; each of its tables is read once.

    `until` is the time up to which what runs is counted, None where nothing runs any more.
    """

    def __init__(self, ledger: Ledger, dag_run_id: str, *, outputs: bool, until: int | None) -> None:
        self._ledger = ledger
        self._outputs = outputs
        self._until = until
        self._answers = answers_of(ledger, dag_run_id)
        self._of_groups = _GroupOutputs(ledger, dag_run_id) if outputs else None
        self._runs = {run.run_id: run for run in _runs(ledger, dag_run_id)}
        self._aliases: dict[str, str] = {}
        self._attempts: dict[tuple[str, int], list[AttemptRow]] = {}
        for attempt in _attempts(ledger, dag_run_id):
            self._attempts.setdefault((attempt.node_id, attempt.generation), []).append(attempt)

    @property
    def runs(self) -> Iterable[RunRow]:
        """All Runs of the DAG run."""
        return self._runs.values()

    def of(self, node: NodeRow) -> NodeReport:
        """The report on one generation of one node."""
        from .schemas.report import NodeReport

        attempts = self._attempts.get((node.node_id, node.generation), [])
        runs = [self._runs[attempt.run_id] for attempt in attempts if attempt.run_id in self._runs]
        deliverable: str | None = None
        output: Any = None
        taken = queries.run_by_id(self._ledger, node.reused_from) if node.reused_from else None
        for run in runs if taken is None else [*runs, taken]:
            if run.outcome == "ok":
                deliverable = (run.deliverable_ref or {}).get("path")
                output = _output(self._ledger, run) if self._outputs else None
        answer = self._answers.get((node.node_id, node.generation)) if node.kind == "approve" else None
        if self._outputs and answer is not None and node.state == "ok":
            output = value_of(self._ledger, answer)
        if self._of_groups is not None and node.kind == "pattern":
            output = self._of_groups.of(node)
        reason = node.reason or ""
        if answer is not None and node.state == "waiting":
            reason += f" ({answer.answered_by} said {answer.answer}, which is not taken up yet)"
        return NodeReport(
            id=node.node_id,
            task=node.task_id,
            kind=node.kind,
            runtime=node.runtime,
            state=node.state,  # type: ignore[arg-type]  # validated by the model
            reason=reason,
            generation=node.generation,
            started_ms=node.started_ts,
            ended_ms=node.ended_ts,
            attempts=tuple(self._attempt(attempt) for attempt in attempts),
            working_ms=sum(run.working_ms or 0 for run in runs) + self._so_far(attempts),
            deliverable=deliverable,
            output=output,
            reused_from=node.reused_from,
        )

    def _attempt(self, attempt: AttemptRow) -> AttemptReport:
        from .schemas.report import AttemptReport

        run = self._runs.get(attempt.run_id)
        if run is None:
            known = self._executor_at(attempt) if attempt.kind == "role" else None
            return AttemptReport(
                run_id=attempt.run_id,
                attempt_no=attempt.attempt_no,
                started_ms=attempt.started_ts,
                executor=known,
            )
        return AttemptReport(
            run_id=attempt.run_id,
            attempt_no=attempt.attempt_no,
            started_ms=attempt.started_ts,
            ended_ms=run.ended_ts,
            outcome=run.outcome,  # type: ignore[arg-type]  # validated by the model
            failure_reason=run.failure_reason,  # type: ignore[arg-type]
            reason=run.reason or "",
            exit_status=run.exit_status,
            executor=self._alias(run.executor_id),
            role=run.role_id,
            model=run.model,
            quality_state=run.quality_state,
            spent=spent_by(run),
            refused=_refused(run),
        )

    def _executor_at(self, attempt: AttemptRow) -> str | None:
        record = queries.record_at(self._ledger, attempt.seq)
        return self._alias(record.payload.get("executor_id")) if record is not None else None

    def _alias(self, executor_id: str | None) -> str | None:
        if executor_id is None:
            return None
        if executor_id not in self._aliases:
            row = people_queries.executor_by_id(self._ledger, executor_id)
            self._aliases[executor_id] = executor_id if row is None else row.alias
        return self._aliases[executor_id]

    def _so_far(self, attempts: list[AttemptRow]) -> int:
        """How long the attempt that runs has been running."""
        if self._until is None or not attempts or attempts[-1].run_id in self._runs:
            return 0
        return max(self._until - attempts[-1].started_ts, 0)


class _GroupOutputs:
    """What the groups of a DAG run hand on that patterns made; they have no attempts of their own."""

    def __init__(self, ledger: Ledger, dag_run_id: str) -> None:
        self._ledger = ledger
        self._dag_run_id = dag_run_id
        self._session: Session | None = None

    def of(self, node: NodeRow) -> Any:
        """The output of one generation of a node; None unless it is the present one and ended ok."""
        if self._session is None:
            self._session = replayed_session(self._ledger, self._dag_run_id)
        known = self._session.scheduler.nodes.get(node.node_id)
        if known is None or known.generation != node.generation or known.state != "ok":
            return None
        return self._session.results().output(node.node_id)


def _output(ledger: Ledger, run: RunRow) -> Any:
    record = queries.record_at(ledger, run.seq)
    payload = record.payload if record is not None else {}
    if "output_blob" in payload:
        return json.loads(ledger.blobs.get(payload["output_blob"]))
    return payload.get("output")


def _attempts(ledger: Ledger, dag_run_id: str) -> Iterator[AttemptRow]:
    after = ""
    while page := queries.attempts_of_dag_run(ledger, dag_run_id, after=after):
        yield from page
        after = page[-1].run_id


def _runs(ledger: Ledger, dag_run_id: str) -> Iterator[RunRow]:
    after = 0
    while page := queries.runs_of_dag_run(ledger, dag_run_id, after=after, limit=MAX_PAGE):
        yield from page
        after = page[-1].seq
