from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from metaensemble.engine.ledger import FAULT_POINTS, Ledger
from metaensemble.engine.ledger.files import locked
from metaensemble.schemas.errors import LedgerLocked
from support.ledger import (
    Interrupted,
    content,
    content_of,
    dag_run_created,
    finished,
    note,
    raise_at,
    started,
)


def lines(state: Path) -> list[bytes]:
    return (state / "runs.jsonl").read_bytes().splitlines(keepends=True)


def seqs(state: Path) -> list[int]:
    return [json.loads(line)["seq"] for line in lines(state)]


def filled(state: Path, count: int = 5) -> None:
    with Ledger.open(state) as ledger:
        ledger.append([dag_run_created(), started("r1"), finished("r1")])
        ledger.append([note(str(number)) for number in range(count - 3)])


def lose_last(state: Path, count: int) -> None:
    """What a power cut does under synchronous NORMAL: the last commits are gone from the database."""
    db = sqlite3.connect(state / "department.db", isolation_level=None)
    db.execute("DROP TRIGGER journal_no_delete")
    db.execute(f"DELETE FROM journal WHERE seq > (SELECT max(seq) - {count} FROM journal)")
    db.execute(
        "CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal'); END"
    )
    db.execute("DELETE FROM stretches WHERE first_seq > (SELECT coalesce(max(seq), 0) FROM journal)")
    for table in ("run_outcomes", "attempts", "dag_runs"):
        db.execute(f"DELETE FROM {table} WHERE seq > (SELECT coalesce(max(seq), 0) FROM journal)")
    db.execute("DELETE FROM nodes WHERE NOT EXISTS (SELECT 1 FROM dag_runs)")
    db.execute("DELETE FROM tasks WHERE NOT EXISTS (SELECT 1 FROM dag_runs)")
    db.close()


def test_each_record_is_one_line_in_order(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note("1"), note("2")])
        assert ledger.mirror.catch_up() == 2
        assert ledger.mirror.catch_up() == 0
        ledger.append([note("3")])
        assert ledger.mirror.catch_up() == 1
        assert seqs(tmp_path) == [1, 2, 3]
        last = json.loads(lines(tmp_path)[-1])
        assert (last["hash"], last["payload"]) == (ledger.head().hash, {"text": "3"})
        assert list(last) == ["hash", "seq", "ts", "kind", "entity_id", "dag_run_id", "cause", "payload"]


