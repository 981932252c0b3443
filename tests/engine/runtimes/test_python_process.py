"""Callables in workers: what they get, what comes back, and every way in which they may misbehave."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.ledger.blobs import BlobStore
from metaensemble.engine.runtimes.protocol import AttemptRequest, StoredText
from metaensemble.schemas.bound import OutputContract
from support.callables import a_python, call, result_of, results_of, write
from support.fakes import Events, MemoryBlobs, carried_out, run_async
from support.processes import Fifo, gone

LINUX = sys.platform == "linux"

# ---- what it gets and gives -------------------------------------------------------------------------


def test_inputs_come_by_name_and_what_is_returned_is_the_output(tmp_path: Path) -> None:
    write(tmp_path, "def run(a, b=2, **rest): return {'got': [a, b], 'rest': rest}", "steps.clean")
    value = {"ä": [1.5, None, True], "x": "a\0b\n", "half": "\ud800"[:0]}
    result = result_of(call(tmp_path, "steps.clean:run", inputs={"a": value, "class": "x" * 3_000_000}))
    assert result.outcome == "ok"
    assert result.output == {"got": [value, 2], "rest": {"class": "x" * 3_000_000}}
    assert (result.exit_status, result.stdout, result.stderr, result.reason) == (None, None, None, "")


def test_an_input_that_no_utf_8_can_hold_arrives(tmp_path: Path) -> None:
    write(tmp_path, "def run(a): return ascii(a)")
    assert result_of(call(tmp_path, "run", inputs={"a": "half \ud800"})).output == r"'half \ud800'"


def test_briefs_come_to_those_who_ask(tmp_path: Path) -> None:
    write(tmp_path, "def asks(briefs): return briefs\ndef does_not(**rest): return rest")
    briefs = {"before": {"status": "ok", "output": {"a": [1]}}}
    asks, does_not = results_of(
        call(tmp_path, "asks", briefs=briefs), call(tmp_path, "does_not", briefs=briefs)
    )
    assert asks.output == briefs
    assert does_not.output == {}


def test_an_awaitable_is_awaited(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import asyncio

        async def direct(x):
            await asyncio.sleep(0)
            return x

        class Later:
            def __await__(self):
                yield from asyncio.sleep(0).__await__()
                return "later"

        def indirect(x):
            return direct(x)

        def own():
            return Later()

        async def fails():
            await asyncio.sleep(0)
            raise ValueError("in the loop")
        """,
    )
    results = results_of(
        call(tmp_path, "direct", inputs={"x": 1}),
        call(tmp_path, "indirect", inputs={"x": 2}),
        call(tmp_path, "own"),
        call(tmp_path, "fails"),
    )
    assert [result.output for result in results] == [1, 2, "later", None]
    assert results[3].reason == "ValueError: in the loop (steps.py:21)"


def test_the_project_comes_before_the_environment_and_the_environment_after(tmp_path: Path) -> None:
    write(tmp_path, "def where(): return __file__", "tabulate")
    write(tmp_path, "import sys\ndef path(): return sys.path")
    own, path, installed = results_of(
        call(tmp_path, "tabulate:where"),
        # It is first even when it is on the path already.
        call(tmp_path, "path", env={"PYTHONPATH": f"{tmp_path}/none:{tmp_path}"}),
        call(tmp_path, "json:loads", inputs={"s": "[1]"}),
    )
    assert own.output == str(tmp_path / "tabulate.py")
    assert path.output[:3] == [str(tmp_path), f"{tmp_path}/none", str(tmp_path)]
    assert installed.output == [1]


