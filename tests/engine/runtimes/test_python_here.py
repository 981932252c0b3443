"""Callables within the program: in a thread, and on its loop."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.fake import ManualClock
from metaensemble.engine.runtimes.protocol import AttemptRequest, StoredText
from metaensemble.schemas.bound import OutputContract, Place
from support.callables import a_python, call, result_of, results_of, write
from support.fakes import Events, MemoryBlobs, carried_out, run_async
from support.processes import Fifo

both = pytest.mark.parametrize("where", ["thread", "inline"])


@both
def test_inputs_come_by_name_and_what_is_returned_is_the_output(where: Place, tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import asyncio, threading

        def run(a, briefs, b=2):
            return {"got": (a, b), "briefs": briefs, "thread": threading.current_thread().name}

        async def later(a):
            await asyncio.sleep(0)
            return a
        """,
        "steps.clean",
    )
    briefs = {"before": {"status": "ok"}}
    first, second = results_of(
        call(tmp_path, "steps.clean:run", where=where, inputs={"a": 1}, briefs=briefs, node_id="clean"),
        call(tmp_path, "steps.clean:later", where=where, inputs={"a": [1]}),
    )
    name = "clean" if where == "thread" else "MainThread"
    assert first.output == {"got": [1, 2], "briefs": briefs, "thread": name}
    assert second.output == [1]
    assert first.exit_status is None


@both
def test_a_callable_cannot_change_what_others_get(where: Place, tmp_path: Path) -> None:
    write(tmp_path, "def run(a, briefs):\n    a['x'].append(2)\n    briefs.clear()\n    return a")
    inputs, briefs = {"a": {"x": [1]}}, {"before": {"output": 1}}
    result = result_of(call(tmp_path, "run", where=where, inputs=inputs, briefs=briefs))
    assert result.output == {"x": [1, 2]}
    assert inputs == {"a": {"x": [1]}}
    assert briefs == {"before": {"output": 1}}


@both
def test_a_module_is_imported_once_and_forgotten_with_the_runtime(where: Place, tmp_path: Path) -> None:
    log = tmp_path / "log"
    write(
        tmp_path,
        f"with open({str(log)!r}, 'a') as log: log.write('x')\nimport folder.inner\ndef run(): return folder.inner.VALUE",
    )
    write(tmp_path, "VALUE = 1", "folder.inner")
    before, modules = list(sys.path), set(sys.modules)
    assert [result.output for result in results_of(*[call(tmp_path, "run", where=where)] * 3)] == [1, 1, 1]
    assert log.read_text() == "x"
    assert sys.path == before
    assert not {"steps", "folder", "folder.inner"} & (set(sys.modules) - modules)
    write(tmp_path, "VALUE = 22", "folder.inner")
    assert result_of(call(tmp_path, "run", where=where)).output == 22  # fmt: skip


@both
def test_another_project_gets_its_own_module(where: Place, tmp_path: Path) -> None:
    async def scenario() -> None:
        for name in ("one", "two"):
            write(tmp_path / name, f"def run(): return {name!r}", "steps")
        async with a_python() as runtime:
            first = await carried_out(runtime, call(tmp_path / "one", "run", where=where))
            assert first.output == "one"
            second = await carried_out(runtime, call(tmp_path / "two", "run", where=where))
            # Rather than the other one's, which is the one that this process knows by now.
            assert second.failure_reason == "invalid_request"
            assert second.reason == (
                "`steps` was imported in this process before, and is not the project's; use `in: process`"
            )
        assert (await carried_out(runtime, call(tmp_path / "two", "run", where=where))).output == "two"
        await runtime.close()

    run_async(scenario())


# ---- what it prints ---------------------------------------------------------------------------------


