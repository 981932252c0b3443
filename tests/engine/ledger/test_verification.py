from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.ledger import Head, Ledger
from metaensemble.engine.ledger.verification import verify_ledger
from metaensemble.schemas.errors import BlobMissing, ChainBroken
from support.ledger import dag_run_created, finished, note, started

UNGUARDED = ("journal_in_order", "journal_no_update", "journal_no_delete")


def filled(state: Path) -> Ledger:
    ledger = Ledger.open(state)
    blob = ledger.blobs.put(b"stdout")
    ledger.append(
        [dag_run_created(), started("r1"), finished("r1", stdout={"head": "s", "size": 6, "blob": blob})]
    )
    ledger.append([note(str(number)) for number in range(5)])
    ledger.mirror.catch_up()
    return ledger


def tamper(ledger: Ledger, *statements: str) -> None:
    for trigger in UNGUARDED:
        ledger.connection.execute(f"DROP TRIGGER {trigger}")
    for statement in statements:
        ledger.connection.execute(statement)


def test_a_whole_ledger_is_clean(tmp_path: Path) -> None:
    with filled(tmp_path) as ledger:
        found = ledger.verify()
        assert (found.is_clean, found.records, found.head, found.blobs) == (True, 8, ledger.head(), 1)
        found.raise_first()
        ledger.append([note("not in the mirror yet")])
        found = ledger.verify()
        assert (found.is_clean, found.mirror_lag) == (True, 1)
    with Ledger.open(tmp_path / "empty") as ledger:
        assert ledger.verify().is_clean


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE journal SET payload = replace(payload, 'ok', 'no') WHERE seq = 3", 3),
        ("UPDATE journal SET ts = ts + 1 WHERE seq = 4", 4),
        ("UPDATE journal SET kind = 'x' WHERE seq = 4", 4),
        ("UPDATE journal SET entity_id = 'x' WHERE seq = 4", 4),
        ("UPDATE journal SET dag_run_id = 'x' WHERE seq = 4", 4),
        ("UPDATE journal SET cause = 1 WHERE seq = 4", 4),
        ("UPDATE journal SET hash = zeroblob(32) WHERE seq = 4", 4),
        ("UPDATE journal SET prev_hash = zeroblob(32) WHERE seq = 4", 4),
        ("UPDATE journal SET payload = '{' WHERE seq = 4", 4),
        ("DELETE FROM journal WHERE seq = 4", 4),
        ("UPDATE journal SET seq = CASE seq WHEN 4 THEN 40 WHEN 5 THEN 50 END WHERE seq IN (4, 5)", 4),
    ],
)
def test_any_edit_removal_or_move_is_found_without_the_mirror(
    tmp_path: Path, statement: str, seq: int
) -> None:
    with filled(tmp_path) as ledger:
        (tmp_path / "runs.jsonl").unlink()
        tamper(ledger, statement)
        found = ledger.verify()
        assert found.problems[0].area == "journal"
        assert found.problems[0].seq == seq
        with pytest.raises(ChainBroken) as caught:
            found.raise_first()
        assert caught.value.exit_code == 3


def test_records_that_changed_places_are_found(tmp_path: Path) -> None:
    with filled(tmp_path) as ledger:
        (tmp_path / "runs.jsonl").unlink()
        tamper(
            ledger,
            "UPDATE journal SET seq = -1 WHERE seq = 5",
            "UPDATE journal SET seq = 5 WHERE seq = 6",
            "UPDATE journal SET seq = 6 WHERE seq = -1",
        )
        assert {problem.seq for problem in ledger.verify().problems} >= {5, 6}


def test_a_cut_tail_is_found_by_the_mirror_or_by_a_noted_head(tmp_path: Path) -> None:
    with filled(tmp_path) as ledger:
        head = ledger.head()
        tamper(ledger, "DELETE FROM journal WHERE seq > 6")
        (problem,) = ledger.verify().problems
        assert (problem.area, problem.message) == (
            "mirror",
            "the mirror holds 2 records more than the database",
        )
        (tmp_path / "runs.jsonl").unlink()
        assert ledger.verify().is_clean
        (problem,) = verify_ledger(ledger, noted=head).problems
        assert (problem.area, problem.seq) == ("head", 8)
        assert verify_ledger(ledger, noted=ledger.head()).is_clean
        assert verify_ledger(ledger, noted=Head(0, "0" * 64)).is_clean


def test_an_altered_mirror_is_found(tmp_path: Path) -> None:
    with filled(tmp_path) as ledger:
        whole = (tmp_path / "runs.jsonl").read_bytes()
        (tmp_path / "runs.jsonl").write_bytes(whole.replace(b'"text":"2"', b'"text":"3"'))
        (problem,) = ledger.verify().problems
        assert (problem.area, problem.seq) == ("mirror", 6)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run_outcomes SET outcome = 'failed'",
        "DELETE FROM attempts",
        "UPDATE nodes SET state = 'ok'",
        "INSERT INTO approvals VALUES ('d', 'n', 0, 1, 'yes', 'nobody', 1)",
    ],
)
def test_a_table_that_does_not_follow_from_the_journal_is_found(tmp_path: Path, statement: str) -> None:
    with filled(tmp_path) as ledger:
        ledger.connection.execute(statement)
        (problem,) = ledger.verify().problems
        assert problem.area == "tables"


@pytest.mark.parametrize("content", [None, b"other!"])
def test_a_missing_or_altered_blob_is_found(tmp_path: Path, content: bytes | None) -> None:
    with filled(tmp_path) as ledger:
        (path,) = (path for path in (tmp_path / "blobs").iterdir() if path.is_file())
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        found = ledger.verify()
        assert [problem.area for problem in found.problems] == ["blobs"]
        with pytest.raises(BlobMissing):
            found.raise_first()


def test_problems_are_counted_and_the_first_hundred_kept(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note() for _ in range(150)])
        tamper(ledger, "UPDATE journal SET ts = 0")
        found = ledger.verify()
        assert len(found.problems) == 100
        assert found.more_problems >= 50


def test_a_reader_can_verify_while_a_writer_goes_on(tmp_path: Path) -> None:
    with filled(tmp_path) as writer, Ledger.open(tmp_path, readonly=True) as reader:
        writer.append([note("more")])
        assert reader.verify().is_clean
        writer.append([note("and more")])
        assert writer.mirror.catch_up() == 2
        assert reader.verify().is_clean
