"""Workers: who shares one, who does not, and that none is left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from metaensemble.engine.process.identity import process_start
from metaensemble.engine.process.orphans import carrying, stop_stranded
from metaensemble.engine.runtimes.fake import ManualClock
from metaensemble.engine.runtimes.python import PythonRuntime
from metaensemble.engine.runtimes.python_pool import IDLE
from metaensemble.schemas.ids import new_id
from support.callables import DAG_RUN_ID, a_python, call, results_of, write
from support.fakes import Events, carried_out, run_async
from support.processes import Fifo, gone

LINUX = sys.platform == "linux"
linux_only = pytest.mark.skipif(not LINUX, reason="descendants are followed on Linux")

PID = """
    import os

    def pid(**rest):
        return os.getpid()
"""


def of_dag_run(dag_run_id: str) -> list[int]:
    """Living processes of a DAG run, other than zombies."""
    found = carrying(frozenset({b"ME_DAG_RUN_ID=" + dag_run_id.encode()}))
    return [pid for pid in found if process_start(pid) is not None]


# ---- sharing ----------------------------------------------------------------------------------------


def test_two_hundred_calls_one_after_the_other_need_one_worker(tmp_path: Path) -> None:
    write(tmp_path, "import os\ndef run(n):\n    print(n)\n    return [n, os.getpid()]")
    results = results_of(*(call(tmp_path, "run", inputs={"n": n}) for n in range(200)))
    assert [result.output[0] for result in results] == list(range(200))
    assert [result.stdout and result.stdout.head for result in results] == [f"{n}\n" for n in range(200)]
    assert len({result.output[1] for result in results}) == 1


def test_as_many_at_once_as_there_are_have_a_worker_each_and_no_more(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "here")
        os.mkfifo(tmp_path / "go")
        write(
            tmp_path,
            """
            import os

            def wait(fifo):
                with open(fifo, "w") as file:
                    print(os.getpid(), file=file, flush=True)
                    os.read(os.open("go", os.O_RDONLY), 1)
                return os.getpid()
            """,
        )
        async with a_python() as runtime:
            request = call(tmp_path, "wait", inputs={"fifo": str(fifo.path)})
            handles = [runtime.start(request, Events()) for _ in range(4)]
            pids = await fifo.wait_for_line(4)
            with (tmp_path / "go").open("w") as go:
                go.write("xxxx")
                go.flush()
                results = await asyncio.gather(*(handle.wait() for handle in handles))
            assert sorted(str(result.output) for result in results) == sorted(set(pids))
            write(tmp_path, PID, "other")
            again = [await carried_out(runtime, call(tmp_path, "other:pid")) for _ in range(4)]
            assert {str(result.output) for result in again} < set(pids)
        fifo.close()

    run_async(scenario())


@pytest.mark.parametrize(
    "fields",
    [{"env": {"A": "2"}}, {"secrets": {"TOKEN": "correct-horse"}}, {"dag_run_id": new_id()}],
    ids=["env", "secrets", "dag run"],
)
def test_another_environment_has_another_worker(fields: dict[str, Any], tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, PID)
        async with a_python() as runtime:
            first = await carried_out(runtime, call(tmp_path, "pid", env={"A": "1"}))
            second = await carried_out(runtime, call(tmp_path, "pid", **({"env": {"A": "1"}} | fields)))
            assert first.output != second.output
            # There are never more workers than there were attempts at once.
            third = await carried_out(runtime, call(tmp_path, "pid", env={"A": "1"}))
            assert third.output not in (first.output, second.output)

    run_async(scenario())


def test_what_is_not_part_of_the_environment_is_set_anew_for_every_attempt(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
    write(
        tmp_path,
        """
        import os
        os.environ["BY_MODULE"] = "kept"

        def run():
            found = [os.getpid(), os.getcwd(), dict(os.environ)]
            os.environ["BY_CALL"] = "gone"
            os.environ["BY_MODULE"] = "changed"
            del os.environ["PATH"]
            os.chdir("/")
            return found
        """,
    )
    requests = [call(tmp_path, "run", cwd=str(tmp_path / folder)) for folder in ("one", "two")]
    (pid, cwd, variables), (pid_2, cwd_2, variables_2) = (result.output for result in results_of(*requests))
    assert pid == pid_2
    assert (cwd, cwd_2) == (str(tmp_path / "one"), str(tmp_path / "two"))
    assert variables["BY_MODULE"] == variables_2["BY_MODULE"] == "kept"
    assert variables_2["ME_ATTEMPT_ID"] == requests[1].run_id
    assert variables | {"ME_ATTEMPT_ID": ""} == variables_2 | {"ME_ATTEMPT_ID": ""}


def test_a_reused_worker_is_told_of_as_the_process_of_each_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, PID)
        async with a_python() as runtime:
            for _ in range(3):
                events = Events()
                result = await carried_out(runtime, call(tmp_path, "pid"), events)
                (spawned,) = events.spawned
                assert events.seen[0] is spawned
                assert spawned.pid == spawned.group == result.output
                assert spawned.started == process_start(spawned.pid)

    run_async(scenario())


# ---- not sharing ------------------------------------------------------------------------------------

UNTIDY = """
    import os, resource, signal, subprocess, sys, threading, _thread

    def pid():
        return os.getpid()

    def tidy():
        subprocess.run(["sh", "-c", "sleep 0 & wait"])
        thread = threading.Thread(target=print)
        thread.start()
        thread.join()
        before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, before)
        return os.getpid()

    def child():
        subprocess.Popen(["sleep", "1000"])
        return os.getpid()

    def thread():
        threading.Thread(target=threading.Event().wait).start()
        return os.getpid()

    def daemon():
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return os.getpid()

    def handler():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return os.getpid()

    def mask():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        return os.getpid()

    def alarm():
        signal.alarm(1000)
        return os.getpid()

    def umask():
        os.umask(0o077)
        return os.getpid()

    def limit():
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
        return os.getpid()

    def stream():
        sys.stdout = open(os.devnull, "w")
        return os.getpid()

    def closed():
        sys.stdin.close()
        return os.getpid()

    def recursion():
        sys.setrecursionlimit(500)
        return os.getpid()
