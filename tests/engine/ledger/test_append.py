from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, Record
from metaensemble.schemas.errors import ConflictingRecord
from support.ledger import DAG_RUN, Interrupted, dag_run_created, finished, note, raise_at, started


def test_seqs_count_up_without_gaps_and_come_back_with_the_records(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, now_ms=lambda: 42) as ledger:
        assert ledger.append([dag_run_created(), started("r1")]) == [1, 2]
        assert ledger.append([Record("node.condition", "a", DAG_RUN, {"value": True}, cause=2, ts_ms=7)]) == [
            3
        ]
        first, second, third = ledger.journal_of(DAG_RUN)
        assert [first.seq, second.seq, third.seq] == [1, 2, 3]
        assert (first.ts_ms, third.ts_ms) == (42, 7)
        assert (third.cause, third.payload, third.kind) == (2, {"value": True}, "node.condition")
        assert first.prev_hash == "0" * 64
        assert (second.prev_hash, third.prev_hash) == (first.hash, second.hash)
        assert (ledger.head().seq, ledger.head().hash) == (3, third.hash)


def test_the_hash_is_the_one_that_the_docs_describe(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([Record("note", "ü", None, {"b": 1, "a": "ö"}, ts_ms=5)])
        text = (
            '{"prev_hash":"' + "0" * 64 + '","seq":1,"ts":5,"kind":"note","entity_id":"ü","dag_run_id":null,'
            '"cause":null,"payload":{"a":"ö","b":1}}'
        )
        assert ledger.head().hash == sha256(text.encode()).hexdigest()
        assert json.loads(text)["payload"] == {"a": "ö", "b": 1}


def test_a_journal_is_read_page_by_page(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([Record("note", str(number), DAG_RUN, {}) for number in range(10)])
        ledger.append([note()])
        pages, after = [], 0
        while page := ledger.journal_of(DAG_RUN, after=after, limit=4):
            pages.append([record.seq for record in page])
            after = page[-1].seq
        assert pages == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]


def test_the_same_outcome_again_is_no_op_that_says_so(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), started("r1")])
        assert ledger.append([finished("r1")]) == [3]
        assert ledger.append([finished("r1", ended_ts=1, working_ms=9)]) == [3]
        assert ledger.append([started("r1"), finished("r1"), started("r2", attempt_no=2)]) == [2, 3, 4]
        assert ledger.append([dag_run_created()]) == [1]
        assert ledger.head().seq == 4


def test_a_record_repeated_within_one_call_is_written_once(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append([finished("r1"), finished("r1"), note()]) == [1, 1, 2]


@pytest.mark.parametrize(
    "other",
    [
        finished("r1", outcome="failed", node_state="failed"),
        finished("r1", output={"x": 2}),
        started("s1", node_id="b"),
        dag_run_created(("a", "b", "c")),
    ],
)
def test_another_outcome_is_refused_and_nothing_of_the_call_is_kept(tmp_path: Path, other: Record) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), started("s1"), finished("r1", output={"x": 1})])
        with pytest.raises(ConflictingRecord) as caught:
            ledger.append([note("before"), other])
        assert caught.value.exit_code == 3
        assert caught.value.facts["differing"]
        assert ledger.head().seq == 3
        assert ledger.verify().is_clean


@pytest.mark.parametrize(
    "record",
    [
        Record("attempt.finished", "r1", DAG_RUN, {"outcome": "ok"}),
        Record("attempt.finished", "r1", DAG_RUN, {"node_id": "a"}),
        Record("dag_run.created", "d", "d", {"name": "without nodes"}),
        Record("note", "n", None, {"number": float("nan")}),
    ],
)
def test_a_malformed_record_is_our_own_mistake_and_changes_nothing(tmp_path: Path, record: Record) -> None:
    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(ValueError, match=r"."):
            ledger.append([note(), record])
        assert ledger.head().seq == 0
        assert ledger.append([note()]) == [1]


def test_any_text_survives(tmp_path: Path) -> None:
    odd = {"lone": "\ud800", "nul": "\0", "quote": '","payload":{"', "line": "\n\u2028", "bird": "🐦"}
    with Ledger.open(tmp_path) as ledger:
        ledger.append([Record("note", 'a",\n"payload":', DAG_RUN, odd)])
        assert ledger.journal_of(DAG_RUN)[0].payload == odd
        ledger.mirror.catch_up()
        assert ledger.verify().is_clean
        assert len((tmp_path / "runs.jsonl").read_bytes().splitlines()) == 1


def test_no_records_need_no_transaction(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        before = ledger.data_version()
        assert ledger.append([]) == []
        assert ledger.data_version() == before


def test_data_version_changes_when_another_connection_has_written(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as mine, Ledger.open(tmp_path) as other:
        before = mine.data_version()
        mine.append([note()])
        assert mine.data_version() == before
        other.append([note()])
        assert mine.data_version() != before


def test_a_durable_append_syncs_and_the_next_one_does_not(tmp_path: Path) -> None:
    modes: list[int] = []
    with Ledger.open(tmp_path) as ledger:

        def look(point: str) -> None:
            if point == "ledger.before_commit":
                modes.append(ledger.connection.execute("PRAGMA synchronous").fetchone()[0])

        ledger._faults = look
        ledger.append([note()], durable=True)
        ledger.append([note()])
    full, normal = 2, 1
    assert modes == [full, normal]


@pytest.mark.parametrize("durable", [False, True])
def test_a_failure_before_the_commit_leaves_nothing_and_after_it_everything(
    tmp_path: Path, durable: bool
) -> None:
    with Ledger.open(tmp_path, faults=raise_at("ledger.before_commit")) as ledger:
        with pytest.raises(Interrupted):
            ledger.append([started("r1")], durable=durable)
        assert ledger.head().seq == 0
        assert ledger.append([started("r1")], durable=durable) == [1]
    with Ledger.open(tmp_path, faults=raise_at("ledger.after_commit")) as ledger:
        with pytest.raises(Interrupted):
            ledger.append([finished("r1")], durable=durable)
        # The acknowledgement was lost, so the caller asks again.
        assert ledger.append([finished("r1")], durable=durable) == [2]
        assert ledger.head().seq == 2
        assert ledger.verify().is_clean


def test_a_ledger_does_not_cross_a_fork(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                ledger.append([note()])
            except RuntimeError as error:
                os.write(writer, str(error).encode())
            os._exit(0)
        os.close(writer)
        os.waitpid(child, 0)
        assert b"does not cross a fork" in os.read(reader, 1000)
        os.close(reader)
        assert ledger.append([note()]) == [1]


def test_close_is_legal_twice(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path)
    ledger.append([note()])
    ledger.close()
    ledger.close()
    assert (tmp_path / "runs.jsonl").read_text().count("\n") == 1
