"""Layer 3, part of `api`: what the Ledger knows of DAG runs."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .engine.ledger import queries
from .engine.ledger.ledger import MAX_PAGE, Ledger
from .engine.ledger.lock import is_held
from .engine.project import find_project, state_dir, working_directory
from .schemas.errors import LedgerMissing, NoSuchAttempt, UnknownDagRun, UnknownNode
from .schemas.suggest import did_you_mean

if TYPE_CHECKING:
    from .engine.ledger.rows import AttemptRow, DagRunRow, NodeRow, RunRow
    from .schemas.plan import Plan
    from .schemas.report import NodeReport, Report
    from .schemas.states import DagRunState

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """What became of a request to cancel.

    `live`: a Coordinator drives the DAG run and will act on it. `already`: it had ended before, in
    that state, and nothing was changed.
    """

    dag_run_id: str
    live: bool
    already: str | None


@dataclass(frozen=True, slots=True)
class DagRunSummary:
    """One line of `me dag list`. Times are Unix milliseconds; `ok` counts nodes that ended ok."""

    dag_run_id: str
    name: str
    state: str
    started_ms: int
    ended_ms: int | None
    nodes: int
    ok: int
    source: str


def status(dag_run_id: str | None, *, cwd: Path | None = None, outputs: bool = False) -> Report:
    """The report on a DAG run, the newest one without an id. Raises `UnknownDagRun`."""
    with open_for_reading(cwd) as ledger:
        if dag_run_id is None:
            newest = queries.recent_dag_runs(ledger, limit=1)
            if not newest:
                raise UnknownDagRun(
                    "this project has no DAG run yet", hint="start one with `me dag run FILE`"
                )
            return report_of(ledger, newest[0].dag_run_id, outputs=outputs)
        return report_of(ledger, named_dag_run(ledger, dag_run_id), outputs=outputs)


def list_dag_runs(*, limit: int = 20, cwd: Path | None = None) -> list[DagRunSummary]:
    """The newest DAG runs of the project, newest first; empty where there is no Ledger yet."""
    try:
        ledger = open_for_reading(cwd)
    except LedgerMissing:
        return []
    with ledger:
        return [_summary(ledger, row) for row in queries.recent_dag_runs(ledger, limit=limit)]


def logs(
    dag_run_id: str,
    node_id: str,
    *,
    stream: str = "both",
    attempt: int | None = None,
    cwd: Path | None = None,
) -> Iterator[bytes]:
    """What an attempt of a node wrote, piece by piece: `stdout`, `stderr`, or one after the other.

    Without `attempt`, the last one that ended. Raises `UnknownNode` or `NoSuchAttempt`.
    """
    with open_for_reading(cwd) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        if not queries.generations_of_node(ledger, found, node_id):
            names = sorted({row.node_id for row in _nodes(ledger, found)})
            raise UnknownNode(
                f"the DAG run has no node `{node_id}`", hint=did_you_mean(node_id, names) or _listing(names)
            )
        runs = queries.runs_of_node(ledger, found, node_id)
        run = _chosen(runs, attempt, node_id)
        record = queries.record_at(ledger, run.seq)
        payload = record.payload if record is not None else {}
        for name in ("stdout", "stderr"):
            if stream in (name, "both") and payload.get(name):
                yield from _text(ledger, payload[name])


def plan_of(dag_run_id: str, *, cwd: Path | None = None) -> Plan:
    """The plan of the graph that a DAG run was started with, as it was stored then."""
    from .engine.coordinator.session import stored_graph
    from .engine.plan import build_plan

    with open_for_reading(cwd) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        row = queries.dag_run_by_id(ledger, found)
        return build_plan(stored_graph(ledger, found), concurrency=row.concurrency if row else None)


def open_for_reading(cwd: Path | None) -> Ledger:
    """The Ledger of the project that `cwd` lies in, opened without writing anything."""
    return Ledger.open(state_dir(find_project(cwd or working_directory())), readonly=True)


def named_dag_run(ledger: Ledger, text: str) -> str:
    """The full id of the DAG run that `text` begins. Raises `UnknownDagRun` or `AmbiguousDagRun`."""
    row = queries.find_dag_run(ledger, text) if text else None
    if row is None:
        raise UnknownDagRun(
            f"this project has no DAG run `{text}`", hint="`me dag list` shows those that it has"
        )
    return row.dag_run_id


def newest_unfinished(ledger: Ledger) -> str | None:
    """The id of the newest DAG run that has not ended ok, cancelled runs left out.

    One without an end on record comes first; else the newest one, if it failed.
    """
    row = queries.newest_unfinished_dag_run(ledger)
    if row is not None:
        return row.dag_run_id
    newest = queries.recent_dag_runs(ledger, limit=1)
    return newest[0].dag_run_id if newest and newest[0].state == "failed" else None


def report_of(ledger: Ledger, dag_run_id: str, *, outputs: bool = False, held_by_us: bool = False) -> Report:
    """The report on a DAG run. `held_by_us`: the caller holds its lock and has stopped driving it."""
    from .schemas.report import Report

    row = queries.dag_run_by_id(ledger, dag_run_id)
    if row is None:
        raise UnknownDagRun(f"this project has no DAG run `{dag_run_id}`")
    nodes = _latest(_nodes(ledger, dag_run_id))
    attempts: dict[tuple[str, int], list[AttemptRow]] = {}
    for attempt in _attempts(ledger, dag_run_id):
        attempts.setdefault((attempt.node_id, attempt.generation), []).append(attempt)
    runs = {run.run_id: run for run in _runs(ledger, dag_run_id)}
    reports = tuple(
        _node_report(ledger, node, attempts.get((node.node_id, node.generation), []), runs, outputs)
        for node in nodes
    )
    return Report(
        dag_run_id=dag_run_id,
        name=row.name or "",
        source=row.source or "",
        project=row.project or "",
        state=_state(ledger, row, held_by_us),
        reason=row.reason or "",
        started_ms=row.created_ts,
        ended_ms=row.ended_ts,
        coordinators=row.coordinators,
        counts=dict(Counter(node.state for node in reports)),
        nodes=reports,
        outputs=row.outputs or {},
        params=row.params or {},
        source_changed=_has_changed(row),
        waiting_for=_ways_on(row) if row.state == "paused" else (),
    )


def _state(ledger: Ledger, row: DagRunRow, held_by_us: bool) -> DagRunState:
    if row.state == "running" and (held_by_us or is_held(ledger.state, row.dag_run_id) is None):
        return "interrupted"
    return row.state  # type: ignore[return-value]  # the Ledger holds nothing else


def _ways_on(row: DagRunRow) -> tuple[str, ...]:
    return tuple(
        f"me dag resume {row.dag_run_id} --lost {node}={answer}"
        for node in row.waiting_for or ()
        for answer in ("rerun", "fail")
    )


def _has_changed(row: DagRunRow) -> bool:
    try:
        with Path(row.source or "").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != row.source_digest
    except OSError:
        return True


def _node_report(
    ledger: Ledger, node: NodeRow, attempts: list[AttemptRow], runs: dict[str, RunRow], outputs: bool
) -> NodeReport:
    from .schemas.report import AttemptReport, NodeReport

    told = []
    deliverable: str | None = None
    output: Any = None
    for attempt in attempts:
        run = runs.get(attempt.run_id)
        told.append(
            AttemptReport(
                run_id=attempt.run_id,
                attempt_no=attempt.attempt_no,
                started_ms=attempt.started_ts,
                ended_ms=run.ended_ts if run else None,
                outcome=run.outcome if run else None,  # type: ignore[arg-type]  # validated by the model
                failure_reason=run.failure_reason if run else None,  # type: ignore[arg-type]
                reason=(run.reason or "") if run else "",
                exit_status=run.exit_status if run else None,
            )
        )
        if run is not None and run.outcome == "ok":
            deliverable = (run.deliverable_ref or {}).get("path")
            output = _output(ledger, run) if outputs else None
    return NodeReport(
        id=node.node_id,
        task=node.task_id,
        kind=node.kind,
        runtime=node.runtime,
        state=node.state,  # type: ignore[arg-type]  # validated by the model
        reason=node.reason or "",
        generation=node.generation,
        attempts=tuple(told),
        working_ms=sum(runs[a.run_id].working_ms or 0 for a in attempts if a.run_id in runs),
        deliverable=deliverable,
        output=output,
    )


def _output(ledger: Ledger, run: RunRow) -> Any:
    record = queries.record_at(ledger, run.seq)
    payload = record.payload if record is not None else {}
    if "output_blob" in payload:
        return json.loads(ledger.blobs.get(payload["output_blob"]))
    return payload.get("output")


def _summary(ledger: Ledger, row: DagRunRow) -> DagRunSummary:
    nodes, ok = queries.count_nodes(ledger, row.dag_run_id)
    return DagRunSummary(
        dag_run_id=row.dag_run_id,
        name=row.name or "",
        state=_state(ledger, row, held_by_us=False),
        started_ms=row.created_ts,
        ended_ms=row.ended_ts,
        nodes=nodes,
        ok=ok,
        source=row.source or "",
    )


def _chosen(runs: list[RunRow], attempt: int | None, node_id: str) -> RunRow:
    if attempt is None and runs:
        return runs[-1]
    # The same number may occur once per generation; the newest is meant.
    for run in reversed(runs):
        if run.attempt_no == attempt:
            return run
    known = ", ".join(str(run.attempt_no) for run in runs) or "none has ended yet"
    raise NoSuchAttempt(
        f"node `{node_id}` has no attempt {attempt} that has ended"
        if attempt is not None
        else f"no attempt of node `{node_id}` has ended yet",
        hint=f"attempts that ended: {known}",
    )


def _text(ledger: Ledger, stored: dict[str, Any]) -> Iterator[bytes]:
    if stored.get("blob") is None:
        yield stored.get("head", "").encode()
        return
    with ledger.blobs.open(stored["blob"]) as file:
        while piece := file.read(CHUNK):
            yield piece


def _latest(rows: list[NodeRow]) -> list[NodeRow]:
    latest = {row.node_id: row for row in rows}
    return sorted(latest.values(), key=lambda row: row.position)


def _nodes(ledger: Ledger, dag_run_id: str) -> list[NodeRow]:
    rows: list[NodeRow] = []
    after = ("", -1)
    while page := queries.nodes_of_dag_run(ledger, dag_run_id, after=after):
        rows += page
        if len(page) < MAX_PAGE:
            break
        after = (page[-1].node_id, page[-1].generation)
    return rows


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


def _listing(names: list[str], shown: int = 10) -> str:
    text = ", ".join(f"`{name}`" for name in names[:shown])
    return f"its nodes: {text}" + (f" and {len(names) - shown} more" if len(names) > shown else "")
