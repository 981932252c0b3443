"""The report on a DAG run, from records made by hand: what runs, what is lost, what came before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble._api_report import report_of
from metaensemble.engine.ledger import Ledger, Record, queries
from metaensemble.engine.ledger.lock import DagRunLock
from metaensemble.schemas.errors import LedgerMissing
from support.ledger import DAG_RUN, dag_run_created, finished, started

BEGAN = 1_700_000_000_000


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The Ledger of the project `tmp_path`, whose clock stands still at `BEGAN`."""
    with Ledger.open(tmp_path / ".metaensemble" / "state", now_ms=lambda: BEGAN) as opened:
        yield opened


def claimed() -> Record:
    return Record("dag_run.claimed", DAG_RUN, DAG_RUN, {"pid": 1, "host": "here", "resumed": False})


def test_what_runs_is_counted_up_to_now(ledger: Ledger) -> None:
    ledger.append([dag_run_created(), claimed(), started("run-1")])
    with DagRunLock(ledger.state, DAG_RUN):
        report = report_of(ledger, DAG_RUN, now_ms=BEGAN + 61_000)
    a, b = report.nodes
    assert (report.state, a.state, a.started_ms, a.ended_ms) == ("running", "running", BEGAN, None)
    assert (a.working_ms, a.took_ms) == (61_000, 61_000)
    assert (b.started_ms, b.working_ms, b.took_ms) == (None, 0, None)


def test_a_second_attempt_is_counted_with_the_first(ledger: Ledger) -> None:
    lost = {"outcome": "failed", "failure_reason": "timeout", "node_state": "waiting"}
    again = {"started_ts": BEGAN, "attempt_no": 2}
    ledger.append([dag_run_created(), claimed(), started("run-1"), finished("run-1", **lost)])
    ledger.append([started("run-2", **again)])
    with DagRunLock(ledger.state, DAG_RUN):
        node = report_of(ledger, DAG_RUN, now_ms=BEGAN + 1_000).nodes[0]
    assert (node.working_ms, [attempt.outcome for attempt in node.attempts]) == (1_250, ["failed", None])


def test_what_nobody_drives_any_more_is_not_said_to_run_on(ledger: Ledger) -> None:
    ledger.append([dag_run_created(), claimed(), started("run-1")])
    report = report_of(ledger, DAG_RUN, now_ms=BEGAN + 61_000)
    assert (report.state, report.nodes[0].state, report.nodes[0].took_ms) == ("interrupted", "running", None)


def test_how_long_a_lost_attempt_ran_is_not_known(ledger: Ledger) -> None:
    ledger.append([dag_run_created(), claimed(), started("run-1")])
    given_up = {"outcome": "interrupted", "node_state": "waiting", "working_ms": None}
    ledger.append([finished("run-1", **given_up)])
    report = report_of(ledger, DAG_RUN)
    assert report.nodes[0].took_ms is None
    assert report.waiting_for == tuple(
        f"me dag resume {DAG_RUN} --lost a={answer}" for answer in ("rerun", "fail")
    )


@pytest.mark.parametrize(("outcome", "asks"), [("interrupted", True), ("cancelled", True), ("failed", False)])
def test_who_waits_for_a_person_and_who_for_the_next_try(ledger: Ledger, outcome: str, asks: bool) -> None:
    ledger.append([dag_run_created(), claimed(), started("run-1")])
    ledger.append([finished("run-1", outcome=outcome, node_state="waiting")])
    assert bool(report_of(ledger, DAG_RUN).waiting_for) is asks


def test_names_are_quoted_for_the_shell(ledger: Ledger) -> None:
    name = "review[a b]#2"
    ledger.append([dag_run_created([name]), claimed(), started("run-1", name)])
    ledger.append([finished("run-1", name, outcome="interrupted", node_state="waiting")])
    assert report_of(ledger, DAG_RUN).waiting_for[0] == (
        f"me dag resume {DAG_RUN} --lost 'review[a b]#2=rerun'"
    )


