"""A question is answered once, decided inside the transaction that records the answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.ledger import Ledger, Record, queries
from metaensemble.schemas.errors import ConflictingRecord
from support.ledger import DAG_RUN, Interrupted, dag_run_created, raise_at


def answer(what: Any, answer_id: str | None = None, *, node: str = "a", generation: int = 0) -> Record:
    payload = {"generation": generation, "answer": what, "by": "ann"}
    if answer_id is not None:
        payload["answer_id"] = answer_id
    return Record("principal.answered", node, DAG_RUN, payload, ts_ms=7)


def about_run(kind: str, **payload: object) -> Record:
    return Record(f"dag_run.{kind}", DAG_RUN, DAG_RUN, dict(payload))


def ended(state: str) -> Record:
    return Record("nodes.ended", DAG_RUN, DAG_RUN, {"nodes": [["a", 0, state, "because"]]})


def renewed(*, dropped: bool = False) -> Record:
    payload = {"nodes": [] if dropped else [["a", 1]], "dropped": [["a", 0]] if dropped else []}
    return Record("nodes.renewed", DAG_RUN, DAG_RUN, payload)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path) as opened:
        opened.append([dag_run_created("ab")])
        yield opened


def standing(ledger: Ledger) -> list[tuple[str, int, Any]]:
    return [(row.node_id, row.generation, row.answer) for row in queries.answers_of_dag_run(ledger, DAG_RUN)]


@pytest.mark.parametrize("second", ["yes", "no"])
@pytest.mark.parametrize("first", ["yes", "no"])
def test_a_second_answer_is_refused_even_when_it_is_equal(first: str, second: str, ledger: Ledger) -> None:
    (seq,) = ledger.append([answer(first, "1")])
    head = ledger.head()
    for again in (answer(second, "2"), answer(second)):
        with pytest.raises(ConflictingRecord, match=rf"answered on record \(seq {seq}\), by `ann`") as caught:
            ledger.append([again])
        assert caught.value.facts["seq"] == seq
    assert ledger.head() == head
    assert standing(ledger) == [("a", 0, first)]


def test_the_same_answer_is_recorded_once(ledger: Ledger) -> None:
    (seq,) = ledger.append([answer("yes", "1")])
    head = ledger.head()
    assert ledger.append([answer("yes", "1")]) == [seq], "an acknowledgement that was lost may be asked for"
    assert ledger.head() == head


def test_each_node_and_generation_has_a_question_of_its_own(ledger: Ledger) -> None:
    ledger.append([answer("no", "1"), answer("yes", "2", node="b"), ended("failed"), renewed()])
    ledger.append([answer("yes", "3", generation=1)])
    assert standing(ledger) == [("a", 0, "no"), ("a", 1, "yes"), ("b", 0, "yes")]


def test_answers_about_lost_attempts_may_repeat(ledger: Ledger) -> None:
    for what in ("rerun", "rerun", "fail"):
        ledger.append([answer(what)])
    assert standing(ledger) == [("a", 0, "fail")]
    assert len([row for row in ledger.journal_of(DAG_RUN) if row.kind == "principal.answered"]) == 3


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([ended("cancelled")], id="the node has ended"),
        pytest.param([ended("skipped")], id="nobody needs it any more"),
        pytest.param([renewed()], id="it was made anew"),
        pytest.param([renewed(dropped=True)], id="its group was made anew"),
        pytest.param([about_run("cancel_requested", now=False)], id="the DAG run is being cancelled"),
    ],
)
def test_an_answer_that_comes_too_late_is_refused(before: list[Record], ledger: Ledger) -> None:
    ledger.append(before)
    head = ledger.head()
    for what in ("yes", "no"):
        with pytest.raises(ConflictingRecord, match="node `a` does not wait for an answer any more"):
            ledger.append([answer(what, "1")])
    assert ledger.head() == head
    ledger.append([answer("rerun")])


def test_a_cancel_that_a_retry_took_back_refuses_nothing(ledger: Ledger) -> None:
    ledger.append([about_run("cancel_requested", now=True), ended("cancelled")])
    ledger.append([about_run("reopened", nodes=[["a", 1]])])
    ledger.append([answer("yes", "1", generation=1)])
    assert standing(ledger) == [("a", 1, "yes")]


@pytest.mark.parametrize("odd", [[], {"a": 1}, 3, None])
def test_an_answer_of_another_kind_on_record_stands_in_nobodys_way(odd: object, ledger: Ledger) -> None:
    ledger.append([answer(odd)])
    ledger.append([answer("yes", "x")])
    assert standing(ledger) == [("a", 0, "yes")]


def test_of_several_writers_one_wins(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created("ab")])
    together = threading.Barrier(8)
    won: list[str] = []
    refused: list[str] = []

    def write(name: str) -> None:
        with Ledger.open(tmp_path) as mine:
            together.wait()
            try:
                mine.append([answer("yes", name)], durable=True)
            except ConflictingRecord:
                refused.append(name)
            else:
                won.append(name)

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 7)
    with Ledger.open(tmp_path) as ledger:
        (record,) = [row for row in ledger.journal_of(DAG_RUN) if row.kind == "principal.answered"]
        assert record.payload["answer_id"] == won[0]
        assert ledger.verify().is_clean


def test_an_answer_whose_writer_failed_before_the_commit_left_nothing(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created("ab")])
    with (
        Ledger.open(tmp_path, faults=raise_at("ledger.before_commit")) as failing,
        pytest.raises(Interrupted),
    ):
        failing.append([answer("no", "1")], durable=True)
    with Ledger.open(tmp_path) as ledger:
        ledger.append([answer("yes", "2")])
        assert standing(ledger) == [("a", 0, "yes")]


def test_answers_come_in_pages(ledger: Ledger) -> None:
    ledger.append([answer("yes", "1"), answer("no", "2", node="b")])
    first = queries.answers_of_dag_run(ledger, DAG_RUN, limit=1)
    rest = queries.answers_of_dag_run(ledger, DAG_RUN, after=(first[0].node_id, first[0].generation))
    assert [(row.node_id, row.answer, row.answered_by, row.answered_ts) for row in [*first, *rest]] == [
        ("a", "yes", "ann", 7), ("b", "no", "ann", 7)
    ]  # fmt: skip
    assert queries.answers_of_dag_run(ledger, "none") == []