def test_it_has_the_environment_and_the_directory_of_its_attempt(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(
        tmp_path,
        """
        import os, subprocess

        def run():
            names = ("MINE", "KEPT", "ME_ATTEMPT_ID", "ME_DAG_RUN_ID", "ME_NODE_ID", "ME_IN_OLD", "TOKEN")
            child = subprocess.run(["sh", "-c", "echo $ME_ATTEMPT_ID $PWD"], capture_output=True, text=True)
            return [os.getcwd(), {name: os.environ.get(name) for name in names}, child.stdout.split()]
        """,
    )
    environ = dict(os.environ) | {"KEPT": "1", "MINE": "old", "ME_IN_OLD": "x", "ME_ATTEMPT_ID": "outer"}
    request = call(
        tmp_path,
        "run",
        env={"MINE": "new"},
        secrets={"TOKEN": "correct-horse"},
        cwd=str(tmp_path / "data"),
        node_id="a[b=c]",
    )
    cwd, seen, child = result_of(request, environ=environ).output
    assert cwd == str(tmp_path / "data")
    assert seen == {
        "MINE": "new",
        "KEPT": "1",
        "ME_ATTEMPT_ID": request.run_id,
        "ME_DAG_RUN_ID": request.dag_run_id,
        "ME_NODE_ID": "a[b=c]",
        "ME_IN_OLD": None,
        "TOKEN": "***TOKEN***",
    }
    assert child == [request.run_id, str(tmp_path / "data")]


def test_variables_are_there_when_python_starts(tmp_path: Path) -> None:
    write(tmp_path, "import sys\ndef run(): return [sys.flags.optimize, sys.flags.utf8_mode]")
    request = call(tmp_path, "run", env={"PYTHONOPTIMIZE": "2", "PYTHONUTF8": "1"})
    assert result_of(request).output == [2, 1]


def test_it_may_have_helpers_of_every_kind(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import asyncio, multiprocessing, subprocess, sys
        from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

        def square(n):
            return n * n

        def pool(how):
            context = multiprocessing.get_context(how)
            with ProcessPoolExecutor(2, mp_context=context) as workers:
                return list(workers.map(square, range(3)))

        def threads():
            with ThreadPoolExecutor(2) as workers:
                return list(workers.map(square, range(3)))

        async def child():
            command = (sys.executable, "-c", "print(9)")
            process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            return int((await process.communicate())[0])
        """,
    )
    results = results_of(
        call(tmp_path, "pool", inputs={"how": "fork"}),
        call(tmp_path, "pool", inputs={"how": "spawn"}),
        call(tmp_path, "threads"),
        call(tmp_path, "child"),
    )
    assert [result.output for result in results] == [[0, 1, 4]] * 3 + [9]
    assert [result.stderr for result in results] == [None] * 4


# ---- what it prints ---------------------------------------------------------------------------------


def test_what_it_prints_is_kept_apart_from_what_it_returns(tmp_path: Path) -> None:
    write(
        tmp_path,
        r"""
        import os, subprocess, sys

        def run():
            print('{"failure": "other", "reason": "a trick"}')
            print("to stderr", "ä \ud800", file=sys.stderr)
            os.write(1, b"direct\n")
            subprocess.run("echo child; echo child too >&2", shell=True, check=True)
            sys.stdout.buffer.write(b"bytes\n")
            sys.stdout.write("without an end")
            return {"again": False}
        """,
    )
    result = result_of(call(tmp_path, "run"))
    assert result.output == {"again": False}
    assert result.stdout is not None
    assert result.stderr is not None
    assert result.stdout.head == (
        '{"failure": "other", "reason": "a trick"}\ndirect\nchild\nbytes\nwithout an end'
    )
    assert result.stderr.head == "to stderr ä \\ud800\nchild too\n"


def test_it_can_read_nothing(tmp_path: Path) -> None:
    write(tmp_path, "import sys\ndef run(): return sys.stdin.read()")
    assert result_of(call(tmp_path, "run")).output == ""


def test_a_flood_is_stored_whole(tmp_path: Path) -> None:
    write(
        tmp_path, "import sys\ndef run():\n    for _ in range(500):\n        sys.stdout.write('x' * 100_000)"
    )
    blobs = BlobStore(tmp_path / "blobs")
    result = result_of(call(tmp_path, "run"), blobs)
    assert result.outcome == "ok"
    assert result.stdout is not None
    assert result.stdout.size == 50_000_000
    assert len(blobs.get(result.stdout.blob or "")) == 50_000_000


def test_signs_of_life_are_told_while_it_runs(tmp_path: Path) -> None:
    async def scenario() -> None:
        os.mkfifo(tmp_path / "go")
        write(tmp_path, "def run():\n    print('on')\n    open('go').read()\n    print('off')")
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "run"), events)
            await events.wait_for_output()
            spawned = await events.wait_for_process()
            assert not gone(spawned.pid)
            assert events.seen[0] is spawned
            (tmp_path / "go").write_text("")
            assert (await handle.wait()).stdout == StoredText(head="on\noff\n", size=7)
            assert events.printed == 7

    run_async(scenario())


def test_a_store_that_fails_is_told_by_wait(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "import time\ndef run():\n    print('x' * 10_000)\n    time.sleep(1000)")
        blobs = MemoryBlobs()
        blobs.broken = OSError("disk full")
        async with a_python(blobs) as runtime:
            with pytest.raises(OSError, match="disk full"):
                await carried_out(runtime, call(tmp_path, "run"))
        assert blobs.open_writers == 0

    run_async(scenario())


# ---- what it raises ---------------------------------------------------------------------------------


def test_an_exception_is_the_reason_and_its_traceback_is_on_standard_error(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        def run(rows):
            print("before")
            return clean(rows)

        def clean(rows):
            raise ValueError(f"{len(rows)} rows are too few")
        """,
        "steps.clean",
    )
    result = result_of(call(tmp_path, "steps.clean:run", inputs={"rows": [1]}))
    assert (result.outcome, result.failure_reason) == ("failed", "exception")
    assert result.reason == "ValueError: 1 rows are too few (steps/clean.py:7)"
    assert result.stdout == StoredText(head="before\n", size=7)
    assert result.stderr is not None
    lines = result.stderr.head.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{path}", line 4, in run'
    assert lines[-1] == "ValueError: 1 rows are too few"


RAISING = """
import asyncio, os, sys

class Bare(BaseException):
    pass

class Evil(Exception):
    def __str__(self):
        sys.exit(3)

def bare(): raise Bare("not an Exception")
def interrupt(): raise KeyboardInterrupt
def generator(): raise GeneratorExit
def stop(): raise StopIteration
def exit_zero(): sys.exit()
def exit_text(): sys.exit("that is all")
def cancelled(): raise asyncio.CancelledError
def evil(): raise Evil
def deep(): return deep()
def memory(): raise MemoryError
async def loop_exit(): sys.exit(5)
def replaced():
    sys.stderr = sys.stdout = None
    raise ValueError("nowhere to print")
def closed():
    sys.stderr.close(); sys.stdout.close(); os.close(1); os.close(2); os.close(0)
    raise ValueError("all closed")
"""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bare", "Bare: not an Exception (steps.py:11)"),
        ("interrupt", "KeyboardInterrupt (steps.py:12)"),
        ("generator", "GeneratorExit (steps.py:13)"),
        ("stop", "StopIteration (steps.py:14)"),
        ("exit_zero", "SystemExit (steps.py:15)"),
        ("exit_text", "SystemExit: that is all (steps.py:16)"),
        ("cancelled", "CancelledError (steps.py:17)"),
        ("evil", "Evil: its message cannot be read (steps.py:18)"),
        ("deep", "RecursionError: maximum recursion depth exceeded (steps.py:19)"),
        ("memory", "MemoryError (steps.py:20)"),
        ("loop_exit", "SystemExit: 5 (steps.py:21)"),
        ("replaced", "ValueError: nowhere to print (steps.py:24)"),
        ("closed", "ValueError: all closed (steps.py:27)"),
    ],
)
def test_whatever_is_raised_is_an_exception_with_its_place(name: str, reason: str, tmp_path: Path) -> None:
    write(tmp_path, RAISING)
    result = result_of(call(tmp_path, name))
    assert (result.outcome, result.failure_reason, result.reason) == ("failed", "exception", reason)