"""


def test_a_worker_that_was_left_as_it_was_is_used_again(tmp_path: Path) -> None:
    write(tmp_path, UNTIDY)
    first, second = results_of(call(tmp_path, "tidy"), call(tmp_path, "pid"))
    assert first.output == second.output


@pytest.mark.parametrize(
    "name",
    [
        "child",
        "thread",
        "daemon",
        "handler",
        "mask",
        "alarm",
        "umask",
        "limit",
        "stream",
        "closed",
        "recursion",
    ],
)
def test_a_worker_that_was_left_otherwise_is_gone_with_the_attempt(name: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, UNTIDY)
        async with a_python(drain=0.2) as runtime:
            first = await carried_out(runtime, call(tmp_path, name))
            assert (first.outcome, first.reason) == ("ok", "")
            assert gone(first.output)
            second = await carried_out(runtime, call(tmp_path, "pid"))
            assert second.output != first.output

    run_async(scenario())


def test_a_cancelled_worker_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(
            tmp_path,
            "import os, time\ndef run():\n    print('on')\n    time.sleep(1000)"
            "\ndef pid(): return os.getpid()",
        )
        async with a_python() as runtime:
            events = Events()
            before = await carried_out(runtime, call(tmp_path, "pid"))
            handle = runtime.start(call(tmp_path, "run"), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            assert (await handle.wait()).outcome == "cancelled"
            assert events.spawned[0].pid == before.output
            assert gone(before.output)
            after = await carried_out(runtime, call(tmp_path, "pid"))
            assert after.outcome == "ok"

    run_async(scenario())  # fmt: skip


def test_code_that_was_changed_is_read_anew(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "VALUE = 1", "package.inner")
        write(tmp_path, "from package.inner import VALUE\ndef run(): return VALUE")
        write(tmp_path, "def late():\n    import package.inner\n    return package.inner.VALUE", "other")
        async with a_python() as runtime:
            assert (await carried_out(runtime, call(tmp_path, "run"))).output == 1
            write(tmp_path, "VALUE = 22", "package.inner")
            assert (await carried_out(runtime, call(tmp_path, "run"))).output == 22
            assert (await carried_out(runtime, call(tmp_path, "other:late"))).output == 22
            write(tmp_path, "VALUE = 333", "package.inner")
            assert (await carried_out(runtime, call(tmp_path, "other:late"))).output == 333

    run_async(scenario())


def test_a_worker_that_dies_while_it_is_idle_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            "import os\ndef run(fifo):\n    global kept\n    kept = open(fifo, 'w')\n    return os.getpid()",
        )
        async with a_python() as runtime:
            request = call(tmp_path, "run", inputs={"fifo": str(fifo.path)})
            first = await carried_out(runtime, request)
            os.kill(first.output, signal.SIGKILL)
            await fifo.wait_until_released()
            write(tmp_path, PID, "other")
            while not gone(first.output):
                await asyncio.sleep(0)
            result = await carried_out(runtime, call(tmp_path, "other:pid"))
            assert result.outcome == "ok"
            assert result.output != first.output
        fifo.close()

    run_async(scenario())  # fmt: skip


def test_an_idle_worker_ends_after_a_while(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            """
            import atexit

            def run(fifo):
                file = open(fifo, "w")
                atexit.register(lambda: print("goodbye", file=file, flush=True))
            """,
        )
        clock = ManualClock()
        async with a_python(call_later=clock.call_later) as runtime:
            request = call(tmp_path, "run", inputs={"fifo": str(fifo.path)})
            assert (await carried_out(runtime, request)).outcome == "ok"
            assert clock.waiting == 1
            clock.advance(IDLE)
            assert await fifo.wait_for_line() == ["goodbye"]
            await fifo.wait_until_released()
        assert clock.waiting == 0
        fifo.close()

    run_async(scenario())


# ---- what a callable leaves behind ------------------------------------------------------------------


@linux_only
@pytest.mark.parametrize("environment", ["", "env -i "], ids=["marked", "unmarked"])
def test_one_that_left_the_group_ends_with_its_attempt(environment: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            """
            import subprocess

            def run(fifo, command):
                subprocess.run(f"exec 9>{fifo}; (setsid {command} &) ", shell=True, stdout=subprocess.DEVNULL)
                open(fifo, "w").write("on\\n")
            """,
        )
        async with a_python() as runtime:
            # What clears its environment lives until the program ends, as it does after a command.
            request = call(
                tmp_path, "run", inputs={"fifo": str(fifo.path), "command": f"{environment}sleep 1000"}
            )
            assert (await carried_out(runtime, request)).outcome == "ok"
            await fifo.wait_for_line()
            if not environment:
                await fifo.wait_until_released()
        if environment:
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


@linux_only
def test_one_that_left_the_group_lives_as_long_as_its_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        os.mkfifo(tmp_path / "go")
        write(
            tmp_path,
            """
            import os, subprocess

            def run(fifo):
                subprocess.run(f"exec 9>{fifo}; (setsid sleep 1000 & echo $! >pid)", shell=True)
                open(fifo, "w").write("on\\n")
                open("go").read()
                return os.path.exists(f"/proc/{open('pid').read().strip()}")

            def leaves():
                os._exit(0)
            """,
        )
        async with a_python() as runtime:
            handle = runtime.start(call(tmp_path, "run", inputs={"fifo": str(fifo.path)}), Events())
            await fifo.wait_for_line()
            # The end of another one's process makes the spawner look for strays.
            for _ in range(3):
                await carried_out(runtime, call(tmp_path, "leaves"))
            (tmp_path / "go").write_text("")
            assert (await handle.wait()).output is True
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


# ---- the end ----------------------------------------------------------------------------------------


@linux_only
def test_no_process_is_left_when_the_runtime_is_closed(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            """
            import signal, subprocess, time

            def stubborn(fifo):
                signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
                subprocess.run(f"exec 9>{fifo}; (setsid sleep 1000 &); echo on >&9; sleep 1000", shell=True)

            def quick():
                return 1
            """,
        )
        async with a_python() as runtime:
            for _ in range(3):
                await carried_out(runtime, call(tmp_path, "quick"))
            events = Events()
            handle = runtime.start(call(tmp_path, "stubborn", inputs={"fifo": str(fifo.path)}), events)
            await fifo.wait_for_line()
            assert of_dag_run(DAG_RUN_ID)
            spawner = runtime.spawner_pid
            await runtime.close()
            assert of_dag_run(DAG_RUN_ID) == []
            assert gone(spawner or 0)
            result = await handle.wait()
            assert (result.outcome, result.reason) == (
                "cancelled",
                "it was killed, because the program ended",
            )
            # It may be used again.
            assert (await carried_out(runtime, call(tmp_path, "quick"))).output == 1
        assert of_dag_run(DAG_RUN_ID) == []
        fifo.close()

    run_async(scenario())


@linux_only
def test_a_spawner_that_is_killed_takes_the_workers_along_and_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            PID.replace("    ", "", 3)
            + "\nimport subprocess\ndef stay(fifo):\n"
            + "    subprocess.run(f'exec 9>{fifo}; (setsid sleep 1000 &); echo on >&9; sleep 1000', shell=True)\n",
        )
        async with a_python() as runtime:
            handle = runtime.start(call(tmp_path, "stay", inputs={"fifo": str(fifo.path)}), Events())
            await fifo.wait_for_line()
            os.kill(runtime.spawner_pid or 0, signal.SIGKILL)
            result = await handle.wait()
            assert (result.outcome, result.failure_reason) == ("interrupted", None)
            assert result.reason == "the process that starts workers was killed, and the callable's with it"
            await fifo.wait_until_released()
            assert (await carried_out(runtime, call(tmp_path, "pid"))).outcome == "ok"
        fifo.close()

    run_async(scenario())


VICTIM = """
import asyncio, sys
from pathlib import Path
from random import Random
from support.callables import a_python, call
from support.fakes import Events, carried_out

