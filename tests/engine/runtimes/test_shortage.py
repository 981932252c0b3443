"""No file, no process left: attempts wait for others, and fail in words when there are no others."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from metaensemble.engine.process import spawner, spawner_link
from metaensemble.engine.runtimes.command import CommandRuntime
from metaensemble.engine.runtimes.protocol import AttemptResult
from metaensemble.engine.runtimes.shortage import Queue, Threads
from support.fakes import Events, MemoryBlobs, run_async, shell
from support.processes import Fifo

POOR = """\
import errno, sys
sys.path.insert(0, {folder!r})
import spawner

class Poor(spawner.Server):
    def _start(self, ident, fields, descriptors):
        if len(self._pids) >= {room}:
            self._reply(spawner.FAILED, ident, spawner.STEP_EXEC, errno.{error})
        else:
            super()._start(ident, fields, descriptors)

spawner.Server = Poor
spawner.main(*map(int, sys.argv[1:]))
"""

Poor = Callable[..., None]


@pytest.fixture
def poor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Poor:
    """`poor(room=2)`: the system refuses a third process while two live, as it does at `ulimit -u`."""

    def refuse(*, room: int, error: str = "EAGAIN") -> None:
        program = tmp_path / "poor_spawner.py"
        folder = str(Path(spawner.__file__).parent)
        program.write_text(POOR.format(folder=folder, room=room, error=error))
        monkeypatch.setattr(spawner_link, "_PROGRAM", program)

    return refuse


def all_at_once(requests: list[object]) -> list[AttemptResult]:
    async def scenario() -> list[AttemptResult]:
        runtime = CommandRuntime(MemoryBlobs())
        try:
            attempts = [runtime.start(request, Events()) for request in requests]  # type: ignore[arg-type]
            return list(await asyncio.gather(*(attempt.wait() for attempt in attempts)))
        finally:
            await runtime.close()

    return run_async(scenario())


@pytest.mark.parametrize("room", [1, 3])
@pytest.mark.parametrize("error", ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"])
def test_what_finds_no_room_waits_until_another_has_ended(
    error: str, room: int, poor: Poor, tmp_path: Path
) -> None:
    poor(room=room, error=error)
    results = all_at_once([shell(tmp_path, f"echo {number}", inputs={"x": "y"}) for number in range(12)])
    assert [(result.outcome, result.output) for result in results] == [
        ("ok", str(number)) for number in range(12)
    ]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("EAGAIN", "no further process is allowed here (`ulimit -u`, or the limit of a container)"),
        ("ENOMEM", "there is not enough memory for another process"),
        ("EMFILE", "this process has as many files open as it may (`ulimit -n`)"),
        ("ENFILE", "the system has as many files open as it can"),
    ],
)
def test_where_nothing_else_runs_it_fails_in_words(
    error: str, words: str, poor: Poor, tmp_path: Path
) -> None:
    poor(room=0, error=error)
    for result in all_at_once([shell(tmp_path, "true") for _ in range(3)]):
        assert (result.outcome, result.failure_reason) == ("failed", "spawn_failed")
        assert result.reason == f"cannot start `sh`: {words}"


def test_no_descriptor_stays_open_behind_what_waited(poor: Poor, tmp_path: Path) -> None:
    poor(room=1)
    before = len(list(Path("/dev/fd").iterdir()))
    all_at_once([shell(tmp_path, "cat", inputs={"x": "y" * 100_000}) for _ in range(10)])
    assert len(list(Path("/dev/fd").iterdir())) == before


@pytest.mark.parametrize("hard", [False, True])
def test_what_waits_can_be_cancelled(hard: bool, poor: Poor, tmp_path: Path) -> None:
    poor(room=1)
    fifo = Fifo(tmp_path / "fifo")

    async def scenario() -> list[AttemptResult]:
        runtime = CommandRuntime(MemoryBlobs())
        try:
            first, second, third = (
                runtime.start(shell(tmp_path, text), Events())
                for text in ("exec 3>fifo; echo begun >&3; cat gate", "echo second", "echo third")
            )
            await fifo.wait_for_line()
            while not (runtime.queue.waits(second.begin) and runtime.queue.waits(third.begin)):
                await asyncio.sleep(0)
            second.cancel(hard=hard)
            stopped = await second.wait()
            second.cancel(hard=True)
            (tmp_path / "gate").write_text("gone on")
            return [await first.wait(), stopped, await third.wait()]
        finally:
            await runtime.close()

    os.mkfifo(tmp_path / "gate")
    try:
        first, second, third = run_async(scenario())
    finally:
        fifo.close()
    assert (first.outcome, first.output) == ("ok", "gone on")
    assert (second.outcome, second.reason) == ("cancelled", "it was stopped before it could start")
    assert (third.outcome, third.output) == ("ok", "third")


REAL_LIMIT = """\
import asyncio, json, os, resource, sys
sys.path[:0] = {path!r}
from pathlib import Path
from metaensemble.engine.runtimes.command import CommandRuntime
from support.fakes import Events, MemoryBlobs, shell

