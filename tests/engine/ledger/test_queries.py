from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.ledger import Ledger, Record, queries
from metaensemble.engine.ledger.ledger import _JOURNAL_OF
from metaensemble.schemas.errors import AmbiguousDagRun, AmbiguousRun
from support.ledger import DAG_RUN, dag_run_created, finished, note, started
from support.query_plans import assert_goes_by_index, plan_of

OTHER = "01900000-0000-7000-8000-0000000000d2"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path) as opened:
        opened.append([dag_run_created("abc"), dag_run_created("xy", dag_run_id=OTHER)])
        for number, node in enumerate("abcab"):
            opened.append([started(f"r{number}", node, attempt_no=1 + number // 3)])
        opened.append([finished(f"r{number}", node) for number, node in enumerate("abc")])
        opened.append([started("q1", "x", OTHER), finished("q1", "x", OTHER)])
        yield opened


@pytest.mark.parametrize("name", sorted(queries.QUERIES))
def test_every_statement_goes_by_the_index_that_it_names(ledger: Ledger, name: str) -> None:
    query = queries.QUERIES[name]
    assert_goes_by_index(plan_of(ledger, query.sql), query.plan)


def test_a_resume_reads_the_journal_by_index(ledger: Ledger) -> None:
    assert_goes_by_index(plan_of(ledger, _JOURNAL_OF), queries.QUERIES["records_after"].plan)


@pytest.mark.parametrize("name", queries.__all__)
def test_every_function_states_its_cost_and_its_index(name: str) -> None:
    function: Callable[..., Any] = getattr(queries, name)
    assert function.__doc__ is not None
    assert re.search(r"O\(log n.*\), by the \w+", function.__doc__, re.DOTALL), name
    asks_another = name in ("find_run", "find_dag_run")
    assert (name in queries.QUERIES) is not asks_another


def test_every_statement_belongs_to_a_public_function() -> None:
    assert set(queries.QUERIES) <= set(queries.__all__)
    assert sorted(queries.__all__) == queries.__all__


@pytest.mark.parametrize("limit", [0, -1, 10_001])
def test_a_limit_is_bounded(ledger: Ledger, limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        queries.recent_runs(ledger, limit=limit)


def test_recent_runs_come_newest_first_and_in_pages(ledger: Ledger) -> None:
    newest = queries.recent_runs(ledger, limit=2)
    assert [run.run_id for run in newest] == ["r2", "r1"]
    older = queries.recent_runs(ledger, before=newest[-1].run_id)
    assert [run.run_id for run in older] == ["r0", "q1"]


def test_a_run_is_found_by_its_id_or_the_beginning_of_it(ledger: Ledger) -> None:
    found = queries.find_run(ledger, "q")
    assert found is not None
    assert (found.run_id, queries.find_run(ledger, "z")) == ("q1", None)
    assert queries.run_by_id(ledger, "q") is None
    with pytest.raises(AmbiguousRun, match="`r0`, `r1`, `r2`"):
        queries.find_run(ledger, "r")
    ledger.append([finished("r", "a")])
    exact = queries.find_run(ledger, "r")
    assert exact is not None
    assert exact.run_id == "r"


def test_a_dag_run_is_found_by_its_id_or_the_beginning_of_it(ledger: Ledger) -> None:
    found = queries.find_dag_run(ledger, DAG_RUN)
    assert found is not None
    assert (found.dag_run_id, queries.find_dag_run(ledger, "9")) == (DAG_RUN, None)
    with pytest.raises(AmbiguousDagRun) as caught:
        queries.find_dag_run(ledger, DAG_RUN[:-1])
    assert caught.value.facts["candidates"] == [DAG_RUN, OTHER]
    assert caught.value.exit_code == 2


def test_the_newest_unfinished_dag_run(ledger: Ledger) -> None:
    def newest() -> str | None:
        row = queries.newest_unfinished_dag_run(ledger)
        return row and row.dag_run_id

    assert newest() == OTHER
    ledger.append([Record("dag_run.ended", OTHER, OTHER, {"state": "ok"})])
    assert newest() == DAG_RUN
    ledger.append([Record("dag_run.paused", DAG_RUN, DAG_RUN, {"reason": "it waits"})])
    assert newest() == DAG_RUN
    ledger.append([Record("dag_run.ended", DAG_RUN, DAG_RUN, {"state": "cancelled"})])
    assert newest() is None
    assert [row.dag_run_id for row in queries.recent_dag_runs(ledger)] == [OTHER, DAG_RUN]
    assert [row.dag_run_id for row in queries.recent_dag_runs(ledger, before=2)] == [DAG_RUN]


def test_nodes_are_counted(ledger: Ledger) -> None:
    ok = sum(node.state == "ok" for node in queries.nodes_of_dag_run(ledger, DAG_RUN))
    assert queries.count_nodes(ledger, DAG_RUN) == (3, ok)
    assert queries.count_nodes(ledger, "none") == (0, 0)


def test_nodes_come_in_pages(ledger: Ledger) -> None:
    first = queries.nodes_of_dag_run(ledger, DAG_RUN, limit=2)
    rest = queries.nodes_of_dag_run(ledger, DAG_RUN, after=(first[-1].node_id, first[-1].generation))
    assert [node.node_id for node in [*first, *rest]] == ["a", "b", "c"]


def test_attempts_by_node_and_by_dag_run(ledger: Ledger) -> None:
    assert [row.run_id for row in queries.attempts_of_node(ledger, DAG_RUN, "a")] == ["r0", "r3"]
    assert [row.run_id for row in queries.attempts_of_node(ledger, DAG_RUN, "a", after="r0")] == ["r3"]
    first = queries.attempts_of_dag_run(ledger, DAG_RUN, limit=3)
    rest = queries.attempts_of_dag_run(ledger, DAG_RUN, after=first[-1].run_id)
    assert [row.run_id for row in [*first, *rest]] == ["r0", "r1", "r2", "r3", "r4"]


def test_an_attempt_without_a_run_is_stranded(ledger: Ledger) -> None:
    assert [row.run_id for row in queries.stranded_attempts(ledger, DAG_RUN)] == ["r3", "r4"]
    assert [row.run_id for row in queries.stranded_attempts(ledger, DAG_RUN, after="r3")] == ["r4"]
    assert queries.stranded_attempts(ledger, OTHER) == []


def test_runs_by_dag_run_and_by_node(ledger: Ledger) -> None:
    first = queries.runs_of_dag_run(ledger, DAG_RUN, limit=2)
    rest = queries.runs_of_dag_run(ledger, DAG_RUN, after=first[-1].seq)
    assert [run.run_id for run in [*first, *rest]] == ["r0", "r1", "r2"]
    assert [run.run_id for run in queries.runs_of_node(ledger, DAG_RUN, "a")] == ["r0"]


def test_records_of_some_kinds_after_a_place(ledger: Ledger) -> None:
    kinds = ("dag_run.cancel_requested", "principal.answered")
    assert queries.records_after(ledger, DAG_RUN, 0, kinds) == []
    (seq,) = ledger.append([Record("dag_run.cancel_requested", DAG_RUN, DAG_RUN, {"now": True})])
    ledger.append([note()])
    (record,) = queries.records_after(ledger, DAG_RUN, 0, kinds)
    assert (record.seq, record.payload) == (seq, {"now": True})
    assert queries.records_after(ledger, DAG_RUN, seq, kinds) == []


def test_one_record_by_its_seq(ledger: Ledger) -> None:
    found = queries.record_at(ledger, 1)
    assert found is not None
    assert (found.kind, queries.record_at(ledger, 10**6)) == ("dag_run.created", None)
