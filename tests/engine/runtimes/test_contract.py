"""What holds for every runtime, whatever it carries attempts out with."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from abc import ABC, abstractmethod
from pathlib import Path

import pytest

from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.command import CommandRuntime
from metaensemble.engine.runtimes.fake import ManualClock, ScriptedRuntime
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult, Runtime, Spawned
from metaensemble.engine.runtimes.python import PythonRuntime
from metaensemble.engine.runtimes.replay import Recordings, ReplayRuntime
from metaensemble.schemas.bound import BoundTask, CommandSpec, Place
from metaensemble.schemas.template import Literal
from support.agents import agent_task
from support.callables import a_python_task, call, write
from support.fake_agent import FakeAgent, agent_request
from support.fakes import Events, MemoryBlobs, a_request, carried_out, run_async

BIG = 3 << 20


class Subject(ABC):
    """A runtime, and requests that make it do what the contract speaks about."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.clock = ManualClock()
        self.blobs = MemoryBlobs()
        self.runtime = self.open()

    @abstractmethod
    def open(self) -> Runtime: ...

    @abstractmethod
    def ok(self) -> AttemptRequest:
        """Ends `ok` with the output "fine"."""

    @abstractmethod
    def failing(self) -> AttemptRequest:
        """Ends `failed`."""

    def good_task(self) -> BoundTask:
        """A task with which nothing is wrong."""
        return BoundTask(id="a", command=CommandSpec(argv=(Literal("true"),)), runtime=self.runtime.name)

    async def until_running(self, events: Events) -> None:  # noqa: B027  # most need no waiting
        """Wait until a lasting attempt is in the middle of its work."""


class Lasting(Subject):
    """A runtime whose attempts take time."""

    @abstractmethod
    def lasting(self) -> AttemptRequest:
        """Runs until it is cancelled."""

    @abstractmethod
    def stubborn(self) -> AttemptRequest:
        """Runs on after a soft cancel; its grace is an hour."""


class Command(Lasting):
    def open(self) -> Runtime:
        return CommandRuntime(self.blobs, call_later=self.clock.call_later)

    def _shell(self, text: str, grace: float = 5.0) -> AttemptRequest:
        return a_request(self.project, command={"shell": text}, grace=grace)

    def ok(self) -> AttemptRequest:
        return self._shell("echo fine")

    def failing(self) -> AttemptRequest:
        return self._shell("echo no good >&2; exit 3")

    def lasting(self) -> AttemptRequest:
        return self._shell("echo on; exec sleep 1000")

    def stubborn(self) -> AttemptRequest:
        return self._shell("trap '' TERM; echo on; while :; do sleep 1000; done", grace=3600)

    async def until_running(self, events: Events) -> None:
        await events.wait_for_output()


class Replay(Subject):
    def open(self) -> Runtime:
        recordings = Recordings()
        recordings.add("good", 1, AttemptResult(outcome="ok", output="fine"))
        failed = AttemptResult(outcome="failed", failure_reason="exit_status", reason="exit status 3")
        recordings.add("bad", 1, failed)
        return ReplayRuntime(recordings)

    def ok(self) -> AttemptRequest:
        return a_request(self.project, node_id="good")

    def failing(self) -> AttemptRequest:
        return a_request(self.project, node_id="bad")


class Scripted(Lasting):
    def open(self) -> Runtime:
        ends = {
            "good": AttemptResult(outcome="ok", output="fine"),
            "bad": AttemptResult(outcome="failed", failure_reason="exception", reason="as the script says"),
        }
        return ScriptedRuntime(
            clock=self.clock,
            script=lambda request: ends.get(request.node_id),
            stubborn=frozenset({"stubborn"}),
        )

    def ok(self) -> AttemptRequest:
        return a_request(self.project, node_id="good")

    def failing(self) -> AttemptRequest:
        return a_request(self.project, node_id="bad")

    def lasting(self) -> AttemptRequest:
        return a_request(self.project, node_id="lasting")

    def stubborn(self) -> AttemptRequest:
        return a_request(self.project, node_id="stubborn", grace=3600)


