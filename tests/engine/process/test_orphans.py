"""What a dead Coordinator leaves is found and stopped, and nothing else is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from metaensemble.engine.process.identity import boot_id, process_start
from metaensemble.engine.process.orphans import kill_remains, stop_stranded
from metaensemble.schemas.ids import new_id
from support.fakes import run_async
from support.processes import Fifo, gone

LINUX = Path("/proc/self/environ").exists()
linux_only = pytest.mark.skipif(not LINUX, reason="needs /proc")


def a_child(text: str, **variables: str) -> subprocess.Popen[bytes]:
    """A group leader that holds a pipe and lives on."""
    return subprocess.Popen(["/bin/sh", "-c", text], env=dict(os.environ) | variables, start_new_session=True)


def facts(child: subprocess.Popen[bytes]) -> tuple[int, int, str]:
    started = process_start(child.pid)
    assert started is not None
    return child.pid, started, boot_id()


def test_a_recorded_group_is_stopped(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path / "held")
    child = a_child(f"exec 9>{fifo.path}; sleep 1000 & echo on >&9; wait")
    run_async(fifo.wait_for_line())
    assert child.pid in stop_stranded([facts(child)])
    assert child.wait() == -signal.SIGTERM
    run_async(fifo.wait_until_released())
    fifo.close()


def test_a_group_that_ignores_the_request_is_killed_after_the_grace(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path / "held")
    child = a_child(f"exec 9>{fifo.path}; trap '' TERM; echo on >&9; sleep 1000 & wait")
    run_async(fifo.wait_for_line())
    naps: list[float] = []

    def reap_later(seconds: float) -> None:
        naps.append(seconds)
        child.poll()

    stop_stranded([facts(child)], grace=0.05, sleep=reap_later)
    assert child.wait() == -signal.SIGKILL
    assert naps
    run_async(fifo.wait_until_released())
    fifo.close()


@pytest.mark.parametrize("change", ["start", "boot"])
def test_a_number_alone_proves_nothing(change: str) -> None:
    with subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE) as child:
        pid, started, boot = facts(child)
        other = (pid, started + 5000, boot) if change == "start" else (pid, started, "an earlier boot")
        assert stop_stranded([other], grace=0) == []
        assert kill_remains([other], {new_id()}) == []
        child.communicate(b"\n")
    assert child.returncode == 0


@linux_only
@pytest.mark.parametrize("by", ["attempt", "dag run"])
def test_descendants_that_left_the_group_are_found_by_their_environment(by: str, tmp_path: Path) -> None:
    fifo = Fifo(tmp_path / "held")
    attempt, dag_run = new_id(), new_id()
    child = a_child(
        f"exec 9>{fifo.path}; setsid sh -c 'echo on >&9; sleep 1000; :' & exit 0",
        ME_ATTEMPT_ID=attempt,
        ME_DAG_RUN_ID=dag_run,
    )
    child.wait()
    run_async(fifo.wait_for_line())
    other = a_child("read line", ME_ATTEMPT_ID=new_id(), ME_DAG_RUN_ID=new_id())
    found = stop_stranded(run_ids=[attempt]) if by == "attempt" else stop_stranded(dag_run_id=dag_run)
    assert found
    assert other.pid not in found
    run_async(fifo.wait_until_released())
    other.kill()
    other.wait()
    fifo.close()


@linux_only
def test_it_spares_itself_and_the_shell_that_it_was_called_from(monkeypatch: pytest.MonkeyPatch) -> None:
    dag_run = new_id()
    text = (
        "import sys; from metaensemble.engine.process.orphans import stop_stranded; "
        "print(stop_stranded(dag_run_id=sys.argv[1], grace=0))"
    )
    done = subprocess.run(
        ["/bin/sh", "-c", '"$@"; exit 5', "sh", sys.executable, "-c", text, dag_run],
        env=dict(os.environ) | {"ME_DAG_RUN_ID": dag_run},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 5)


def test_nothing_to_stop_is_no_work() -> None:
    assert stop_stranded() == []
    assert stop_stranded([], run_ids=[], dag_run_id=None) == []


COORDINATOR = textwrap.dedent(
    """
    import asyncio, sys
    from metaensemble.engine.runtimes.command import CommandRuntime
    from support.fakes import Events, MemoryBlobs, shell

    async def main(fifo, dag_run_id, *prefixes):
        runtime = CommandRuntime(MemoryBlobs())
        lives = f"exec 9>{fifo}; "
        texts = [
            "echo plain >&9; exec sleep 1000",
            "trap '' TERM HUP INT; echo deaf >&9; while :; do sleep 1000; done",
            "sleep 1000 & echo child >&9; wait",
            "setsid sh -c 'echo escaped >&9; sleep 1000; :' & wait",
            "(setsid sh -c 'echo daemon >&9; sleep 1000; :' &) ; exec sleep 1000",
            f"{' '.join(prefixes)} setsid sh -c 'echo nameless >&9; sleep 1000; :' & wait",
        ]
        requests = [shell("/", lives + text, dag_run_id=dag_run_id) for text in texts]
        handles = [runtime.start(request, Events()) for request in requests]
        print(runtime.spawner_pid, flush=True)
        await asyncio.gather(*(handle.wait() for handle in handles))

    asyncio.run(main(*sys.argv[1:]))
    """
)


class Coordinator:
    """A process that drives six attempts which never end, all of them at work."""

    def __init__(self, fifo: Fifo, dag_run_id: str, *prefixes: str) -> None:
        tests = Path(__file__).parents[2]
        self.process = subprocess.Popen(
            [sys.executable, "-c", COORDINATOR, str(fifo.path), dag_run_id, *prefixes],
            env=dict(os.environ) | {"PYTHONPATH": str(tests)},
            start_new_session=True,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        with self.process.stdout as said:
            self.spawner = int(said.readline())


NAMES = ["child", "daemon", "deaf", "escaped", "nameless", "plain"]


@linux_only
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_a_killed_coordinator_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        coordinator = Coordinator(fifo, new_id(), "env", "-i")
        assert sorted(await fifo.wait_for_line(6)) == NAMES
        os.killpg(coordinator.process.pid, number)
        coordinator.process.wait()
        await fifo.wait_until_released()
        fifo.close()
        assert gone(coordinator.process.pid)

    run_async(scenario())


@linux_only
def test_what_a_coordinator_and_its_spawner_leave_together_is_found_by_a_resume(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        dag_run_id = new_id()
        coordinator = Coordinator(fifo, dag_run_id)
        assert sorted(await fifo.wait_for_line(6)) == NAMES
        # Stopped, it cannot clean up after its spawner.
        os.kill(coordinator.process.pid, signal.SIGSTOP)
        os.kill(coordinator.spawner, signal.SIGKILL)
        os.kill(coordinator.process.pid, signal.SIGKILL)
        coordinator.process.wait()
        assert stop_stranded(dag_run_id=dag_run_id)
        await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())