async def main():
    runtime = CommandRuntime(MemoryBlobs())
    asyncio.get_running_loop()
    limit = len(os.listdir("/dev/fd")) + int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    attempts = [runtime.start(shell(Path(sys.argv[2]), f"echo {{n}}"), Events()) for n in range(40)]
    results = await asyncio.gather(*(attempt.wait() for attempt in attempts))
    await runtime.close()
    print(json.dumps([(result.outcome, result.output, result.reason) for result in results]))

asyncio.run(main())
"""


def with_room_for(files: int, tmp_path: Path) -> list[list[str]]:
    """What becomes of 40 attempts at once, in a process that may open so many further files."""
    words = [sys.executable, "-c", REAL_LIMIT.format(path=sys.path), str(files), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("files", [12, 30])
def test_a_real_limit_of_open_files_makes_attempts_wait(files: int, tmp_path: Path) -> None:
    assert with_room_for(files, tmp_path) == [["ok", str(number), ""] for number in range(40)]


def test_a_real_limit_that_lets_nothing_run(tmp_path: Path) -> None:
    reason = "the command could not be started: this process has as many files open as it may (`ulimit -n`)"
    assert with_room_for(1, tmp_path) == [["failed", None, reason]] * 40


# ---- no thread ---------------------------------------------------------------------------------------


def test_a_large_output_is_read_where_no_thread_can_be_had(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)
    (result,) = all_at_once([shell(tmp_path, "head -c 400000 /dev/zero | tr '\\0' x")])
    assert (result.outcome, result.output) == ("ok", "x" * 400_000)


def test_work_that_was_queued_and_refused_is_done_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, done = Threads(), list[int]()
    really = threading.Thread.start
    allowed = iter([True])

    def start(self: threading.Thread) -> None:
        if not next(allowed, False):
            raise RuntimeError("can't start new thread")
        really(self)

    async def scenario() -> list[int]:
        def work(number: int) -> int:
            done.append(number)
            return number

        try:
            # The one thread is at work on the first while the second is asked for.
            return await asyncio.gather(*(threads.result_of(partial(work, number)) for number in range(8)))
        finally:
            threads.close()

    monkeypatch.setattr("threading.Thread.start", start)
    assert run_async(scenario()) == list(range(8))
    assert sorted(done) == list(range(8))


def test_an_error_of_the_work_is_raised_and_the_work_not_repeated() -> None:
    threads, done = Threads(), list[int]()

    def broken() -> None:
        done.append(1)
        raise RecursionError("too deep")

    with pytest.raises(RecursionError):
        run_async(threads.result_of(broken))
    threads.close()
    assert done == [1]


# ---- the queue by itself ----------------------------------------------------------------------------


def test_each_end_lets_one_begin_in_the_order_of_their_waiting() -> None:
    queue, begun = Queue(), list[int]()

    def beginner(number: int) -> Callable[[], None]:
        def begin() -> None:
            begun.append(number)
            queue.enter()

        return begin

    queue.enter()
    assert all(queue.put_off(beginner(number), entered=False) for number in range(3))
    for count in range(1, 4):
        queue.leave()
        assert begun == list(range(count))
    queue.leave()


def test_nobody_waits_where_nothing_runs() -> None:
    queue = Queue()
    assert not queue.put_off(lambda: None, entered=False)
    queue.enter()
    assert not queue.put_off(lambda: None, entered=True), "it would wait for itself"


def test_when_the_last_one_ends_all_that_wait_find_out_for_themselves() -> None:
    queue, begun = Queue(), list[str]()
    queue.enter()
    for name in ("a", "b"):
        queue.put_off(lambda name=name: begun.append(name), entered=False)  # type: ignore[misc]
    queue.leave()
    assert begun == ["a", "b"]


def test_what_is_forgotten_does_not_begin() -> None:
    queue, begun = Queue(), list[str]()

    def begin() -> None:
        begun.append("it")

    queue.enter()
    queue.put_off(begin, entered=False)
    assert queue.waits(begin)
    assert queue.forget(begin)
    assert not queue.forget(begin)
    queue.leave()
    assert begun == []