# ---- how its process may end ------------------------------------------------------------------------

ENDING = """
import ctypes, os, resource, signal, socket, sys, threading, time

def status(n):
    print("last words", file=sys.stderr)
    os._exit(n)

def from_a_thread():
    threading.Thread(target=os._exit, args=(4,)).start()
    time.sleep(1000)

def crash():
    ctypes.string_at(0)

def killed():
    os.kill(os.getpid(), signal.SIGKILL)

def replaced():
    os.execvp("sh", ["sh", "-c", "echo other >&2; exit 6"])

def hangs_up():
    os.closerange(3, 4096)
    return 1

def hangs_up_and_stays():
    os.closerange(3, 4096)
    time.sleep(1000)

def reuses():
    os.closerange(3, 4096)
    global kept
    kept = [open("taken", "w") for _ in range(20)]
    return "this is no file's content"

def garbage():
    for number in range(3, 100):
        try:
            socket.socket(fileno=number).send(b"no answer\\n")
        except OSError:
            pass
    time.sleep(1000)

def long_garbage():
    for number in range(3, 100):
        try:
            socket.socket(fileno=number).sendall(b"x" * 20_000_000)
        except OSError:
            pass
    time.sleep(1000)

def leaks():
    global kept
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    kept = []
    try:
        while True:
            kept.append(os.open("/", os.O_RDONLY))
    except OSError:
        return len(kept) > 10
"""