@both
def test_what_it_prints_is_its_own_and_nobody_elses(
    where: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(
        tmp_path,
        r"""
        import asyncio, sys

        async def run(name, n):
            for number in range(n):
                print(name, number)
                print(name, file=sys.stderr)
                await asyncio.sleep(0)
            sys.stdout.buffer.write(b"bytes\n")
            sys.stdout.writelines(["a", "b"])
            sys.stdout.flush()
            print("half \ud800", sys.stdout.isatty())
        """,
    )

    async def scenario() -> None:
        out = sys.stdout
        async with a_python() as runtime:
            requests = [
                call(tmp_path, "run", where=where, inputs={"name": name, "n": 50}) for name in ("x", "y")
            ]
            handles = [runtime.start(request, Events()) for request in requests]
            print("the program's own")
            results = [await handle.wait() for handle in handles]
            for name, result in zip(("x", "y"), results, strict=True):
                assert result.stdout is not None
                assert result.stderr is not None
                lines = "".join(f"{name} {number}\n" for number in range(50))
                assert result.stdout.head == f"{lines}bytes\nabhalf \\ud800 False\n"
                assert result.stderr.head == f"{name}\n" * 50
            assert sys.stdout is not out
        assert sys.stdout is out

    run_async(scenario())
    assert capsys.readouterr() == ("the program's own\n", "")


@both
def test_signs_of_life_are_told_while_it_runs(where: Place, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(
            tmp_path,
            """
            import asyncio

            async def run():
                print("on" + chr(10), end="")
                await asyncio.sleep(1000)
            """,
        )
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "run", where=where), events)
            await events.wait_for_output()
            assert events.spawned == []
            handle.cancel(hard=False)
            result = await handle.wait()
            assert (result.outcome, result.reason) == ("cancelled", "it was asked to stop")
            assert (result.stdout, result.stderr) == (StoredText(head="on\n", size=3), None)
            assert events.printed == 3

    run_async(scenario())


@both
def test_a_store_that_fails_is_told_by_wait(where: Place, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "def run():\n    print('x' * 10_000)\n    print('more')")
        blobs = MemoryBlobs()
        blobs.broken = OSError("disk full")
        async with a_python(blobs) as runtime:
            with pytest.raises(OSError, match="disk full"):
                await carried_out(runtime, call(tmp_path, "run", where=where))
        assert blobs.open_writers == 0

    run_async(scenario())


# ---- how it may fail --------------------------------------------------------------------------------

FAILING = """
import asyncio, sys

def raises(): raise ValueError("no good")
async def raises_later():
    await asyncio.sleep(0)
    raise ValueError("later")
def leaves(): sys.exit(3)
async def leaves_later():
    await asyncio.sleep(0)
    sys.exit(4)
def interrupts(): raise KeyboardInterrupt
def deep(): return deep()
def needs(x): return x
def no_json(): return {"a": {1}}
async def cancels():
    raise asyncio.CancelledError
"""


@both
@pytest.mark.parametrize(
    ("name", "failure", "reason"),
    [
        ("raises", "exception", "ValueError: no good (steps.py:4)"),
        ("raises_later", "exception", "ValueError: later (steps.py:7)"),
        ("leaves", "exception", "SystemExit: 3 (steps.py:8)"),
        ("leaves_later", "exception", "SystemExit: 4 (steps.py:11)"),
        ("interrupts", "exception", "KeyboardInterrupt (steps.py:12)"),
        ("deep", "exception", "RecursionError: maximum recursion depth exceeded (steps.py:13)"),
        ("cancels", "exception", "CancelledError (steps.py:17)"),
        ("needs", "invalid_request", "`steps:needs` needs the argument `x`, and `with` does not give it"),
        ("none", "invalid_request", "`steps` has no `none`"),
        ("no_json", "output_invalid", "what the callable returned is not JSON: `$.a` is a `set`; return `sorted(...)` of it"),
    ],
)  # fmt: skip
def test_every_failure_is_told_and_the_program_goes_on(
    where: Place, name: str, failure: str, reason: str, tmp_path: Path
) -> None:
    write(tmp_path, FAILING)
    first, second = results_of(
        call(tmp_path, name, where=where), call(tmp_path, "needs", where=where, inputs={"x": 1})
    )
    assert (first.outcome, first.failure_reason, first.reason) == ("failed", failure, reason)
    assert second.output == 1
    if failure == "exception":
        assert first.stderr is not None
        assert first.stderr.head.startswith("Traceback (most recent call last):\n  File")
        assert "python_here" not in first.stderr.head