def test_whoever_catches_up_writes_what_all_have_recorded(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as one, Ledger.open(tmp_path) as two:
        one.append([note("1")])
        two.append([note("2")])
        assert one.mirror.catch_up() == 2
        assert two.mirror.catch_up() == 0
        two.append([note("3")])
        assert two.mirror.catch_up() == 1
        one.append([note("4")])
        assert one.mirror.catch_up() == 1
    assert seqs(tmp_path) == [1, 2, 3, 4]


def test_opening_catches_up(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "runs.jsonl").unlink()
    Ledger.open(tmp_path).close()
    assert seqs(tmp_path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("cut", [1, 2, 60, 200])
def test_a_torn_last_line_is_cut_and_written_again(tmp_path: Path, cut: int) -> None:
    filled(tmp_path)
    whole = (tmp_path / "runs.jsonl").read_bytes()
    (tmp_path / "runs.jsonl").write_bytes(whole[:-cut])
    with Ledger.open(tmp_path) as ledger:
        assert ledger.notices == []
        assert ledger.verify().is_clean
    assert (tmp_path / "runs.jsonl").read_bytes() == whole


def test_a_file_of_nothing_but_a_torn_line(tmp_path: Path) -> None:
    filled(tmp_path)
    whole = (tmp_path / "runs.jsonl").read_bytes()
    (tmp_path / "runs.jsonl").write_bytes(b"\0" * 70_000)
    Ledger.open(tmp_path).close()
    assert (tmp_path / "runs.jsonl").read_bytes() == whole


@pytest.mark.parametrize("lost", [1, 3, 5])
def test_a_mirror_that_is_ahead_is_adopted(tmp_path: Path, lost: int) -> None:
    filled(tmp_path)
    before, mirrored = content_of(tmp_path)["journal"], lines(tmp_path)
    lose_last(tmp_path, lost)
    with Ledger.open(tmp_path) as ledger:
        assert content(ledger.connection)["journal"] == before
        assert [f"{lost} records" in notice for notice in ledger.notices] == [True]
        assert ledger.append([note("on it goes")]) == [6]
        assert ledger.verify().is_clean
    assert lines(tmp_path)[:5] == mirrored


def test_a_lost_database_is_adopted_whole(tmp_path: Path) -> None:
    filled(tmp_path, 400)
    before = content_of(tmp_path)
    for path in tmp_path.glob("department.db*"):
        path.unlink()
    with Ledger.open(tmp_path) as ledger:
        assert content(ledger.connection) == before


def test_a_mirror_that_is_ahead_with_a_torn_end_gives_what_is_whole(tmp_path: Path) -> None:
    filled(tmp_path)
    lose_last(tmp_path, 3)
    whole = (tmp_path / "runs.jsonl").read_bytes()
    (tmp_path / "runs.jsonl").write_bytes(whole[:-3])
    with Ledger.open(tmp_path) as ledger:
        assert ledger.head().seq == 4
        assert ledger.verify().is_clean


def test_a_mirror_that_went_another_way_is_set_aside_and_named(tmp_path: Path) -> None:
    filled(tmp_path)
    lose_last(tmp_path, 2)
    theirs = (tmp_path / "runs.jsonl").read_bytes()
    (tmp_path / "runs.jsonl").unlink()
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note("ours")])
    (tmp_path / "runs.jsonl").write_bytes(theirs)
    with Ledger.open(tmp_path) as ledger:
        assert "runs.set-aside-1.jsonl" in ledger.notices[0]
        row = ledger.connection.execute(
            "SELECT kind, entity_id FROM journal ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        assert row == ("mirror.set_aside", "runs.set-aside-1.jsonl")
        assert ledger.verify().is_clean
    assert (tmp_path / "runs.set-aside-1.jsonl").read_bytes() == theirs
    assert seqs(tmp_path) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("damage", [b"not a record\n", b"{}\n", b"\xff\xfe\n", b'{"payload":1}\n'])
def test_a_mirror_with_a_foreign_last_line_is_set_aside(tmp_path: Path, damage: bytes) -> None:
    filled(tmp_path)
    with (tmp_path / "runs.jsonl").open("ab") as file:
        file.write(damage)
    with Ledger.open(tmp_path) as ledger:
        assert len(ledger.notices) == 1
        assert ledger.verify().is_clean
    assert seqs(tmp_path) == [1, 2, 3, 4, 5, 6]


def test_an_altered_line_ahead_of_the_database_is_not_adopted(tmp_path: Path) -> None:
    filled(tmp_path)
    lose_last(tmp_path, 2)
    altered = lines(tmp_path)
    altered[3] = altered[3].replace(b'"text":"0"', b'"text":"9"')
    (tmp_path / "runs.jsonl").write_bytes(b"".join(altered))
    with Ledger.open(tmp_path) as ledger:
        assert "do not continue" in ledger.notices[0]
        assert ledger.head().seq == 4
        assert ledger.verify().is_clean
    assert (tmp_path / "runs.set-aside-1.jsonl").read_bytes() == b"".join(altered)


def test_names_of_mirrors_set_aside_count_up(tmp_path: Path) -> None:
    filled(tmp_path)
    for number in (1, 2):
        with (tmp_path / "runs.jsonl").open("ab") as file:
            file.write(b"nonsense\n")
        Ledger.open(tmp_path).close()
        assert (tmp_path / f"runs.set-aside-{number}.jsonl").exists()


def test_another_process_may_set_the_mirror_aside_while_we_have_it_open(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note("1")])
        ledger.mirror.catch_up()
        (tmp_path / "runs.jsonl").rename(tmp_path / "elsewhere")
        ledger.append([note("2")])
        assert ledger.mirror.catch_up() == 2
    assert seqs(tmp_path) == [1, 2]


def test_while_another_is_at_it_who_need_not_wait_goes_on(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, busy_timeout_ms=20) as ledger:
        ledger.append([note()])
        with locked(tmp_path / "mirror.lock", wait_ms=0, rng=lambda: 0.5):
            assert ledger.mirror.catch_up(wait=False) == 0
            with pytest.raises(LedgerLocked):
                ledger.mirror.catch_up()
        assert ledger.mirror.catch_up(wait=False) == 1


def test_many_lines_go_out_in_pieces(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note("x" * 100_000) for _ in range(30)])
        assert ledger.mirror.catch_up() == 30
        assert ledger.verify().is_clean


@pytest.mark.parametrize("point", [point for point in FAULT_POINTS if point.startswith("mirror.")])
def test_a_failure_at_any_point_is_mended_by_the_next_look(tmp_path: Path, point: str) -> None:
    filled(tmp_path)
    if point in ("mirror.before_set_aside", "mirror.after_set_aside"):
        with (tmp_path / "runs.jsonl").open("ab") as file:
            file.write(b"nonsense\n")
    elif point == "mirror.before_adopt":
        lose_last(tmp_path, 2)
    else:
        (tmp_path / "runs.jsonl").write_bytes(b"".join(lines(tmp_path)[:2]))
    with pytest.raises(Interrupted):
        Ledger.open(tmp_path, faults=raise_at(point))
    with Ledger.open(tmp_path) as ledger:
        found = ledger.verify()
        assert (found.is_clean, found.mirror_lag) == (True, 0)
        assert ledger.head().seq >= 5


@pytest.mark.parametrize("point", ["mirror.before_write", "mirror.torn_write", "mirror.after_write"])
def test_the_same_process_goes_on_after_a_failed_write(tmp_path: Path, point: str) -> None:
    with Ledger.open(tmp_path, faults=raise_at(point)) as ledger:
        ledger.append([note("1"), note("2")])
        with pytest.raises(Interrupted):
            ledger.mirror.catch_up()
        ledger.append([note("3")])
        ledger.mirror.catch_up()
        assert seqs(tmp_path) == [1, 2, 3]
        assert ledger.verify().is_clean