@pytest.mark.parametrize(
    ("name", "inputs", "failure", "status", "reason"),
    [
        ("status", {"n": 3}, "exit_status", 3, "the process ended before the callable returned: exit status 3; stderr ends: last words"),
        ("status", {"n": 0}, "no_result", 0, "the callable ended its process (exit status 0) and returned nothing; stderr ends: last words"),
        ("from_a_thread", {}, "exit_status", 4, "the process ended before the callable returned: exit status 4"),
        ("killed", {}, "exit_status", -9, "the process ended before the callable returned: killed by signal 9 (SIGKILL)"),
        ("replaced", {}, "exit_status", 6, "the process ended before the callable returned: exit status 6; stderr ends: other"),
        ("hangs_up", {}, "no_result", 197, "the result was lost: the callable closed descriptors that are not its own"),
        ("hangs_up_and_stays", {}, "no_result", -9, "the result was lost: the callable closed the descriptor over which it is told"),
        ("reuses", {}, "no_result", 197, "the result was lost: the callable closed descriptors that are not its own"),
        ("garbage", {}, "no_result", -9, "the result was lost: something else was written where it is told"),
        ("long_garbage", {}, "no_result", -9, "the result was lost: what came in its place is longer than any result"),
    ],
)  # fmt: skip
def test_an_end_without_an_answer_is_a_clear_failure(
    name: str, inputs: dict[str, Any], failure: str, status: int, reason: str, tmp_path: Path
) -> None:
    write(tmp_path, ENDING)
    # Only one that stays when no answer can come is killed for it.
    drain = 0.2 if "stays" in name or "garbage" in name else 60.0
    result = result_of(call(tmp_path, name, inputs=inputs), drain=drain)
    assert (result.outcome, result.failure_reason) == ("failed", failure)
    assert (result.exit_status, result.reason) == (status, reason)
    assert not (tmp_path / "taken").exists() or (tmp_path / "taken").read_text() == ""


def test_a_crash_leaves_the_place_on_standard_error(tmp_path: Path) -> None:
    write(tmp_path, ENDING)
    result = result_of(call(tmp_path, "crash"))
    assert (result.failure_reason, result.exit_status) == ("exit_status", -signal.SIGSEGV)
    assert result.reason == (
        "the process ended before the callable returned: killed by signal 11 (SIGSEGV) (steps.py:13)"
    )
    assert result.stderr is not None
    assert "steps.py" in result.stderr.head


def test_one_that_used_up_all_descriptors_still_answers(tmp_path: Path) -> None:
    write(tmp_path, ENDING)
    assert result_of(call(tmp_path, "leaks")).output is True