@both
@pytest.mark.parametrize(
    "fields", [{"env": {"A": "b"}}, {"cwd": "/"}, {"secrets": {"S": "short"}}], ids=["env", "cwd", "secret"]
)
def test_what_it_cannot_have_is_refused(where: Place, fields: dict[str, Any], tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 1")
    result = result_of(call(tmp_path, "run", where=where, **fields))
    assert (result.outcome, result.failure_reason) == ("failed", "invalid_request")
    assert result.reason


@both
def test_contract_secrets_and_size_hold_as_for_a_process(where: Place, tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        from pathlib import Path

        def tells():
            print("correct-horse")
            return {"correct-horse": 1}

        def fails():
            raise ValueError("correct-horse")

        def large():
            return "x" * 9_000_000

        def writes():
            Path(__file__).with_name("out.txt").write_text("text\\n")
        """,
    )
    secrets = {"TOKEN": "correct-horse"}
    contract = OutputContract(schema={"required": ["n"]})
    path = str(tmp_path / "out.txt")
    requests: list[AttemptRequest] = [
        call(tmp_path, "tells", where=where, secrets=secrets),
        call(tmp_path, "tells", where=where, secrets=secrets, output=contract),
        call(tmp_path, "fails", where=where, secrets=secrets),
        call(tmp_path, "large", where=where),
        call(tmp_path, "large", where=where, output_used=False),
        call(tmp_path, "writes", where=where, output=OutputContract(source="file"), output_path=path, deliverables=((path, None),)),
    ]  # fmt: skip
    tells, breaks, fails, large, unused, writes = results_of(*requests)
    assert tells.output == {"***TOKEN***": 1}
    assert tells.stdout == StoredText(head="***TOKEN***\n", size=12)
    assert breaks.reason == "the output breaks its schema: `$`: 'n' is a required property"
    assert fails.reason == "ValueError: ***TOKEN*** (steps.py:9)"
    assert "correct" not in repr(fails)
    assert large.failure_reason == "output_invalid"
    assert "8 MiB" in large.reason
    assert (unused.outcome, unused.output) == ("ok", None)
    assert writes.output == "text"
    assert writes.deliverable is not None


# ---- cancellation -----------------------------------------------------------------------------------

STAYING = """
import asyncio, threading

def blocks(fifo):
    print("on" + chr(10), end="")
    with open(fifo) as file:
        file.read()
    print("never kept")
    threading.current_thread().name = "done"

async def heeds():
    try:
        print("on" + chr(10), end="")
        await asyncio.sleep(1000)
    finally:
        print("put away")
        await asyncio.sleep(0)

async def deaf(turns):
    print("on" + chr(10), end="")
    for _ in range(turns):
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass
"""


def test_a_thread_that_goes_on_is_given_up_and_not_waited_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, STAYING)
        os.mkfifo(tmp_path / "go")
        clock = ManualClock()
        async with a_python(call_later=clock.call_later) as runtime:
            events = Events()
            request = call(
                tmp_path, "blocks", where="thread", inputs={"fifo": str(tmp_path / "go")}, node_id="stays"
            )
            handle = runtime.start(request, events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            waiting = asyncio.ensure_future(handle.wait())
            await asyncio.sleep(0)
            assert not waiting.done()
            clock.advance(5)
            result = await waiting
            assert result.outcome == "cancelled"
            assert result.reason == (
                "it was given up 5 s after it was asked to stop; "
                "a thread cannot be killed and goes on to its end"
            )
            assert result.stdout == StoredText(head="on\n", size=3)
            (thread,) = (thread for thread in threading.enumerate() if thread.name == "stays")
            seen = len(events.seen)
        (tmp_path / "go").write_text("")
        thread.join()
        assert thread.name == "done"
        await asyncio.sleep(0)
        assert len(events.seen) == seen

    run_async(scenario())


def test_a_thread_that_ends_within_the_grace_is_cancelled_all_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, STAYING)
        os.mkfifo(tmp_path / "go")
        clock = ManualClock()
        async with a_python(call_later=clock.call_later) as runtime:
            events = Events()
            request = call(tmp_path, "blocks", where="thread", inputs={"fifo": str(tmp_path / "go")})
            handle = runtime.start(request, events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            (tmp_path / "go").write_text("")
            result = await handle.wait()
            assert (result.outcome, result.reason) == ("cancelled", "it was asked to stop")
            assert clock.waiting == 0

    run_async(scenario())


@both
def test_what_is_awaited_is_cancelled(where: Place, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, STAYING)
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "heeds", where=where), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            result = await handle.wait()
            assert (result.outcome, result.reason) == ("cancelled", "it was asked to stop")
            assert result.stdout == StoredText(head="on\nput away\n", size=12)

    run_async(scenario())


@both
def test_what_is_cancelled_before_its_first_step_never_begins(where: Place, tmp_path: Path) -> None:
    async def scenario() -> None:
        os.mkfifo(tmp_path / "go")
        write(
            tmp_path,
            """
            async def never():
                print("never")

            def run(go):
                if go:
                    with open(go) as file:
                        file.read()
                return never()
            """,
        )
        clock = ManualClock()
        async with a_python(call_later=clock.call_later) as runtime:
            go = str(tmp_path / "go") if where == "thread" else ""
            handle = runtime.start(call(tmp_path, "run", where=where, inputs={"go": go}), Events())
            # Inline, the callable is called in this turn of the loop, and what it gave in the next.
            await asyncio.sleep(0)
            handle.cancel(hard=False)
            if go:
                Path(go).write_text("")
            result = await handle.wait()
            assert (result.outcome, result.reason) == ("cancelled", "it was asked to stop")
            assert (result.stdout, result.stderr) == (None, None)
            assert clock.waiting == 0

    run_async(scenario())
    # Else Python warns here that something was never awaited.
    gc.collect()


def test_what_is_awaited_inline_and_does_not_heed_is_given_up(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, STAYING)
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "deaf", where="inline", inputs={"turns": 2}), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            await asyncio.sleep(0)
            handle.cancel(hard=True)
            result = await handle.wait()
            assert result.outcome == "cancelled"
            assert result.reason == "it was given up; what it awaits may go on for a while"
        # Closing has waited for it.
        assert len(asyncio.all_tasks()) == 2

    run_async(scenario())


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_an_inline_call_that_has_not_begun_never_does(hard: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "from pathlib import Path\ndef run(): Path(__file__).with_name('ran').touch()")
        async with a_python() as runtime:
            handle = runtime.start(call(tmp_path, "run", where="inline"), Events())
            handle.cancel(hard=hard)
            assert (await handle.wait()).outcome == "cancelled"
        assert not (tmp_path / "ran").exists()

    run_async(scenario())


def test_inline_starts_neither_thread_nor_process(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "import threading, os\ndef run(): return [os.getpid(), threading.active_count()]")
        threads = threading.active_count()
        async with a_python() as runtime:
            for _ in range(3):
                result = await carried_out(runtime, call(tmp_path, "run", where="inline"))
                assert result.output == [os.getpid(), threads]
            assert runtime.spawner_pid is None

    run_async(scenario())


def test_threads_run_at_the_same_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "here")
        write(
            tmp_path,
            """
            import threading
            barrier = threading.Barrier(8)

            def run():
                return barrier.wait()
            """,
        )
        async with a_python() as runtime:
            handles = [runtime.start(call(tmp_path, "run", where="thread"), Events()) for _ in range(8)]
            results = await asyncio.gather(*(handle.wait() for handle in handles))
            assert sorted(result.output for result in results) == list(range(8))
        fifo.close()

    run_async(scenario())