async def main(folder, dag_run_id, fifo):
    async with a_python() as runtime:
        request = call(Path(folder), "stay", dag_run_id=dag_run_id, inputs={"fifo": fifo})
        idle = call(Path(folder), "idle", dag_run_id=dag_run_id, inputs={"fifo": fifo})
        await carried_out(runtime, idle)
        handle = runtime.start(request, Events())
        runtime.start(request, Events())
        print(runtime.spawner_pid, flush=True)
        await handle.wait()

asyncio.run(main(*sys.argv[1:]))
"""


@linux_only
@pytest.mark.parametrize("both", [False, True], ids=["alone", "with the spawner"])
def test_workers_die_with_their_coordinator(both: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            """
            import time

            def idle(fifo):
                global kept
                kept = open(fifo, "w")

            def stay(fifo):
                with open(fifo, "w") as file:
                    print("on", file=file, flush=True)
                    time.sleep(1000)
            """,
        )
        dag_run_id = new_id()
        victim = subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(tmp_path), dag_run_id, str(fifo.path)],
            stdout=subprocess.PIPE,
            env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        with victim:
            assert victim.stdout is not None
            spawner = int(victim.stdout.readline())
            await fifo.wait_for_line(2)
            if both:
                os.kill(spawner, signal.SIGSTOP)
            victim.kill()
            victim.wait()
        if both:
            os.kill(spawner, signal.SIGKILL)
            stop_stranded(dag_run_id=dag_run_id, grace=0)
        await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


@pytest.mark.parametrize("count", [1, 3])
def test_cancelling_at_any_moment_of_the_start_ends_cancelled(count: int, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "import time\ndef run():\n    time.sleep(1000)")
        async with a_python() as runtime:

            async def cancelled(when: Callable[[Events], Any]) -> str:
                events = Events()
                handle = runtime.start(call(tmp_path, "run"), events)
                await when(events)
                handle.cancel(hard=False)
                return (await handle.wait()).outcome

            async def at_once(_: Events) -> None: ...
            async def a_turn_later(_: Events) -> None:
                await asyncio.sleep(0)

            moments = [at_once, a_turn_later, Events.wait_for_process] * count
            outcomes = await asyncio.gather(*(cancelled(when) for when in moments))
            assert outcomes == ["cancelled"] * len(moments)

    run_async(scenario())


CROWD = """
    import asyncio, os, signal, subprocess, sys, threading, time

    def quick(n):
        return n

    async def later(n):
        await asyncio.sleep(0.001)
        return n

    def prints(n):
        sys.stdout.write("x" * 1_000_000)
        return n

    def child(n):
        subprocess.Popen(["sleep", "1000"])
        return n

    def daemon(n):
        subprocess.run("(setsid sleep 1000 &)", shell=True)
        return n

    def thread(n):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        return n

    def fails(n):
        raise ValueError(n)

    def leaves(n):
        os._exit(n % 3)

    def cuts(n):
        os.closerange(3, 100)

    def hangs(n):
        time.sleep(1000)

    def deaf(n):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        time.sleep(1000)