def test_a_copy_of_the_process_that_comes_out_of_the_callable_says_nothing(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import os, sys

        def run(how):
            pid = os.fork()
            if pid == 0:
                print("child")
                if how == "exit":
                    sys.exit(3)
                if how == "raise":
                    raise ValueError
                return "from the child"
            _, status = os.waitpid(pid, 0)
            return os.waitstatus_to_exitcode(status)
        """,
    )
    results = results_of(*(call(tmp_path, "run", inputs={"how": how}) for how in ("return", "exit", "raise")))
    assert [result.output for result in results] == [0, 3, 1]
    assert all(result.stdout == StoredText(head="child\n", size=6) for result in results)


def test_a_worker_that_cannot_come_up_says_why(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 1")
    result = result_of(call(tmp_path, "run", env={"PYTHONHOME": "/no/such/home"}))
    assert (result.outcome, result.failure_reason) == ("failed", "spawn_failed")
    assert result.reason.startswith("the worker ended before it was ready: exit status 1; stderr ends: ")


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("fields", "failure", "words"),
    [
        ({"cwd": "/no/such/folder"}, "spawn_failed", "cannot enter the directory `/no/such/folder`: no such file or directory"),
        ({"cwd": "/a\0b"}, "invalid_request", "NUL"),
        ({"env": {"A": "a\0b"}}, "invalid_request", "NUL"),
        ({"env": {"A=B": "c"}}, "invalid_request", "`A=B` cannot be the name"),
        ({"secrets": {"S": "short"}}, "invalid_request", "`S` is shorter"),
        ({"python": None}, "invalid_request", "there is no callable"),
        ({"inputs": {"x": 1}}, "invalid_request", "`steps:run` takes no argument `x`"),
        ({"inputs": {"x": _deep(100_000)}}, "invalid_request", "its inputs are nested too deeply"),
    ],
    ids=["cwd", "cwd with NUL", "env with NUL", "env name", "secret", "none", "unfit", "deep"],
)  # fmt: skip
def test_what_cannot_be_called_fails_clearly(
    fields: dict[str, Any], failure: str, words: str, tmp_path: Path
) -> None:
    write(tmp_path, "def run(): return 1")
    result = result_of(call(tmp_path, "run", **fields))
    assert (result.outcome, result.failure_reason) == ("failed", failure)
    assert words in result.reason


def test_a_project_that_is_gone_is_told(tmp_path: Path) -> None:
    result = result_of(call(tmp_path / "gone", "run"))
    assert (result.outcome, result.failure_reason) == ("failed", "spawn_failed")
    assert result.reason == f"cannot enter the directory `{tmp_path}/gone`: there is no such file"


@pytest.mark.parametrize(
    ("name", "failure", "reason"),
    [
        ("none:run", "exception", "ModuleNotFoundError: No module named 'none'"),
        ("steps:none", "invalid_request", "`steps` has no `none`"),
        ("steps:value", "invalid_request", "`steps:value` cannot be called: it is `int`"),
        ("broken:run", "exception", "ZeroDivisionError: division by zero (broken.py:1)"),
        ("leaves:run", "exception", "SystemExit: 7 (leaves.py:1)"),
    ],
)
def test_what_is_not_there_when_it_is_called_is_told_then(
    name: str, failure: str, reason: str, tmp_path: Path
) -> None:
    write(tmp_path, "value = 1")
    write(tmp_path, "1 / 0", "broken")
    write(tmp_path, "raise SystemExit(7)", "leaves")
    result = result_of(call(tmp_path, name))
    assert (result.outcome, result.failure_reason) == ("failed", failure)
    assert result.reason.startswith(reason)


# ---- the output contract ----------------------------------------------------------------------------


def test_a_result_that_is_not_json_fails_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return {'rows': [{'tags': {1}}]}")
    result = result_of(call(tmp_path, "run"))
    assert (result.outcome, result.failure_reason) == ("failed", "output_invalid")
    assert result.reason == (
        "what the callable returned is not JSON: `$.rows[0].tags` is a `set`; return `sorted(...)` of it"
    )
    assert result.violations[0]["path"] == "$.rows[0].tags"
    assert result.output is None


def _schema(**rest: Any) -> OutputContract:
    return OutputContract(form="json", schema={"type": "object", "required": ["n"]}, **rest)


def test_the_result_is_held_to_its_schema(tmp_path: Path) -> None:
    write(tmp_path, "def run(x): return {x: 1}")
    requests = [call(tmp_path, "run", inputs={"x": x}, output=_schema()) for x in ("n", "m")]
    good, bad = results_of(*requests)
    assert (good.outcome, good.output) == ("ok", {"n": 1})
    assert bad.failure_reason == "output_invalid"
    assert bad.reason == "the output breaks its schema: `$`: 'n' is a required property"
    assert bad.violations


def test_a_text_stays_a_text_whatever_the_contract_would_read(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return '[1]\\n'")
    results = results_of(
        *(call(tmp_path, "run", output=OutputContract(form=form)) for form in ("text", "lines", "json"))  # type: ignore[arg-type]
    )
    assert [result.output for result in results] == ["[1]\n"] * 3


def test_the_output_may_be_a_file_that_the_callable_writes(tmp_path: Path) -> None:
    write(tmp_path, "def run(text):\n    open('out.json', 'w').write(text)\n    return 'not this'")
    contract = _schema(source="file")
    requests: list[AttemptRequest] = [
        call(
            tmp_path,
            "run",
            inputs={"text": text},
            output=contract,
            output_path=str(tmp_path / "out.json"),
            deliverables=((str(tmp_path / "out.json"), None),),
        )
        for text in ('{"n": 1}', "[]")
    ]
    good, bad = results_of(*requests)
    assert (good.outcome, good.output) == ("ok", {"n": 1})
    assert good.deliverable is not None
    assert good.deliverable["path"] == "out.json"
    assert bad.failure_reason == "output_invalid"


def test_a_deliverable_that_was_not_written_fails_the_attempt(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 1")
    result = result_of(call(tmp_path, "run", deliverables=((str(tmp_path / "report.md"), None),)))
    assert result.failure_reason == "output_invalid"
    assert result.reason == "the deliverable `report.md` was not written"


def test_a_result_too_large_to_be_handed_on_fails_only_if_it_is_used(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return ['x' * 1_000_000] * 100")
    used, unused, held = results_of(
        call(tmp_path, "run"),
        call(tmp_path, "run", output_used=False),
        call(tmp_path, "run", output_used=False, output=_schema()),
    )
    assert used.failure_reason == held.failure_reason == "output_invalid"
    assert "8 MiB" in used.reason
    assert (unused.outcome, unused.output) == ("ok", None)


def test_a_large_result_arrives(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 'ä' * 4_000_000")
    assert result_of(call(tmp_path, "run")).output == "ä" * 4_000_000


def test_secrets_are_masked_wherever_they_turn_up(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import base64, os, sys
        T = os.environ["TOKEN"]

        def prints():
            print("a", T)
            print(base64.b64encode(T.encode()).decode(), file=sys.stderr)
            return {T: [T, f"x{T}y"]}

        def fails():
            raise ValueError(f"bad token {T}")

        def sets():
            return {T: {1}}
        """,
    )
    secrets = {"TOKEN": "correct-horse-battery"}
    results = results_of(*(call(tmp_path, name, secrets=secrets) for name in ("prints", "fails", "sets")))
    assert results[0].output == {"***TOKEN***": ["***TOKEN***", "x***TOKEN***y"]}
    assert results[0].stdout is not None
    assert results[0].stdout.head == "a ***TOKEN***\n"
    assert results[1].reason == "ValueError: bad token ***TOKEN*** (steps.py:11)"
    assert all("correct" not in repr(result) for result in results)
    assert all("Y29ycmVjd" not in repr(result) for result in results)


