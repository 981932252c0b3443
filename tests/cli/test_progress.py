from __future__ import annotations

import io
import re
import sys
import threading

import pytest

from metaensemble.cli.progress import Silence, watcher
from metaensemble.cli.progress_plain import PlainProgress
from metaensemble.schemas.progress import (
    NodeChanged,
    Note,
    Progress,
    RunEnded,
    RunStarted,
    SourceChanged,
)
from support import plans

STORY: list[Progress] = [
    RunStarted("0190d1a0", "sample", 5, False),
    NodeChanged("fetch", "ready", "", 0, 0, None),
    NodeChanged("fetch", "running", "", 1, 0, None),
    NodeChanged("fetch", "ready", "exit status 1; tried again in 2 s", 1, 1_000, None),
    NodeChanged("fetch", "running", "", 2, 3_000, None),
    NodeChanged("fetch", "ok", "", 2, 4_200, 2_200),
    NodeChanged("left", "failed", "exit status 7", 1, 5_000, 800),
    NodeChanged("right", "skipped", "its condition was false", 0, 5_000, None),
    NodeChanged("merge", "blocked", "`left` failed", 0, 5_000, None),
    Note("stopping: what runs is given 5 s"),
]

LINES = """\
running sample: 5 nodes, DAG run 0190d1a0
retry     fetch  attempt 1  exit status 1; tried again in 2 s
ok        fetch  2.2 s  attempt 2
failed    left  800 ms  exit status 7
skipped   right  its condition was false
blocked   merge  `left` failed
stopping: what runs is given 5 s
"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_pieces_that_are_not_needed_get_no_line() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as progress:
        for notice in (
            NodeChanged("review.3", "ok", "", 1, 0, 5),
            NodeChanged("review.4", "skipped", "decided 3:0 of 5", 0, 0, None),
            NodeChanged("review.author#2", "skipped", "not needed", 0, 0, None),
            NodeChanged("review", "ok", "decided 3:0 of 5", 0, 0, 5, is_group=True),
        ):
            progress.notice(notice)
    assert stream.getvalue() == "ok        review.3  5 ms\nok        review  decided 3:0 of 5\n"


def test_one_line_per_end() -> None:
    stream = io.StringIO()
    with PlainProgress(stream) as progress:
        for notice in STORY:
            progress.notice(notice)
    assert stream.getvalue() == LINES.replace("  attempt 1", "")


def test_what_ctrl_c_stops_is_said_to_be_stopped() -> None:
    stream = io.StringIO()
    PlainProgress(stream).notice(NodeChanged("fetch", "ready", "it was asked to stop", 1, 5_000, 1_500))
    assert stream.getvalue() == "stopped   fetch  1.5 s  it was asked to stop\n"


def test_a_resume_says_so() -> None:
    stream = io.StringIO()
    PlainProgress(stream).notice(RunStarted("0190d1a0", "sample", 1, True))
    assert stream.getvalue() == "resuming sample: 1 node, DAG run 0190d1a0\n"


def test_a_reader_who_went_away_does_not_stop_the_run() -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with PlainProgress(Broken()) as progress:
        for notice in STORY:
            progress.notice(notice)


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("live", [False, True])
def test_what_a_resume_says_before_it_begins(gone: bool, live: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from metaensemble.cli.progress_live import LiveProgress

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    progress = LiveProgress(stream) if live else PlainProgress(stream)
    progress.notice(RunStarted("0190d1a0", "sample", 2, True, "the newest one, which failed"))
    assert not progress.told_source
    progress.notice(SourceChanged(gone=gone))
    assert progress.told_source
    first, second = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()
    assert first.startswith("resuming sample")
    assert first.endswith(", DAG run 0190d1a0, the newest one, which failed")
    assert second.startswith(f"the graph file {'is gone' if gone else 'has changed since'}; ")


def test_which_one_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    from metaensemble.cli.progress_live import LiveProgress

    assert isinstance(watcher(quiet=True), Silence)
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(watcher(quiet=False), PlainProgress)
    monkeypatch.setattr("sys.stderr", Terminal())
    assert isinstance(watcher(quiet=False), LiveProgress)
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(watcher(quiet=False), PlainProgress)


@pytest.mark.parametrize("width", ["12", "40", "200"])
def test_the_live_picture_fits_and_ends_clean(monkeypatch: pytest.MonkeyPatch, width: str) -> None:
    from metaensemble.cli.progress_live import LiveProgress

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", width)
    stream = Terminal()
    plan = plans.make_plan(plans.DIAMOND)
    with LiveProgress(stream, now_ms=lambda: 5_000) as progress:
        for notice in [*STORY, RunEnded(plans.make_report(plan, {}))]:
            progress.notice(notice)
    said = stream.getvalue()
    assert "exit status 7" in said
    assert "stopping: what runs" in said
    assert said.rstrip("\r\n").endswith("\x1b[2K") or "\x1b[?25h" in said


def test_the_live_picture_does_without_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    from metaensemble.cli.progress_live import LiveProgress

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("threading.Thread.start", refuse)
    streams = sys.stdout, sys.stderr
    stream = Terminal()
    with LiveProgress(stream, now_ms=lambda: 5_000) as progress:
        for notice in STORY:
            progress.notice(notice)
    assert "exit status 7" in stream.getvalue()
    assert stream.getvalue().endswith("\x1b[2K")
    assert (sys.stdout, sys.stderr) == streams


def test_the_live_picture_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from metaensemble.cli.progress_live import LiveProgress

    monkeypatch.setenv("TERM", "xterm")
    clock = iter([0, 0, *[3_600] * 50])
    progress = LiveProgress(Terminal(), now_ms=lambda: next(clock))
    for notice in STORY[:6]:
        progress.notice(notice)
    for number in range(20):
        progress.notice(NodeChanged(f"n{number}", "running", "", 1 + number % 2, 100 * number, None))
    picture = [line.plain for line in progress._picture(60, 8)]
    assert picture[0].endswith(" 1/5")
    assert "20 running" in picture[1]
    assert "1 ok" in picture[1]
    assert picture[2].strip() == "▶ n0  3 s"
    assert picture[3].strip() == "▶ n1  3 s  attempt 2"
    assert picture[-1].strip() == "and 14 more"
    assert all(len(line) <= 60 for line in picture)