STEPS = """
    import asyncio, signal, threading

    def fine():
        return "fine"

    def bad():
        raise ValueError("no good")

    async def lasting():
        print("on")
        await asyncio.Event().wait()

    def blocked():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        print("on")
        signal.sigwait({signal.SIGUSR1})

    def waiting():
        print("on")
        threading.Event().wait()

    async def deaf():
        print("on")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()
"""


class PythonProcess(Lasting):
    where: Place = "process"
    deaf = "blocked"

    def open(self) -> Runtime:
        write(self.project, STEPS)
        return PythonRuntime(self.blobs, call_later=self.clock.call_later, drain=0.1)

    def _call(self, name: str, grace: float = 5.0) -> AttemptRequest:
        return call(self.project, name, where=self.where, grace=grace)

    def good_task(self) -> BoundTask:
        return a_python_task("fine", where=self.where)

    def ok(self) -> AttemptRequest:
        return self._call("fine")

    def failing(self) -> AttemptRequest:
        return self._call("bad")

    def lasting(self) -> AttemptRequest:
        return self._call("lasting")

    def stubborn(self) -> AttemptRequest:
        return self._call(self.deaf, grace=3600)

    async def until_running(self, events: Events) -> None:
        await events.wait_for_output()


class PythonThread(PythonProcess):
    where = "thread"
    deaf = "waiting"


class PythonInline(PythonProcess):
    where = "inline"
    deaf = "deaf"


class Agent(Lasting):
    """Each request brings its own script: what the agent is asked is what it does."""

    def open(self) -> Runtime:
        return AgentRuntime(FakeAgent(), self.blobs)

    def _turn(self, grace: float = 5.0, **turn: object) -> AttemptRequest:
        return agent_request(self.project, turn, grace=grace)

    def good_task(self) -> BoundTask:
        return agent_task("a", runtime=self.runtime.name)

    def ok(self) -> AttemptRequest:
        return self._turn(say="fine")

    def failing(self) -> AttemptRequest:
        return self._turn(silent=True, exit=3)

    def lasting(self) -> AttemptRequest:
        return self._turn(shell="exec sleep 1000")

    def stubborn(self) -> AttemptRequest:
        return self._turn(shell="trap '' TERM; while :; do sleep 1000; done", deaf=True, grace=3600)

    async def until_running(self, events: Events) -> None:
        await events.wait_for_output()


ALL = [Command, PythonProcess, PythonThread, PythonInline, Agent, Replay, Scripted]
LASTING = [Command, PythonProcess, PythonThread, PythonInline, Agent, Scripted]
every_runtime = pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__.lower())
# Agents have their grace from their shim, which has no clock that a test could move.
CLOCKED = [Command, PythonProcess, PythonThread, PythonInline, Scripted]
every_lasting = pytest.mark.parametrize("kind", LASTING, ids=lambda kind: kind.__name__.lower())
every_clocked = pytest.mark.parametrize("kind", CLOCKED, ids=lambda kind: kind.__name__.lower())


@every_runtime
def test_it_is_a_runtime_with_a_name(kind: type[Subject], tmp_path: Path) -> None:
    runtime = kind(tmp_path).runtime
    assert isinstance(runtime, Runtime)
    assert runtime.name
    assert runtime.capabilities.cancel


@every_runtime
def test_preflight_finds_nothing_wrong_with_a_good_task(kind: type[Subject], tmp_path: Path) -> None:
    subject = kind(tmp_path)
    assert subject.runtime.preflight(subject.good_task(), project=str(tmp_path)) == []


