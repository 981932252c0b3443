"""Telling a file that was written from one that was left as it was."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble.engine.runtimes.before import note_files

TICK = 4_000_000


def noted(path: Path) -> object:
    return note_files([str(path)]).get(str(path))


def test_what_is_left_alone_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("x")
    (tmp_path / "link").symlink_to(path)
    assert noted(path) == noted(path) == noted(tmp_path / "link")
    path.read_text()
    assert noted(path) == noted(path)


def _rewrite(path: Path) -> None:
    path.write_text("x")


def _touch(path: Path) -> None:
    path.touch()


def _replace(path: Path) -> None:
    path.unlink()
    path.write_text("x")


def _rename_over(path: Path) -> None:
    other = path.with_name("new")
    other.write_text("x")
    other.rename(path)


def _copy_with_its_times(path: Path) -> None:
    other = path.with_name("source")
    other.write_text("x")
    status = path.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    shutil.copy2(other, path)
    assert path.stat().st_mtime_ns == status.st_mtime_ns


@pytest.mark.parametrize("write", [_rewrite, _touch, _replace, _rename_over, _copy_with_its_times])
def test_whatever_writes_it_again_shows_though_the_content_is_equal(
    write: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "report.md"
    for _ in range(3):
        path.write_text("x")
        before = noted(path)
        write(path)
        assert noted(path) != before


def test_what_is_not_there_is_not_noted(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    paths = [str(tmp_path / "none"), str(tmp_path / "loop"), "x\0y", str(tmp_path / ("n" * 300))]
    assert note_files(paths, file_time=lambda: pytest.fail("nothing to wait for")) == {}


class FileTime:
    """The time of files, which goes on by a tick with the third nap."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.naps = 0

    def __call__(self) -> int:
        return self.now

    def nap(self, _seconds: float) -> None:
        self.naps += 1
        if self.naps == 3:
            self.now += TICK


@pytest.mark.parametrize(
    ("ahead", "naps"),
    [(-TICK, 0), (-1, 0), (0, 3), (TICK - 1, 3), (TICK, 20), (60_000_000_000, 0)],
    ids=["earlier tick", "just before", "this tick", "finer times", "does not go on", "another clock"],
)
def test_a_file_of_this_tick_is_waited_for(ahead: int, naps: int, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("x")
    clock = FileTime(path.stat().st_ctime_ns - ahead)
    note_files([str(path)], file_time=clock, nap=clock.nap)
    assert clock.naps == naps


def test_where_the_time_cannot_be_told_nothing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("x")
    found = note_files([str(path)], file_time=lambda: None, nap=lambda _: pytest.fail("it waited"))
    assert list(found) == [str(path)]
