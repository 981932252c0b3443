from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, Record, queries
from metaensemble.engine.ledger.rows import DagRunRow, NodeRow
from support.ledger import DAG_RUN, dag_run_created, finished, started


def about_run(kind: str, **payload: object) -> Record:
    return Record(f"dag_run.{kind}", DAG_RUN, DAG_RUN, dict(payload), ts_ms=99)


def dag_run(ledger: Ledger) -> DagRunRow:
    row = queries.dag_run_by_id(ledger, DAG_RUN)
    assert row is not None
    return row


def node(ledger: Ledger, node_id: str = "a", generation: int = 0) -> NodeRow:
    rows = queries.generations_of_node(ledger, DAG_RUN, node_id)
    return next(row for row in rows if row.generation == generation)


def test_a_new_dag_run_has_pending_nodes_and_its_tasks(tmp_path: Path) -> None:
    created = dag_run_created(nodes=[], graph="b" * 64, dag_run_id=DAG_RUN)
    created.payload["nodes"] = [
        ["a", "a", "run", "command"],
        ["b[1]", "b", "run", "replay"],
        ["b[2]", "b", "run", "replay"],
    ]
    with Ledger.open(tmp_path, now_ms=lambda: 5) as ledger:
        ledger.append([created])
        row = dag_run(ledger)
        assert (row.state, row.name, row.params, row.concurrency) == (
            "running",
            "graph",
            {"n": 1},
            {"max": 2},
        )
        assert (row.created_ts, row.ended_ts, row.coordinators, row.graph) == (5, None, 0, "b" * 64)
        nodes = queries.nodes_of_dag_run(ledger, DAG_RUN)
        assert [(n.node_id, n.position, n.task_id, n.state, n.generation) for n in nodes] == [
            ("a", 0, "a", "pending", 0),
            ("b[1]", 1, "b", "pending", 0),
            ("b[2]", 2, "b", "pending", 0),
        ]
        tasks = ledger.connection.execute(
            "SELECT task_id, nodes, runtime FROM tasks ORDER BY position"
        ).fetchall()
        assert tasks == [("a", 1, "command"), ("b", 2, "replay")]


def test_the_life_of_a_dag_run(tmp_path: Path) -> None:
    holder = {"pid": 7, "host": "here", "boot_id": "boot", "process_start": 11}
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), about_run("claimed", **holder, resumed=False)])
        row = dag_run(ledger)
        assert (row.coordinators, row.pid, row.host, row.boot_id, row.process_start) == (
            1,
            7,
            "here",
            "boot",
            11,
        )

        ledger.append([about_run("cancel_requested", now=False, by="me")])
        assert dag_run(ledger).cancel == "graceful"
        ledger.append([about_run("cancel_requested", now=True, by="me")])
        assert dag_run(ledger).cancel == "now"

        ledger.append([about_run("paused", reason="it waits", waiting_for=["me dag approve"])])
        row = dag_run(ledger)
        assert (row.state, row.reason, row.waiting_for, row.ended_ts) == (
            "paused",
            "it waits",
            ["me dag approve"],
            None,
        )

        ledger.append([about_run("claimed", pid=8, resumed=True)])
        row = dag_run(ledger)
        assert (row.state, row.coordinators, row.waiting_for, row.cancel) == ("running", 2, None, "now")

        ledger.append([about_run("ended", state="failed", reason="`a` failed", outputs={"x": None})])
        row = dag_run(ledger)
        assert (row.state, row.reason, row.ended_ts, row.outputs) == ("failed", "`a` failed", 99, {"x": None})

        ledger.append([about_run("reopened", nodes=[["a", 1]])])
        row = dag_run(ledger)
        assert (row.state, row.ended_ts, row.cancel, row.outputs) == ("running", None, None, None)
        assert [n.state for n in queries.generations_of_node(ledger, DAG_RUN, "a")] == ["pending", "pending"]
        assert node(ledger, generation=1).task_id == "a"


def test_an_attempt_takes_its_node_along(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, now_ms=lambda: 50) as ledger:
        ledger.append([dag_run_created(), started("r1")])
        row = node(ledger)
        assert (row.state, row.attempts, row.started_ts, row.ended_ts) == ("running", 1, 50, None)
        ledger.append(
            [Record("attempt.spawned", "r1", DAG_RUN, {"pid": 5, "group": 6, "started": 7, "boot_id": "b"})]
        )
        (attempt,) = queries.attempts_of_node(ledger, DAG_RUN, "a")
        assert (attempt.pid, attempt.process_group, attempt.process_started, attempt.boot_id) == (
            5,
            6,
            7,
            "b",
        )
        assert (attempt.attempt_key, attempt.runtime, attempt.seq) == ("k" * 64, "command", 2)

        ledger.append(
            [finished("r1", outcome="failed", failure_reason="timeout", node_state="waiting", backoff_ms=5)]
        )
        row = node(ledger)
        assert (row.state, row.ended_ts) == ("waiting", None)
        ledger.append([Record("timer.fired", "a", DAG_RUN, {"generation": 0})])
        assert node(ledger).state == "ready"

        ledger.append([started("r2", attempt_no=2), finished("r2", attempt_no=2)])
        row = node(ledger)
        assert (row.state, row.reason, row.attempts, row.ended_ts) == (
            "ok",
            "it ended ok",
            2,
            1_700_000_000_250,
        )
        run = queries.run_by_id(ledger, "r1")
        assert run is not None
        assert (run.outcome, run.failure_reason, run.working_ms, run.task_id) == (
            "failed",
            "timeout",
            250,
            "a",
        )


def test_every_column_of_a_run_is_filled_from_its_record(tmp_path: Path) -> None:
    from support.full_run import FULL_RUN

    with Ledger.open(tmp_path) as ledger:
        ledger.append([Record("attempt.finished", "r1", DAG_RUN, FULL_RUN)])
        run = queries.run_by_id(ledger, "r1")
        assert run is not None
        for name in run.__slots__:
            if name not in ("seq", "run_id", "dag_run_id"):
                assert getattr(run, name) == FULL_RUN[name], name


def test_ends_without_attempts(tmp_path: Path) -> None:
    ends = {"nodes": [["a", 0, "skipped", "its condition was false"], ["b", 0, "blocked", "`a` was skipped"]]}
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), Record("nodes.ended", DAG_RUN, DAG_RUN, ends, ts_ms=3)])
        assert (node(ledger).state, node(ledger).reason) == ("skipped", "its condition was false")
        assert (node(ledger, "b").state, node(ledger, "b").ended_ts) == ("blocked", 3)


def test_the_last_answer_of_the_principal_stands(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        for answer in ("no", {"option": 1}):
            ledger.append(
                [Record("principal.answered", "a", DAG_RUN, {"answer": answer, "by": "me"}, ts_ms=4)]
            )
        rows = ledger.connection.execute("SELECT node_id, answer, answered_by, seq FROM approvals").fetchall()
        assert rows == [("a", '{"option":1}', "me", 2)]


@pytest.mark.parametrize("kind", ["node.condition", "something.of.a.later.version"])
def test_other_kinds_are_journaled_and_change_no_table(tmp_path: Path, kind: str) -> None:
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append([Record(kind, "a", DAG_RUN, {"anything": [1]})]) == [1]
        assert ledger.verify().is_clean
