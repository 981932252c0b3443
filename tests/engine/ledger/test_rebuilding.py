from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from metaensemble.engine.ledger import DagRunLock, Ledger, rebuild
from metaensemble.schemas.errors import ChainBroken, LedgerInUse, LedgerMissing, NewerLedger
from support.ledger import (
    DAG_RUN,
    Interrupted,
    content,
    content_of,
    dag_run_created,
    finished,
    note,
    raise_at,
    run_python,
    start_python,
    started,
)

POINTS = ("rebuild.before_swap", "rebuild.during_swap", "rebuild.after_swap")


def filled(state: Path, notes: int = 20) -> dict[str, list[tuple[object, ...]]]:
    with Ledger.open(state) as ledger:
        ledger.append([dag_run_created(), started("r1"), finished("r1"), started("r2", "b")])
        ledger.append([note(str(number)) for number in range(notes)])
        return content(ledger.connection)


def damage(state: Path) -> None:
    (state / "department.db").write_bytes(b"nothing that SQLite knows" * 1000)


def cut_mirror(state: Path, lines: int) -> None:
    path = state / "runs.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lines]))


def spoil_line(state: Path, number: int) -> None:
    path = state / "runs.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[number - 1] = b"#" * (len(lines[number - 1]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))


def test_twice_gives_the_same_content(tmp_path: Path) -> None:
    before = filled(tmp_path)
    first = rebuild(tmp_path)
    bytes_of_first = (tmp_path / "department.db").read_bytes()
    assert content_of(tmp_path) == before
    second = rebuild(tmp_path)
    assert content_of(tmp_path) == before
    assert (first.head, first.records, first.from_mirror) == (second.head, 24, 24)
    assert (first.set_aside, second.set_aside) == ((), ())
    assert len(bytes_of_first) == (tmp_path / "department.db").stat().st_size
    with Ledger.open(tmp_path) as ledger:
        assert ledger.append([note("on")]) == [25]
        assert ledger.verify().is_clean


def test_a_damaged_database_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    before = filled(tmp_path)
    damage(tmp_path)
    (kept,) = rebuild(tmp_path).set_aside
    assert kept.name == "department.db.set-aside-1"
    assert kept.read_bytes().startswith(b"nothing that SQLite knows")
    assert content_of(tmp_path) == before


def test_a_missing_database_is_made(tmp_path: Path) -> None:
    before = filled(tmp_path)
    (tmp_path / "department.db").unlink()
    assert rebuild(tmp_path).records == 24
    assert content_of(tmp_path) == before
    with pytest.raises(LedgerMissing):
        rebuild(tmp_path / "elsewhere")


@pytest.mark.parametrize("lines", [0, 1, 10, 23])
def test_what_the_mirror_lacks_comes_from_the_old_database(tmp_path: Path, lines: int) -> None:
    before = filled(tmp_path)
    cut_mirror(tmp_path, lines)
    done = rebuild(tmp_path)
    assert (done.from_mirror, done.from_database) == (lines, 24 - lines)
    assert content_of(tmp_path) == before
    assert (tmp_path / "runs.jsonl").read_bytes().count(b"\n") == 24


@pytest.mark.parametrize("number", [1, 12, 24])
def test_a_spoiled_line_comes_from_the_old_database_and_the_mirror_is_made_anew(
    tmp_path: Path, number: int
) -> None:
    before = filled(tmp_path)
    whole = (tmp_path / "runs.jsonl").read_bytes()
    spoil_line(tmp_path, number)
    (kept,) = rebuild(tmp_path).set_aside
    assert kept.name == "runs.set-aside-1.jsonl"
    assert content_of(tmp_path) == before
    assert (tmp_path / "runs.jsonl").read_bytes() == whole


def test_where_neither_has_a_record_whole_nothing_is_touched(tmp_path: Path) -> None:
    filled(tmp_path)
    spoil_line(tmp_path, 12)
    damage(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(ChainBroken, match="record 12 of 24") as caught:
        rebuild(tmp_path)
    assert caught.value.facts["seq"] == 12
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before
    done = rebuild(tmp_path, accept_loss=True)
    assert (done.records, len(done.set_aside)) == (11, 2)
    with Ledger.open(tmp_path) as ledger:
        assert ledger.verify().is_clean


def test_an_edited_record_is_put_right_by_the_mirror(tmp_path: Path) -> None:
    before = filled(tmp_path)
    db = sqlite3.connect(tmp_path / "department.db")
    db.execute("DROP TRIGGER journal_no_update")
    db.execute("UPDATE journal SET payload = '{}' WHERE seq = 7")
    db.commit()
    db.close()
    assert len(rebuild(tmp_path).set_aside) == 1
    assert content_of(tmp_path) == before


def test_a_torn_line_is_no_loss(tmp_path: Path) -> None:
    before = filled(tmp_path)
    path = tmp_path / "runs.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    assert rebuild(tmp_path).set_aside == ()
    assert content_of(tmp_path) == before


def test_a_newer_database_is_not_rebuilt(tmp_path: Path) -> None:
    filled(tmp_path)
    with Ledger.open(tmp_path) as ledger:
        ledger.connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerLedger):
        rebuild(tmp_path)


def test_refused_while_a_coordinator_is_at_work(tmp_path: Path) -> None:
    filled(tmp_path)
    with DagRunLock(tmp_path, DAG_RUN), pytest.raises(LedgerInUse, match="coordinates"):
        rebuild(tmp_path)


@pytest.mark.parametrize("readonly", [False, True])
def test_refused_while_another_process_has_it_open(tmp_path: Path, readonly: bool) -> None:
    before = filled(tmp_path)
    code = """
import sys
from pathlib import Path
from metaensemble.engine.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]), readonly=sys.argv[2] == "True")
print("open", flush=True)
sys.stdin.read()
"""
    with start_python(code, tmp_path, readonly, stdin=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(LedgerInUse, match="open"):
            rebuild(tmp_path, wait_ms=10)
        process.kill()
    assert rebuild(tmp_path, wait_ms=10).records == 24
    assert content_of(tmp_path) == before


def test_refused_while_another_program_is_in_the_middle_of_a_write(tmp_path: Path) -> None:
    filled(tmp_path)
    other = sqlite3.connect(tmp_path / "department.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(LedgerInUse, match="another program"):
            rebuild(tmp_path)
    finally:
        other.close()


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("damaged", [False, True])
def test_a_rebuild_that_fails_may_be_done_again(tmp_path: Path, point: str, damaged: bool) -> None:
    before = filled(tmp_path)
    if damaged:
        damage(tmp_path)
    with pytest.raises(Interrupted):
        rebuild(tmp_path, faults=raise_at(point))
    rebuild(tmp_path)
    assert content_of(tmp_path) == before


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("prepare", ["whole", "damaged", "lagging"])
def test_a_rebuild_that_is_killed_may_be_done_again(tmp_path: Path, point: str, prepare: str) -> None:
    before = filled(tmp_path)
    if prepare == "damaged":
        damage(tmp_path)
    elif prepare == "lagging":
        cut_mirror(tmp_path, 10)
    code = """
import sys
from pathlib import Path
from support.ledger import kill_at
from metaensemble.engine.ledger import rebuild
rebuild(Path(sys.argv[1]), faults=kill_at(sys.argv[2]))
"""
    assert run_python(code, tmp_path, point)[0] == -9
    rebuild(tmp_path)
    assert content_of(tmp_path) == before
    with Ledger.open(tmp_path) as ledger:
        assert ledger.verify().is_clean