@every_runtime
def test_an_attempt_ends_once_with_its_output(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        result = await carried_out(subject.runtime, subject.ok())
        await subject.runtime.close()
        assert (result.outcome, result.output, result.failure_reason) == ("ok", "fine", None)

    run_async(scenario())


@every_runtime
def test_a_failed_attempt_says_why(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        result = await carried_out(subject.runtime, subject.failing())
        await subject.runtime.close()
        assert result.outcome == "failed"
        assert result.failure_reason is not None
        assert result.reason

    run_async(scenario())


@every_runtime
def test_nothing_is_emitted_after_the_end(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handle = subject.runtime.start(subject.ok(), events)
        await handle.wait()
        seen = len(events.seen)
        handle.cancel(hard=False)
        handle.cancel(hard=True)
        await subject.runtime.close()
        assert len(events.seen) == seen
        assert len(events.spawned) <= 1
        assert not events.spawned or isinstance(events.seen[0], Spawned)

    run_async(scenario())


@every_runtime
def test_many_attempts_at_once_keep_apart(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        requests = [subject.ok() if number % 2 else subject.failing() for number in range(20)]
        handles = [subject.runtime.start(request, Events()) for request in requests]
        results = await asyncio.gather(*(handle.wait() for handle in handles))
        await subject.runtime.close()
        assert [result.outcome for result in results] == ["failed", "ok"] * 10

    run_async(scenario())


@every_runtime
def test_closing_twice_and_unused_is_harmless(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        await subject.runtime.close()
        await carried_out(subject.runtime, subject.ok())
        await subject.runtime.close()
        await subject.runtime.close()

    run_async(scenario())


@every_runtime
def test_it_leaves_no_descriptor_and_no_warning(kind: type[Subject], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        before = sorted(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else []
        for _ in range(3):
            await carried_out(subject.runtime, subject.ok())
            await carried_out(subject.runtime, subject.failing())
        await subject.runtime.close()
        after = sorted(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else []
        assert after == before

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run_async(scenario())
        gc.collect()


@every_lasting
@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_a_cancelled_attempt_ends_cancelled(kind: type[Lasting], hard: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handle = subject.runtime.start(subject.lasting(), events)
        await subject.until_running(events)
        handle.cancel(hard=hard)
        result = await handle.wait()
        await subject.runtime.close()
        assert (result.outcome, result.failure_reason) == ("cancelled", None)
        assert result.reason

    run_async(scenario())


@every_lasting
def test_cancelling_again_changes_nothing(kind: type[Lasting], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handle = subject.runtime.start(subject.lasting(), events)
        await subject.until_running(events)
        for hard in (False, False, True, True, False):
            handle.cancel(hard=hard)
        result = await handle.wait()
        handle.cancel(hard=True)
        await subject.runtime.close()
        assert result.outcome == "cancelled"

    run_async(scenario())


@every_lasting
def test_a_cancel_right_after_the_start_is_heeded(kind: type[Lasting], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        handle = subject.runtime.start(subject.lasting(), Events())
        handle.cancel(hard=True)
        result = await handle.wait()
        await subject.runtime.close()
        assert result.outcome == "cancelled"

    run_async(scenario())


@every_clocked
def test_a_soft_cancel_becomes_hard_after_the_grace(kind: type[Lasting], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handle = subject.runtime.start(subject.stubborn(), events)
        await subject.until_running(events)
        handle.cancel(hard=False)
        waiting = asyncio.ensure_future(handle.wait())
        subject.clock.advance(3599)
        assert subject.clock.waiting == 1
        assert not waiting.done()
        subject.clock.advance(1)
        result = await waiting
        await subject.runtime.close()
        assert result.outcome == "cancelled"
        assert subject.clock.waiting == 0

    run_async(scenario())


@every_lasting
def test_a_hard_cancel_does_not_wait_for_the_grace(kind: type[Lasting], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handle = subject.runtime.start(subject.stubborn(), events)
        await subject.until_running(events)
        handle.cancel(hard=False)
        handle.cancel(hard=True)
        result = await handle.wait()
        await subject.runtime.close()
        assert result.outcome == "cancelled"

    run_async(scenario())


@every_lasting
def test_closing_ends_what_still_runs(kind: type[Lasting], tmp_path: Path) -> None:
    async def scenario() -> None:
        subject = kind(tmp_path)
        events = Events()
        handles = [subject.runtime.start(subject.lasting(), events)]
        handles.append(subject.runtime.start(subject.stubborn(), Events()))
        await subject.until_running(events)
        await subject.runtime.close()
        results = [await handle.wait() for handle in handles]
        assert [result.outcome for result in results] == ["cancelled", "cancelled"]
        assert all(result.reason for result in results)

    run_async(scenario())
