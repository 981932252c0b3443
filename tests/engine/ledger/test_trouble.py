"""A Ledger that is locked, full, read-only or damaged: exit 3, nothing lost, reading goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, queries
from metaensemble.engine.ledger.database_errors import translated, translated_os
from metaensemble.engine.ledger.files import pauses
from metaensemble.schemas.errors import (
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    LedgerLocked,
    LedgerMissing,
    LedgerReadOnly,
    LedgerUnreadable,
)
from support.ledger import dag_run_created, finished, note, run_python, started


def test_a_locked_ledger_is_waited_for_and_then_named(tmp_path: Path) -> None:
    with Ledger.open(tmp_path, busy_timeout_ms=30) as ledger:
        other = sqlite3.connect(tmp_path / "department.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerLocked) as caught:
            ledger.append([note()])
        assert caught.value.exit_code == 3
        assert ledger.head().seq == 0, "reading goes on"
        other.execute("COMMIT")
        other.close()
        assert ledger.append([note()]) == [1]


def test_opening_waits_as_well(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "department.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerLocked):
        Ledger.open(tmp_path, busy_timeout_ms=30)
    other.close()
    Ledger.open(tmp_path).close()


def test_pauses_grow_with_jitter_and_end() -> None:
    time, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time[0] += seconds

    draws = iter([0.0, 0.5, 1.0] * 1000)
    turns = len(list(pauses(1000, lambda: next(draws), now=lambda: time[0], sleep=sleep)))
    assert turns == len(slept) + 1
    assert sum(slept) == pytest.approx(1.0)
    assert slept[:3] == pytest.approx([0.0001, 0.0004, 0.0012])
    assert max(slept) <= 0.03
    assert list(pauses(0, lambda: 0.5)) == [None]


def test_a_full_database_says_so_and_keeps_what_it_has(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), started("r1")])
        pages = ledger.connection.execute("PRAGMA page_count").fetchone()[0]
        ledger.connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(LedgerFull) as caught:
            ledger.append([note("x" * 100_000)])
        assert caught.value.exit_code == 3
        assert ledger.head().seq == 2
        ledger.connection.execute("PRAGMA max_page_count = 1000000")
        assert ledger.append([finished("r1")]) == [3]
        assert ledger.verify().is_clean


FILL = """
import json, resource, signal, sys
from pathlib import Path
from support.ledger import note
from metaensemble.engine.ledger import Ledger
from metaensemble.schemas.errors import LedgerFull
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger.open(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
done = 0
try:
    for done in range(1, 10_000):
        ledger.append([note("x" * 3000)])
        if sys.argv[3] == "mirror":
            ledger.mirror.catch_up()
except LedgerFull as error:
    print(json.dumps([done - 1, error.code]))
seen = ledger.head().seq
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
ledger.append([note("there is space again")])
ledger.close()
print(seen)
"""


@pytest.mark.parametrize("mirror", ["mirror", "no mirror"])
def test_a_limit_on_file_sizes_loses_nothing_that_was_recorded(tmp_path: Path, mirror: str) -> None:
    status, out, err = run_python(FILL, tmp_path, 200_000, mirror)
    assert status == 0, err
    refused, seen = out.splitlines()
    assert "ME705" in refused
    with Ledger.open(tmp_path) as ledger:
        found = ledger.verify()
        assert found.is_clean
        assert found.records == int(seen) + 1


@pytest.fixture
def small_disk() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp())
    mounted = (
        os.geteuid() == 0
        and sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", folder], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not mounted:
        shutil.rmtree(folder)
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    shutil.rmtree(folder)


def fill(ledger: Ledger) -> int:
    """Append until there is no space left; returns how many records were acknowledged."""
    for number in range(10_000):
        try:
            ledger.append([note("x" * 3000)])
        except LedgerFull:
            return number
    raise AssertionError("the disk never fills up")


def test_a_full_disk_stays_readable_and_goes_on_once_there_is_space(small_disk: Path) -> None:
    state = small_disk / "state"
    with Ledger.open(state) as ledger:
        recorded = fill(ledger)
        assert ledger.head().seq == recorded
    with (small_disk / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    with Ledger.open(state, readonly=True) as reader:
        assert reader.head().seq == recorded
    with pytest.raises(LedgerFull):
        Ledger.open(state).append([note("x" * 100_000)])
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    with Ledger.open(state) as ledger:
        assert ledger.append([note()]) == [recorded + 1]
        assert ledger.verify().is_clean


@pytest.fixture
def read_only_disk() -> Iterator[Path]:
    """A Ledger with three records on a disk that was mounted anew for reading only."""
    folder = Path(tempfile.mkdtemp())
    mounted = (
        os.geteuid() == 0
        and sys.platform == "linux"
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", folder], capture_output=True, check=False
        ).returncode
        == 0
    )
    if not mounted:
        shutil.rmtree(folder)
        pytest.skip("a read-only disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    shutil.rmtree(folder)


@pytest.mark.parametrize("crashed", [False, True])
def test_a_read_only_disk_can_be_read(read_only_disk: Path, crashed: bool) -> None:
    code = """
import os, sys
from pathlib import Path
from support.ledger import dag_run_created, finished, started
from metaensemble.engine.ledger import Ledger
ledger = Ledger.open(Path(sys.argv[1]))
ledger.append([dag_run_created(), started("r1"), finished("r1")])
if sys.argv[2] == "True":
    os._exit(0)
ledger.close()
"""
    state = read_only_disk / "state"
    assert run_python(code, state, crashed)[0] == 0
    assert (state / "department.db-wal").exists() is crashed
    subprocess.run(["mount", "-o", "remount,ro", read_only_disk], check=True)
    with Ledger.open(state, readonly=True) as reader:
        assert reader.head().seq == 3
        assert [run.run_id for run in queries.recent_runs(reader)] == ["r1"]
        assert reader.verify().is_clean
    with pytest.raises(LedgerReadOnly) as caught:
        Ledger.open(state)
    assert caught.value.exit_code == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone who may not write")
@pytest.mark.parametrize("crashed", [False, True])
def test_who_may_not_write_may_read(crashed: bool) -> None:
    # Root ignores modes, so someone else does the reading, in a folder that all may enter.
    folder = Path(tempfile.mkdtemp())
    try:
        source = folder / "copy"
        with Ledger.open(folder / "state") as ledger:
            ledger.append([note(), note()])
            if crashed:
                shutil.copytree(folder / "state", source)
        if not crashed:
            shutil.copytree(folder / "state", source)
        (source / "department.db-shm").unlink(missing_ok=True)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert as_nobody(source) == "2 ME706"
    finally:
        shutil.rmtree(folder)


def as_nobody(state: Path) -> str:
    """What a process without any rights sees: the head's seq, and the code when it wants to write."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            with Ledger.open(state, readonly=True) as ledger:
                os.write(writer, str(ledger.head().seq).encode())
            Ledger.open(state)
        except LedgerError as error:
            os.write(writer, f" {error.code}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as file:
        return file.read()


def test_a_reading_ledger_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing):
        Ledger.open(tmp_path, readonly=True)
    with pytest.raises(LedgerMissing):
        Ledger.open(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []
    with Ledger.open(tmp_path) as ledger:
        ledger.append([note()])
    (tmp_path / "runs.jsonl").unlink()
    with Ledger.open(tmp_path, readonly=True) as reader:
        with pytest.raises(LedgerReadOnly):
            reader.append([note()])
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.connection.execute("DELETE FROM nodes")
    assert not (tmp_path / "runs.jsonl").exists()


@pytest.mark.parametrize("name", ["a #%?& name", "ü 漢字"])
def test_odd_names_of_folders(tmp_path: Path, name: str) -> None:
    with Ledger.open(tmp_path / name) as ledger:
        ledger.append([note()])
    with Ledger.open(tmp_path / name, readonly=True) as reader:
        assert reader.head().seq == 1


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize(
    "content", [b"not a database, by no means\n" * 500, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_what_is_no_database_is_named_and_left_alone(tmp_path: Path, content: bytes, readonly: bool) -> None:
    (tmp_path / "department.db").write_bytes(content)
    with pytest.raises(LedgerDamaged) as caught:
        Ledger.open(tmp_path, readonly=readonly)
    assert caught.value.exit_code == 3
    assert "me ledger rebuild" in str(caught.value.hint)
    assert (tmp_path / "department.db").read_bytes() == content


def test_a_page_that_went_bad_is_damage_wherever_it_shows(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(), *(note("x" * 500) for _ in range(200))])
    data = bytearray((tmp_path / "department.db").read_bytes())
    for page in range(5, len(data) // 4096):
        data[page * 4096 : page * 4096 + 16] = b"\xee" * 16
    (tmp_path / "department.db").write_bytes(data)
    seen = 0
    for look in (
        lambda: Ledger.open(tmp_path).append([note()]),
        lambda: Ledger.open(tmp_path, readonly=True).verify(),
        lambda: queries.recent_runs(Ledger.open(tmp_path, readonly=True)),
    ):
        try:
            look()
        except LedgerDamaged:
            seen += 1
    assert seen >= 2


def test_a_folder_in_the_place_of_the_database(tmp_path: Path) -> None:
    (tmp_path / "department.db").mkdir()
    with pytest.raises(LedgerError):
        Ledger.open(tmp_path)
    with pytest.raises(LedgerError):
        Ledger.open(tmp_path, readonly=True)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(LedgerUnreadable):
        Ledger.open(tmp_path / "state")


def test_mistakes_of_our_own_stay_what_they_are(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        with pytest.raises(sqlite3.OperationalError) as caught:
            ledger.connection.execute("SELECT nothing FROM nowhere")
        assert translated(caught.value, tmp_path) is None
    with pytest.raises(sqlite3.ProgrammingError):
        ledger.append([note()])


def test_what_the_system_says_is_carried_over(tmp_path: Path) -> None:
    assert isinstance(translated_os(OSError(28, "No space left on device"), tmp_path), LedgerFull)
    assert isinstance(translated_os(OSError(30, "Read-only file system"), tmp_path), LedgerReadOnly)
    other = translated_os(OSError(5, "Input/output error"), tmp_path)
    assert isinstance(other, LedgerUnreadable)
    assert "Input/output error" in other.message