# What is cancelled prints in one piece: with PYTHONUNBUFFERED, `print` writes the end of a line apart.

# ---- cancellation -----------------------------------------------------------------------------------


def test_a_soft_cancel_interrupts_as_ctrl_c_would(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(
            tmp_path,
            """
            import time

            def run():
                try:
                    print("on" + chr(10), end="")
                    time.sleep(1000)
                except Exception:
                    print("caught")
                finally:
                    print("put away")
            """,
        )
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "run"), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            result = await handle.wait()
            assert (result.outcome, result.reason) == ("cancelled", "it was asked to stop")
            assert result.stdout == StoredText(head="on\nput away\n", size=12)
            assert (result.output, result.stderr) == (None, None)

    run_async(scenario())


def test_a_soft_cancel_cancels_what_is_awaited(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(
            tmp_path,
            """
            import asyncio

            async def run():
                print("on" + chr(10), end="")
                try:
                    await asyncio.sleep(1000)
                except asyncio.CancelledError:
                    await asyncio.sleep(0)
                    print("put away")
                    return "all the same"
            """,
        )
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "run"), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            result = await handle.wait()
            assert (result.outcome, result.output) == ("cancelled", None)
            assert result.stdout == StoredText(head="on\nput away\n", size=12)

    run_async(scenario())


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_a_cancel_reaches_what_it_has_started(hard: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        write(
            tmp_path,
            """
            import subprocess

            def run(fifo):
                subprocess.run(f"exec 9>{fifo}; sleep 1000 & setsid sleep 1000 & echo on >&9; wait", shell=True)
            """,
        )
        async with a_python() as runtime:
            handle = runtime.start(call(tmp_path, "run", inputs={"fifo": str(fifo.path)}), Events())
            await fifo.wait_for_line()
            handle.cancel(hard=hard)
            assert (await handle.wait()).outcome == "cancelled"
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


def test_one_that_does_not_stop_is_killed_after_the_grace(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(
            tmp_path,
            """
            import time

            def run():
                word = "on"
                while True:
                    try:
                        print(word + chr(10), end="")
                        time.sleep(1000)
                    except BaseException:
                        word = "never"
            """,
        )
        async with a_python() as runtime:
            events = Events()
            handle = runtime.start(call(tmp_path, "run", grace=0.1), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            result = await handle.wait()
            assert result.outcome == "cancelled"
            assert result.reason == "it was killed, 0.1 s after it was asked to stop"
            assert result.exit_status == -signal.SIGKILL
            assert result.stdout is not None
            assert result.stdout.head in ("on\n", "on\nnever\n")

    run_async(scenario())


def test_a_cancel_after_the_answer_changes_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        write(tmp_path, "import os\ndef run(): return os.getpid()")
        async with a_python() as runtime:
            handle = runtime.start(call(tmp_path, "run"), Events())
            first = await handle.wait()
            handle.cancel(hard=True)
            handle.cancel(hard=False)
            second = await carried_out(runtime, call(tmp_path, "run"))
            assert first.output == second.output

    run_async(scenario())
