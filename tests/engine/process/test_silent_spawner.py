"""A spawner that is stopped, or hangs, holds nothing up: it is killed, with all that it had started."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from pathlib import Path

import pytest

from metaensemble.engine.process.launcher import Exited, Killed, Launcher, Lost
from metaensemble.engine.runtimes.fake import ManualClock
from support.fakes import run_async
from support.launching import Watched, a_launcher, sh, start
from support.processes import Fifo, gone

LINUX = Path("/proc/self/environ").exists()
linux_only = pytest.mark.skipif(not LINUX, reason="needs /proc")
GRACE = 10.0


def stop_spawner(launcher: Launcher) -> int:
    """Stop the spawner of `launcher` with a real SIGSTOP; its process id."""
    pid = launcher.spawner_pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    return pid


def fill(launcher: Launcher, waiting: list[Watched]) -> None:
    """Start commands of a megabyte each."""
    waiting.extend(start(launcher, "true", "x" * (1 << 20))[1] for _ in range(100))


@pytest.mark.parametrize("request_", ["terminate", "kill"])
def test_one_that_does_not_pass_a_signal_on_is_replaced(request_: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        fifo = Fifo(tmp_path / "held")
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            group, watched = sh(launcher, f"exec 9>{fifo.path}; echo on >&9; sleep 1000 & wait")
            await fifo.wait_for_line()
            await watched.started
            first = stop_spawner(launcher)
            getattr(group, request_)()
            clock.advance(GRACE)
            assert not watched.ended.done(), "it had answered before, within the same time"
            clock.advance(GRACE)
            assert await watched.ended == Lost(silent=True)
            assert gone(first)
            await fifo.wait_until_released()
            _, again = sh(launcher, "exit 3")
            assert await again.ended == Exited(3)
            assert launcher.spawner_pid not in (None, first)
        fifo.close()
        assert clock.waiting == 0

    run_async(scenario())


def test_one_that_does_not_start_a_command_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            _, watched = sh(launcher, "exit 0")
            await watched.ended
            clock.advance(GRACE)
            assert clock.waiting == 0, "nothing runs and nothing was asked"
            first = stop_spawner(launcher)
            _, never = sh(launcher, f"touch {tmp_path}/started")
            clock.advance(GRACE)
            _, after = sh(launcher, "exit 4")
            assert await never.ended == Lost(silent=True)
            assert await after.ended == Exited(4), "what is asked from then on goes to a new one"
            assert gone(first)
            assert not never.started.done()
        assert list(tmp_path.iterdir()) == []

    run_async(scenario())


def test_one_that_is_asked_nothing_is_asked_whether_it_lives(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        fifo = Fifo(tmp_path / "held")
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            _, watched = sh(launcher, f"exec 9>{fifo.path}; echo on >&9; exec sleep 1000")
            await fifo.wait_for_line()
            await watched.started
            stop_spawner(launcher)
            clock.advance(2 * GRACE)
            assert await watched.ended == Lost(silent=True)
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


@linux_only
def test_descendants_that_left_the_group_of_a_lost_command_are_stopped(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        fifo = Fifo(tmp_path / "held")
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            text = f"exec 9>{fifo.path}; setsid sh -c 'echo on >&9; sleep 1000; :' & exec sleep 1000"
            _, watched = sh(launcher, text, marker="escaped")
            await fifo.wait_for_line()
            await watched.started
            stop_spawner(launcher)
            clock.advance(2 * GRACE)
            assert await watched.ended == Lost(silent=True)
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


def test_one_that_answers_lives_on() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            group, watched = sh(launcher, "exec sleep 1000")
            await watched.started
            first = launcher.spawner_pid
            for _ in range(5):
                clock.advance(GRACE)
                # It answers in order: when this has ended, it has said that it lives.
                assert await sh(launcher, "exit 0")[1].ended == Exited(0)
            assert launcher.spawner_pid == first
            group.kill()
            assert await watched.ended == Killed(signal.SIGKILL)

    run_async(scenario())


def test_answers_that_wait_to_be_read_count(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "told")

    async def scenario() -> None:
        clock = ManualClock()
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            _, first = sh(launcher, "exit 0")
            _, second = sh(launcher, f"echo on > {tmp_path}/told; exit 0")
            # The event loop is held up until both run: the answer about the first was given by then.
            assert (tmp_path / "told").read_text() == "on\n"
            clock.advance(GRACE)
            assert await first.ended == await second.ended == Exited(0)

    run_async(scenario())


def test_the_loop_never_waits_for_one_and_what_waits_for_it_is_bounded() -> None:
    async def scenario() -> None:
        clock = ManualClock()
        async with a_launcher(grace=GRACE, call_later=clock.call_later, most_unsent=3 << 20) as launcher:
            _, watched = sh(launcher, "exit 0")
            await watched.ended
            before = os.listdir("/dev/fd")
            stop_spawner(launcher)
            waiting: list[Watched] = []
            with pytest.raises(OSError, match=os.strerror(errno.ENOBUFS)):
                fill(launcher, waiting)
            assert 1 <= len(waiting) <= 4
            clock.advance(2 * GRACE)
            for lost in waiting:
                assert await lost.ended == Lost(silent=True)
            assert await sh(launcher, "exit 0")[1].ended == Exited(0)
            assert os.listdir("/dev/fd") == before

    run_async(scenario())


def test_closing_does_not_wait_for_a_stopped_one(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        fifo = Fifo(tmp_path / "held")
        launcher = Launcher(dict(os.environ), grace=GRACE, call_later=clock.call_later)
        _, watched = sh(launcher, f"exec 9>{fifo.path}; echo on >&9; exec sleep 1000")
        await fifo.wait_for_line()
        pid = stop_spawner(launcher)
        closing = asyncio.ensure_future(launcher.close())
        await asyncio.sleep(0)
        assert not closing.done()
        clock.advance(GRACE)
        await closing
        assert await watched.ended == Lost()
        await fifo.wait_until_released()
        fifo.close()
        assert gone(pid)
        assert clock.waiting == 0

    run_async(scenario())


def test_one_that_cannot_be_killed_is_let_go_of(tmp_path: Path) -> None:
    async def scenario() -> None:
        clock = ManualClock()
        fifo = Fifo(tmp_path / "held")
        async with a_launcher(grace=GRACE, call_later=clock.call_later) as launcher:
            _, watched = sh(launcher, f"exec 9>{fifo.path}; echo on >&9; exec sleep 1000")
            await fifo.wait_for_line()
            await watched.started
            pid = stop_spawner(launcher)
            # Its end is not heard of, since the event loop has no turn.
            clock.advance(3 * GRACE)
            assert watched.ended.result() == Lost(silent=True)
            await fifo.wait_until_released()
            while not gone(pid):
                await asyncio.sleep(0)
            clock.advance(GRACE)
            assert clock.waiting == 0, "its end was taken note of at last"
        fifo.close()

    run_async(scenario())
