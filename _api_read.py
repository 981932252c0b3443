"""Layer 3, part of `api`: what the Ledger knows of DAG runs."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._api_report import nodes_of, report_of, with_state
from .engine.ledger import queries
from .engine.ledger.ledger import MAX_PAGE, Ledger
from .engine.project import find_project, state_dir, working_directory
from .schemas.errors import BadFlagValue, LedgerMissing, NoSuchAttempt, UnknownDagRun, UnknownNode
from .schemas.suggest import did_you_mean

if TYPE_CHECKING:
    from .engine.ledger.rows import DagRunRow, RunRow
    from .schemas.plan import Plan
    from .schemas.report import Report

CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class CancelAnswer:
    """What became of a request to cancel.

    `live`: a Coordinator drives the DAG run and will act on it. `already`: it had ended before, in
    that state, and nothing was changed. `state` is the state in which this leaves it, None while a
    live Coordinator still works on that.
    """

    dag_run_id: str
    live: bool
    already: str | None
    state: str | None


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
    check_limit(limit)
    ledger = open_if_there(cwd)
    if ledger is None:
        return []
    with ledger:
        return [_summary(ledger, row) for row in queries.recent_dag_runs(ledger, limit=limit)]


def logs(
    dag_run_id: str,
    node_id: str,
    *,
    stream: str = "both",
    attempt: int | None = None,
    generation: int | None = None,
    cwd: Path | None = None,
    tell: Callable[[str], None] | None = None,
) -> Iterator[bytes]:
    """What an attempt of a node wrote, piece by piece: `stdout`, `stderr`, or one after the other.

    Without `attempt`, the last one that ended; without `generation`, that of the newest generation
    which has such an attempt. `tell` gets a sentence for a person when the attempt was interrupted and
    nothing that it wrote was kept. Raises `UnknownNode` or `NoSuchAttempt`.
    """
    with open_for_reading(cwd) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        known = [row.generation for row in queries.generations_of_node(ledger, found, node_id)]
        if not known:
            names = sorted({row.node_id for row in nodes_of(ledger, found)})
            raise UnknownNode(
                f"the DAG run has no node `{node_id}`", hint=did_you_mean(node_id, names) or _listing(names)
            )
        if generation is not None and generation not in known:
            raise NoSuchAttempt(
                f"node `{node_id}` has no generation {generation}",
                hint=f"its generations: {', '.join(map(str, known))}",
            )
        runs = [run for run in _runs(ledger, found, node_id) if generation in (None, run.generation)]
        run = _chosen(runs, attempt, node_id)
        record = queries.record_at(ledger, run.seq)
        payload = record.payload if record is not None else {}
        is_lost = run.outcome == "interrupted" and not (payload.get("stdout") or payload.get("stderr"))
        if is_lost and tell is not None:
            tell(f"attempt {run.attempt_no} of `{node_id}` was interrupted; its output was not kept")
        for name in ("stdout", "stderr"):
            if stream in (name, "both") and payload.get(name):
                yield from _text(ledger, payload[name])


def plan_of(dag_run_id: str, *, cwd: Path | None = None) -> Plan:
    """The plan of the graph that a DAG run was started with, as it was stored then, with the nodes that
    it has grown since."""
    from ._api_patterns import RULES
    from .engine.coordinator.session import Session, Surroundings
    from .engine.plan import build_plan
    from .tasks.expression.evaluator import evaluate

    with open_for_reading(cwd) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        row = queries.dag_run_by_id(ledger, found)
        world = Surroundings(evaluate=evaluate, runtimes={}, environ={}, rules=RULES)
        session = Session(ledger, found, world, state=ledger.state)
        concurrency = row.concurrency if row else None
        return build_plan(session.graph, concurrency=concurrency, grown=session.grown())


def check_limit(limit: int) -> None:
    """Raise `BadFlagValue` for a number of rows that is not one the Ledger gives at once."""
    if not 0 < limit <= MAX_PAGE:
        raise BadFlagValue(f"the limit lies between 1 and {MAX_PAGE}, and is not {limit}")


def who() -> str:
    """The name of the person at work here, as far as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "the Principal"


def project_of(cwd: Path | None = None) -> Path:
    """The root of the project that a directory lies in; without one, this process's. It is absolute."""
    return find_project(cwd or working_directory())


def open_for_reading(cwd: Path | None) -> Ledger:
    """The Ledger of the project that `cwd` lies in, opened without writing anything."""
    return Ledger.open(state_dir(project_of(cwd)), readonly=True)


def open_if_there(cwd: Path | None) -> Ledger | None:
    """The same, and None where nothing has been recorded yet: there is no database, nor its mirror."""
    try:
        return open_for_reading(cwd)
    except LedgerMissing as missing:
        if missing.facts["mirror"]:
            raise
        return None


def named_dag_run(ledger: Ledger, text: str) -> str:
    """The full id of the DAG run that `text` begins. Raises `UnknownDagRun` or `AmbiguousDagRun`."""
    row = queries.find_dag_run(ledger, text) if text else None
    if row is None:
        raise UnknownDagRun(
            f"this project has no DAG run `{text}`", hint="`me dag list` shows those that it has"
        )
    return row.dag_run_id


def to_resume(ledger: Ledger) -> tuple[str, str] | None:
    """The DAG run that a resume without an id takes, and why, in words; None when there is none.

    The newest one if it failed, else the newest one that has not ended: it was interrupted, it is
    paused, or somebody drives it right now.
    """
    newest = queries.recent_dag_runs(ledger, limit=1)
    if newest and newest[0].state == "failed":
        return newest[0].dag_run_id, "the newest one, which failed"
    row = queries.newest_unfinished_dag_run(ledger)
    return (row.dag_run_id, "the newest one that has not ended") if row is not None else None


def _summary(ledger: Ledger, row: DagRunRow) -> DagRunSummary:
    row, state = with_state(ledger, row.dag_run_id)
    nodes, ok = queries.count_nodes(ledger, row.dag_run_id)
    return DagRunSummary(
        dag_run_id=row.dag_run_id,
        name=row.name or "",
        state=state,
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
    known = ", ".join(str(run.attempt_no) for run in runs)
    raise NoSuchAttempt(
        f"node `{node_id}` has no attempt {attempt} that has ended"
        if attempt is not None
        else f"no attempt of node `{node_id}` has ended yet",
        hint=f"attempts that ended: {known}"
        if runs
        else "what an attempt prints can be read once it has ended; groups, and what was skipped, have none",
    )


def _runs(ledger: Ledger, dag_run_id: str, node_id: str) -> Iterator[RunRow]:
    """The Runs of a node, oldest attempt first."""
    after = ""
    while page := queries.runs_of_node(ledger, dag_run_id, node_id, after=after, limit=MAX_PAGE):
        yield from page
        after = page[-1].run_id


def _text(ledger: Ledger, stored: dict[str, Any]) -> Iterator[bytes]:
    if stored.get("blob") is None:
        yield stored.get("head", "").encode()
        return
    with ledger.blobs.open(stored["blob"]) as file:
        while piece := file.read(CHUNK):
            yield piece


def _listing(names: list[str], shown: int = 10) -> str:
    text = ", ".join(f"`{name}`" for name in names[:shown])
    return f"its nodes: {text}" + (f" and {len(names) - shown} more" if len(names) > shown else "")
