"""The Coordinator's end of a shim that is killed, or does not answer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble.engine.process.orphans import carrying
from metaensemble.engine.process.shim_link import Envelope, ShimLink, ShimSpec, read_envelope
from metaensemble.engine.runtimes.fake import ManualClock
from metaensemble.schemas.ids import new_id
from support.fakes import run_async
from support.victims import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="agents die with their shims on Linux only")

FAMILY = "setsid sleep 1000 & sleep 1000 & trap '' TERM; echo on; while :; do sleep 1000; done"


class Watched:
    """A link, and what it tells."""

    def __init__(self, folder: Path, text: str = FAMILY, *, clock: ManualClock | None = None) -> None:
        (folder / "stdin").touch()
        self.clock = clock or ManualClock()
        self.attempt = new_id()
        loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[Envelope | None] = loop.create_future()
        self._woken = asyncio.Event()
        marks = {"ME_ATTEMPT_ID": self.attempt}
        self.folder = folder
        self.link = ShimLink(
            ShimSpec(
                argv=("/bin/sh", "-c", text),
                env={"PATH": os.environ["PATH"], **marks},
                cwd="/",
                folder=str(folder),
                stdin=str(folder / "stdin"),
                attempt=self.attempt,
                dag_run="",
                key="k",
                turn=1,
            ),
            woken=self._woken.set,
            ended=self.ended.set_result,
            call_later=self.clock.call_later,
        )

    async def wait_for_output(self) -> None:
        while not (self.folder / "stdout").exists() or not (self.folder / "stdout").read_bytes():
            self._woken.clear()
            await self._woken.wait()

    def living(self) -> list[int]:
        return list(carrying(frozenset({f"ME_ATTEMPT_ID={self.attempt}".encode()})))


def test_a_shim_that_is_killed_leaves_nothing_alive(tmp_path: Path) -> None:
    async def scenario() -> None:
        watched = Watched(tmp_path)
        await watched.wait_for_output()
        assert len(watched.living()) >= 4
        os.kill(watched.link.pid, signal.SIGKILL)
        assert await watched.ended is None
        wait_until(lambda: not watched.living(), "all of them are dead")

    run_async(scenario())


@pytest.mark.parametrize(
    ("stop", "seconds"), [(ShimLink.terminate, 15.0), (ShimLink.kill, 10.0)], ids=["soft", "hard"]
)
def test_a_shim_that_does_not_answer_is_given_up(
    tmp_path: Path, stop: Callable[[ShimLink], None], seconds: float
) -> None:
    async def scenario() -> None:
        watched = Watched(tmp_path)
        await watched.wait_for_output()
        os.kill(watched.link.pid, signal.SIGSTOP)
        stop(watched.link)
        watched.clock.advance(seconds - 0.1)
        assert not watched.ended.done()
        assert watched.living()
        watched.clock.advance(0.1)
        assert await watched.ended is None
        wait_until(lambda: not watched.living(), "all of them are dead")

    run_async(scenario())


def test_one_that_ends_in_time_is_left_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        watched = Watched(tmp_path, "echo on; exec sleep 1000")
        await watched.wait_for_output()
        watched.link.terminate()
        watched.link.kill()
        assert watched.clock.waiting == 1
        envelope = await watched.ended
        assert envelope is not None
        assert envelope.stopped == "asked"
        assert watched.clock.waiting == 0
        watched.link.kill()
        assert watched.clock.waiting == 0

    run_async(scenario())


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"v": 1', "\x00"])
def test_what_is_no_envelope_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "envelope.json").write_text(text)
    assert read_envelope(tmp_path) is None
    assert read_envelope(tmp_path / "absent") is None