def test_earlier_generations_stand_beside_the_newest(ledger: Ledger) -> None:
    failed = {"outcome": "failed", "node_state": "failed", "node_reason": "exit status 1"}
    ledger.append([dag_run_created(["b", "a"]), claimed(), started("run-1"), finished("run-1", **failed)])
    ledger.append([Record("dag_run.ended", DAG_RUN, DAG_RUN, {"state": "failed", "reason": "1 node failed"})])
    for generation in (1, 2):
        again = {"generation": generation}
        ledger.append([Record("dag_run.reopened", DAG_RUN, DAG_RUN, {"nodes": [["a", generation]]})])
        ledger.append([started(f"run-{generation + 1}", **again)])
        ledger.append([finished(f"run-{generation + 1}", **again, **(failed if generation == 1 else {}))])
    report = report_of(ledger, DAG_RUN)
    assert [(node.id, node.generation, node.state) for node in report.nodes] == [
        ("b", 0, "pending"),
        ("a", 2, "ok"),
    ]
    assert [(node.id, node.generation, node.state) for node in report.earlier] == [
        ("a", 0, "failed"),
        ("a", 1, "failed"),
    ]
    assert [node.attempts[0].run_id for node in report.earlier] == ["run-1", "run-2"]
    assert report.counts == {"pending": 1, "ok": 1}


def test_what_a_rewind_dropped_stands_among_what_came_before(ledger: Ledger) -> None:
    def grew(generation: int, *keys: str) -> Record:
        nodes = [[f"each[{key}]", "each", "run", "command", generation, at] for at, key in enumerate(keys, 1)]
        return Record("graph.grew", "each", DAG_RUN, {"generation": generation, "nodes": nodes})

    ledger.append([dag_run_created(["each"]), claimed(), grew(0, "x", "y")])
    renewed = {"nodes": [["each", 1]], "dropped": [["each[x]", 0], ["each[y]", 0]]}
    ledger.append([Record("nodes.renewed", DAG_RUN, DAG_RUN, renewed)])
    report = report_of(ledger, DAG_RUN)
    assert [(node.id, node.generation) for node in report.nodes] == [("each", 1)]
    assert queries.count_nodes(ledger, DAG_RUN) == (1, 0)
    ledger.append([grew(1, "y")])
    report = report_of(ledger, DAG_RUN)
    assert [(node.id, node.generation) for node in report.nodes] == [("each", 1), ("each[y]", 1)]
    assert [(node.id, node.generation) for node in report.earlier] == [
        ("each", 0),
        ("each[x]", 0),
        ("each[y]", 0),
    ]
    assert queries.count_nodes(ledger, DAG_RUN) == (2, 0)


def test_the_project_is_where_the_ledger_lies(ledger: Ledger, tmp_path: Path) -> None:
    ledger.append([dag_run_created()])
    assert report_of(ledger, DAG_RUN).project == str(tmp_path)


def test_a_graph_file_that_changed_or_went_away(ledger: Ledger, tmp_path: Path) -> None:
    file = tmp_path / "graph.yaml"
    file.write_text("tasks: {}\n")
    digest = "1d6c9a3b9e3f0a3e1e9f6d3c2b1a0f9e8d7c6b5a4f3e2d1c0b9a8f7e6d5c4b3a"
    ledger.append([dag_run_created(source=str(file), source_digest=digest)])
    report = report_of(ledger, DAG_RUN)
    assert (report.source_changed, report.source_gone) == (True, False)
    file.unlink()
    report = report_of(ledger, DAG_RUN)
    assert (report.source_changed, report.source_gone) == (True, True)


@pytest.mark.parametrize("what", [api.list_dag_runs, api.ledger_recent])
def test_a_database_that_was_lost_is_not_taken_for_an_empty_one(
    what: Callable[..., object], tmp_path: Path
) -> None:
    state = tmp_path / ".metaensemble" / "state"
    state.mkdir(parents=True)
    assert what(cwd=tmp_path) == []
    with Ledger.open(state) as opened:
        opened.append([dag_run_created()])
        opened.mirror.catch_up()
    (state / "department.db").unlink()
    with pytest.raises(LedgerMissing) as caught:
        what(cwd=tmp_path)
    assert caught.value.hint == "`me ledger rebuild` makes the database anew from the mirror `runs.jsonl`"