"""
FAILURES = {"fails": {"exception"}, "leaves": {"exit_status", "no_result"}, "cuts": {"no_result"}}


@linux_only
@pytest.mark.parametrize("seed", range(3))
def test_a_crowd_that_misbehaves_and_is_cancelled_at_random(seed: int, tmp_path: Path) -> None:
    """Every attempt ends as it must, and nothing is left, whatever the others do."""
    write(tmp_path, CROWD)
    rng = Random(seed)
    good = ["quick"] * 6 + ["later", "prints", "child", "daemon", "thread"]
    names = [rng.choice([*good, *FAILURES, "hangs", "deaf"]) for _ in range(40)]
    places = asyncio.Semaphore(6)

    async def one(runtime: PythonRuntime, number: int, name: str) -> None:
        async with places:
            await carried_through(runtime, number, name)

    async def carried_through(runtime: PythonRuntime, number: int, name: str) -> None:
        request = call(tmp_path, name, inputs={"n": number}, grace=0.1, env=rng.choice([{}, {"A": "1"}]))
        handle = runtime.start(request, Events())
        waiting = asyncio.ensure_future(handle.wait())
        cancels = name in ("hangs", "deaf") or rng.random() < 0.3
        if cancels:
            await asyncio.sleep(rng.random() * 0.2)
            for hard in rng.choice([(False,), (True,), (False, True), (False, False)]):
                handle.cancel(hard=hard)
        result = await waiting
        if result.outcome == "cancelled":
            assert cancels
        elif name in FAILURES:
            assert result.failure_reason in FAILURES[name]
        else:
            assert (result.outcome, result.output) == ("ok", number)

    async def scenario() -> None:
        before = sorted(os.listdir("/proc/self/fd"))
        async with a_python(drain=0.3) as runtime:
            await asyncio.gather(*(one(runtime, number, name) for number, name in enumerate(names)))
        assert of_dag_run(DAG_RUN_ID) == []
        assert sorted(os.listdir("/proc/self/fd")) == before

    run_async(scenario())
