"""The process that starts commands is stopped in the middle of a DAG run: the run goes on, or ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.engine.coordinator.clock import SystemClock
from metaensemble.engine.coordinator.coordinator import POLL_SECONDS
from metaensemble.engine.ledger.blobs import BlobStore
from metaensemble.engine.process.launcher import Launcher
from metaensemble.engine.runtimes.command import CommandRuntime
from metaensemble.schemas.progress import NodeChanged, Note, Progress
from metaensemble.schemas.report import NodeReport, Report
from support.processes import gone
from support.scenarios import Project

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

STOP = "echo $PPID >> spawners; kill -STOP $PPID"
"""A command's parent is the spawner."""

SILENT = "the process that starts commands gave no answer and was killed, and the command with it"


class Stage:
    """Decides when the spawner's time for an answer is over: once it is stopped and was asked something.

    `asked` is what must come first: the beginning of a note to whoever watches, `timer` for a timer of
    the Coordinator, empty for nothing.
    """

    def __init__(self, asked: str, root: Path) -> None:
        self.runtime: CommandRuntime | None = None
        self._root = root
        self.asked = asked
        self.is_asked = not asked

    def notice(self, progress: Progress) -> None:
        if isinstance(progress, Note) and progress.text.startswith(self.asked):
            self.is_asked = True
        if isinstance(progress, NodeChanged) and progress.state == "waiting":
            (self._root / "waits").touch()

    def grace(self, _seconds: float, call: Callable[[], None]) -> Waiting:
        return Waiting(lambda: self.is_asked and self.is_stopped(), call)

    def is_stopped(self) -> bool:
        pid = self.runtime.spawner_pid if self.runtime else None
        if pid is None:
            return False
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


class Waiting:
    """A call that is made once `is_due()`."""

    def __init__(self, is_due: Callable[[], bool], call: Callable[[], None]) -> None:
        self._is_due = is_due
        self._call = call
        self._handle = asyncio.get_running_loop().call_later(0, self._look)

    def _look(self) -> None:
        if self._is_due():
            self._call()
        else:
            self._handle = asyncio.get_running_loop().call_later(0.01, self._look)

    def cancel(self) -> None:
        self._handle.cancel()


class StagedClock(SystemClock):
    """The Coordinator's timers, its housekeeping left out, are due once the spawner is stopped."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        if seconds == POLL_SECONDS or self._stage.is_asked:
            return super().call_later(seconds, call)

        def asking() -> None:
            call()
            self._stage.is_asked = True

        return Waiting(self._stage.is_stopped, asking)


def run(project: Project, *, asked: str = "", signals: bool = False) -> Report:
    """Run the graph with a spawner that some command stops."""
    stage = Stage(asked, project.root)

    def launcher(environ: Mapping[str, str]) -> Launcher:
        return Launcher(environ, call_later=stage.grace)

    stage.runtime = CommandRuntime(BlobStore(project.state / "blobs"), launcher=launcher)
    surroundings: dict[str, Any] = {"runtimes": {"command": stage.runtime}}
    if asked == "timer":
        surroundings["clock"] = StagedClock(stage)
    report = api.run(
        project.graph, cwd=project.root, observer=stage, signals=signals, surroundings=surroundings
    )
    project.check_processes()
    assert stage.runtime.spawner_pid is None
    for pid in (project.root / "spawners").read_text().split():
        assert gone(int(pid))
    project.check_ledger()
    return report


def node(report: Report, name: str) -> NodeReport:
    return next(found for found in report.nodes if found.id == name)


def test_a_timeout_fires_and_the_next_command_runs(tmp_path: Path) -> None:
    text = f"""\
tasks:
  stuck: {{run: "{STOP}; exec sleep 1000", timeout: 1h}}
  after: {{run: echo fine, needs: {{stuck: done}}}}
"""
    report = run(Project(tmp_path / "project", text), asked="timer")
    stuck = node(report, "stuck")
    assert (stuck.state, stuck.attempts[-1].failure_reason) == ("failed", "timeout")
    assert node(report, "after").state == "ok"


def test_what_ran_is_lost_and_tried_again(tmp_path: Path) -> None:
    text = f"""\
tasks:
  stuck:
    run: "test -e again || {{ touch again; {STOP}; sleep 1000; }}; echo at last"
    retry: {{max: 1, backoff: 1ms}}
"""
    first, second = node(run(Project(tmp_path / "project", text)), "stuck").attempts
    assert (first.outcome, first.failure_reason, first.reason) == ("failed", "other", SILENT)
    assert second.outcome == "ok"


def test_what_was_to_start_is_lost_and_tried_again(tmp_path: Path) -> None:
    text = f"""\
tasks:
  stopper: {{run: "until test -e waits; do :; done; {STOP}; exec sleep 1000", on_lost: fail}}
  late: {{run: "test -e tried || {{ touch tried; exit 1; }}; echo here", retry: {{max: 2, backoff: 1ms}}}}
"""
    report = run(Project(tmp_path / "project", text), asked="timer")
    assert node(report, "stopper").attempts[0].outcome == "interrupted"
    attempts = [(attempt.outcome, attempt.failure_reason) for attempt in node(report, "late").attempts]
    assert attempts == [("failed", "exit_status"), ("failed", "other"), ("ok", None)]


@pytest.mark.parametrize(
    ("numbers", "words"), [("INT", "stopping"), ("INT TERM", "killing")], ids=["once", "twice"]
)
def test_ctrl_c_ends_the_run(numbers: str, words: str, tmp_path: Path) -> None:
    kills = "; ".join(f"kill -{number} {os.getpid()}" for number in numbers.split())
    text = f"""\
tasks:
  stuck: {{run: "test -e again || {{ touch again; {STOP}; {kills}; exec sleep 1000; }}; echo done"}}
"""
    project = Project(tmp_path / "project", text)
    report = run(project, asked=words, signals=True)
    assert report.state == "interrupted"
    assert node(report, "stuck").attempts[-1].outcome == "cancelled"
    resumed = api.resume(report.dag_run_id, cwd=project.root)
    assert resumed.state == "ok"
