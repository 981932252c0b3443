"""The runtime `command` with real programs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.ledger.blobs import BlobStore
from metaensemble.engine.runtimes.capture import INLINE
from metaensemble.engine.runtimes.command import CommandRuntime
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult, StoredText
from metaensemble.schemas.allowance import Allowance
from metaensemble.schemas.bound import OutputContract
from support.fakes import PATIENCE, Events, MemoryBlobs, a_request, argv, carried_out, run_async, shell
from support.processes import Fifo

LINUX = sys.platform == "linux"
AWKWARD = [
    "plain",
    "",
    " leading and trailing ",
    "it's",
    'say "hi"',
    "$(touch pwned)",
    "`touch pwned`",
    "${HOME}",
    "a\nb\n",
    "; touch pwned",
    "&& touch pwned #",
    "*",
    "-n",
    "\\",
    "%s%n",
    "ä €",
    "\x01\x7f\t\r",
    "x" * 5000,
]


@asynccontextmanager
async def a_runtime(blobs: Any = None, **arguments: Any) -> AsyncIterator[CommandRuntime]:
    runtime = CommandRuntime(MemoryBlobs() if blobs is None else blobs, **arguments)
    try:
        yield runtime
    finally:
        await runtime.close()


def result_of(request: Any, blobs: Any = None, **arguments: Any) -> AttemptResult:
    async def scenario() -> AttemptResult:
        async with a_runtime(blobs, **arguments) as runtime:
            return await carried_out(runtime, request)

    return run_async(scenario())


def results_of(requests: Sequence[AttemptRequest]) -> list[AttemptResult]:
    """The results of several attempts, one after the other, by one runtime."""

    async def scenario() -> list[AttemptResult]:
        async with a_runtime() as runtime:
            return [await carried_out(runtime, request) for request in requests]

    return run_async(scenario())


# ---- shell safety -----------------------------------------------------------------------------------


def test_a_value_in_a_shell_text_stays_one_value(tmp_path: Path) -> None:
    text = 'printf "%s|" outside "${ME_X_1}" "inside ${ME_X_1} quotes"'
    results = results_of([shell(tmp_path, text, env={"ME_X_1": value}) for value in AWKWARD])
    assert [result.output for result in results] == [
        f"outside|{value}|inside {value} quotes|" for value in AWKWARD
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_value_in_an_argument_stays_one_argument(tmp_path: Path) -> None:
    results = results_of([argv(tmp_path, "printf", "%s|%s", value, "end") for value in AWKWARD])
    assert [result.output for result in results] == [f"{value}|end" for value in AWKWARD]
    assert list(tmp_path.iterdir()) == []


def test_an_input_reaches_variable_and_standard_input_alike(tmp_path: Path) -> None:
    text = 'printf "%s\\n" "$ME_IN_TEXT" | wc -c; cat'
    results = results_of([shell(tmp_path, text, inputs={"text": value}) for value in AWKWARD])
    for value, result in zip(AWKWARD, results, strict=True):
        size, _, rest = result.output.partition("\n")
        assert int(size) == len(value.encode()) + 1
        assert json.loads(rest) == {"text": value, "briefs": {}}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "request_fields",
    [
        {"command": {"argv": ["echo", "a\0b"]}},
        {"command": {"shell": "echo a\0b"}},
        {"env": {"ME_X_1": "a\0b"}},
        {"cwd": "/a\0b"},
        {"env": {"A=B": "c"}},
        {"env": {"": "c"}},
        {"command": {"argv": []}},
        {"command": {"argv": [""]}},
        {"env": {"ME_X_1": "half \ud800"}},
        {"inputs": {"doc": "x" * 40_000, "doc_file": "y"}},
    ],
)
def test_what_no_process_can_be_given_fails_clearly(request_fields: dict[str, Any], tmp_path: Path) -> None:
    result = result_of(a_request(tmp_path, **request_fields))
    assert (result.outcome, result.failure_reason) == ("failed", "invalid_request")
    assert result.reason
    assert "\n" not in result.reason


@pytest.mark.skipif(not LINUX, reason="the limit is Linux's")
def test_a_variable_beyond_the_systems_limit_names_the_way_out(tmp_path: Path) -> None:
    result = result_of(shell(tmp_path, "true", env={"ME_X_1": "x" * (1 << 17)}))
    assert result.failure_reason == "invalid_request"
    assert "`ME_X_1`" in result.reason
    assert "`with`" in result.reason
    fits = result_of(shell(tmp_path, "echo ${#ME_X_1}", env={"ME_X_1": "x" * ((1 << 17) - 10)}))
    assert fits.output == str((1 << 17) - 10)


# ---- inputs -----------------------------------------------------------------------------------------


def test_inputs_that_are_no_text_come_as_json(tmp_path: Path) -> None:
    inputs = {"n": 3, "yes": True, "none": None, "file-names": ["a", "b c"], "map": {"ä": 1.5}}
    text = 'printf "%s\\n" "$ME_IN_N" "$ME_IN_YES" "$ME_IN_NONE" "$ME_IN_FILE_NAMES" "$ME_IN_MAP"'
    result = result_of(shell(tmp_path, text, inputs=inputs, output=OutputContract(form="lines")))
    assert [json.loads(line) for line in result.output] == list(inputs.values())


def test_standard_input_holds_inputs_and_briefs_in_one_object(tmp_path: Path) -> None:
    briefs = {"before": {"status": "ok", "output": {"a": [1]}}}
    result = result_of(
        argv(tmp_path, "cat", inputs={"x": 1}, briefs=briefs, output=OutputContract(form="json"))
    )
    assert result.output == {"x": 1, "briefs": briefs}


def test_without_inputs_and_briefs_there_is_nothing_to_read(tmp_path: Path) -> None:
    assert result_of(argv(tmp_path, "cat")).output == ""


@pytest.mark.parametrize("size", [1000, 65_000, 66_000, 3_000_000])
def test_standard_input_of_any_size_arrives_and_leaves_nothing(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    result = result_of(argv(tmp_path, "wc", "-c", briefs={"a": "x" * size}))
    assert int(result.output) == len(json.dumps({"briefs": {"a": "x" * size}}, separators=(",", ":")))
    assert list(temporary.iterdir()) == []


def test_a_command_that_does_not_read_its_input_is_not_disturbed(tmp_path: Path) -> None:
    result = result_of(shell(tmp_path, "exec <&-; echo fine", briefs={"a": "x" * 200_000}))
    assert result.output == "fine"


@pytest.mark.parametrize("value", ["x" * (32 * 1024 + 1), "a\0b"], ids=["large", "NUL"])
@pytest.mark.parametrize("scratch", [True, False], ids=["scratch", "temporary"])
def test_an_input_that_fits_no_variable_comes_in_a_file(
    value: str, scratch: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    text = 'test -z "${ME_IN_DOC+set}" && ls -l "$ME_IN_DOC_FILE" | cut -c1-10 && cat "$ME_IN_DOC_FILE"'
    folder = str(temporary / "of" / "attempt") if scratch else ""
    result = result_of(shell(tmp_path, text, inputs={"doc": value}, scratch=folder))
    assert result.output == f"-rw-------\n{value}"
    assert not any(path.is_file() for path in temporary.rglob("*"))
    assert not (temporary / "of" / "attempt").exists()


def test_the_environment_is_inherited_without_what_belongs_to_another_attempt(tmp_path: Path) -> None:
    environ = dict(os.environ) | {"MINE": "1", "ME_IN_OLD": "x", "ME_X_1": "y", "ME_ATTEMPT_ID": "outer"}
    request = argv(tmp_path, "env", env={"MINE": "2"}, node_id="a[b=c]", output=OutputContract(form="lines"))
    seen = dict(line.partition("=")[::2] for line in result_of(request, environ=environ).output)
    assert seen["MINE"] == "2"
    assert (seen["ME_ATTEMPT_ID"], seen["ME_DAG_RUN_ID"]) == (request.run_id, request.dag_run_id)
    assert seen["ME_NODE_ID"] == "a[b=c]"
    assert not {"ME_IN_OLD", "ME_X_1"} & set(seen)


# ---- the end ----------------------------------------------------------------------------------------


def test_a_bad_status_tells_the_last_words(tmp_path: Path) -> None:
    result = result_of(shell(tmp_path, "echo out; echo one >&2; echo; echo two >&2; exit 3"))
    assert (result.failure_reason, result.exit_status) == ("exit_status", 3)
    assert result.reason == "exit status 3; stderr ends: one | two"
    assert result.output is None
    assert result.stdout == StoredText(head="out\n\n", size=5)


def test_a_silent_failure_and_one_that_speaks_on_standard_output(tmp_path: Path) -> None:
    assert result_of(shell(tmp_path, "exit 1")).reason == "exit status 1"
    assert result_of(shell(tmp_path, "echo why; exit 1")).reason == "exit status 1; stdout ends: why"


def test_a_signal_is_named(tmp_path: Path) -> None:
    result = result_of(shell(tmp_path, "kill -KILL $$"))
    assert (result.failure_reason, result.exit_status) == ("exit_status", -9)
    assert result.reason == "killed by signal 9 (SIGKILL)"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"command": {"argv": ["no-such-program"]}}, ["`no-such-program`", "no such file"]),
        ({"command": {"argv": ["./plain"]}}, ["`./plain`", "permission"]),
        ({"command": {"argv": ["./script"]}}, ["`./script`", "#!/bin/sh"]),
        ({"cwd": "/no/such/folder"}, ["`/no/such/folder`", "cannot enter"]),
        ({"command": {"argv": ["true", *["x" * 100_000] * 40]}}, ["too long", "`with`"]),
    ],
)
def test_what_cannot_be_started_says_why(fields: dict[str, Any], words: list[str], tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    (tmp_path / "script").write_text("no interpreter")
    (tmp_path / "script").chmod(0o755)
    result = result_of(a_request(tmp_path, **fields))
    assert (result.outcome, result.failure_reason) == ("failed", "spawn_failed")
    assert all(word in result.reason for word in words), result.reason


def test_a_cancelled_attempt_keeps_what_it_printed_and_its_status(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_runtime() as runtime:
            events = Events()
            handle = runtime.start(shell(tmp_path, "trap 'exit 4' TERM; echo on; sleep 1000 & wait"), events)
            await events.wait_for_output()
            handle.cancel(hard=False)
            result = await handle.wait()
            assert (result.outcome, result.exit_status) == ("cancelled", 4)
            assert result.stdout == StoredText(head="on\n", size=3)
            assert result.reason == "it was asked to stop"

    run_async(scenario())


@pytest.mark.skipif(not LINUX, reason="descendants are followed on Linux")
def test_an_escaped_descendant_that_holds_the_output_does_not_hang_the_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_runtime(drain=0.05) as runtime:
            # Without its environment it is not known as this attempt's, so it lives on, output in hand.
            text = f"exec 9>{fifo.path}; env -i setsid sh -c 'echo on >&9; sleep 1000; :' & "
            text += f"read x <{tmp_path}/go; echo done"
            os.mkfifo(tmp_path / "go")
            handle = runtime.start(shell(tmp_path, text), Events())
            await fifo.wait_for_line()
            (tmp_path / "go").write_text("\n")
            result = await handle.wait()
            assert (result.outcome, result.output) == ("ok", "done")
        await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


# ---- output -----------------------------------------------------------------------------------------


def test_a_small_output_makes_no_file(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    result = result_of(shell(tmp_path, f"printf %{INLINE}s; printf %{INLINE}s >&2"), blobs)
    assert result.stdout == result.stderr == StoredText(head=" " * INLINE, size=INLINE)
    assert blobs.texts == {}


def test_a_larger_output_is_stored_whole_with_its_first_lines_at_hand(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    result = result_of(shell(tmp_path, "seq 1000"), blobs)
    whole = "".join(f"{number}\n" for number in range(1, 1001))
    assert result.stdout is not None
    assert result.stdout.blob is not None
    assert blobs.get(result.stdout.blob).decode() == whole
    assert result.stdout.size == len(whole)
    assert whole.startswith(result.stdout.head)
    assert result.stdout.head.endswith("\n")
    assert len(result.stdout.head) <= INLINE
    assert result.output == whole[:-1]


def test_bytes_that_are_no_text_are_replaced_and_kept_beside(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    result = result_of(shell(tmp_path, r"printf 'a\377b\n'"), blobs)
    assert result.output == "a�b"
    assert result.stdout is not None
    assert result.stdout.head == "a�b\n"
    assert blobs.texts[result.stdout.blob or ""] == b"a\xffb\n"


def test_two_hundred_megabytes_need_little_memory(tmp_path: Path) -> None:
    size = 200_000_000
    program = f"import resource, asyncio, sys\n{MEASURED}\nasyncio.run(main({size}, sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    told = json.loads(done.stdout)
    assert told["size"] == size
    assert told["printed"] == size
    assert told["outcome"] == "ok"
    assert told["output"] is None
    assert told["grown_mb"] < 40


MEASURED = """
import json
from metaensemble.engine.runtimes.command import CommandRuntime
from support.fakes import Events, MemoryBlobs, shell

class Counting(MemoryBlobs):
    def __init__(self):
        super().__init__()
        self.size = 0
    def writer(self, *, keep_as=""):
        return self
    def write(self, content):
        self.size += len(content)
    def commit(self):
        return "0" * 64, self.size
    def abort(self):
        pass

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

async def main(size, folder):
    blobs = Counting()
    runtime = CommandRuntime(blobs)
    await runtime.start(shell(folder, "true"), Events()).wait()
    before = peak()
    events = Events()
    request = shell(folder, f"head -c {size} /dev/zero", output_used=False)
    result = await runtime.start(request, events).wait()
    await runtime.close()
    print(json.dumps({
        "size": result.stdout.size, "printed": events.printed, "outcome": result.outcome,
        "output": result.output, "grown_mb": (peak() - before) / 1e6,
    }))
"""


def test_an_output_too_large_to_be_handed_on_fails_only_if_it_is_used(tmp_path: Path) -> None:
    text = "head -c 9000000 /dev/zero"
    used = result_of(shell(tmp_path, text))
    assert (used.outcome, used.failure_reason) == ("failed", "output_invalid")
    assert "8 MiB" in used.reason
    assert "file" in used.reason
    unused = result_of(shell(tmp_path, text, output_used=False))
    assert (unused.outcome, unused.output) == ("ok", None)
    contract = OutputContract(form="json")
    assert result_of(shell(tmp_path, text, output_used=False, output=contract)).outcome == "failed"


def test_a_store_that_breaks_ends_the_command_and_is_told(tmp_path: Path) -> None:
    async def scenario() -> None:
        blobs = MemoryBlobs()
        blobs.broken = OSError(28, "No space left on device")
        fifo = Fifo(tmp_path / "held")
        async with a_runtime(blobs) as runtime:
            text = f"exec 9>{fifo.path}; echo on >&9; head -c 100000 /dev/zero; exec sleep 1000"
            handle = runtime.start(shell(tmp_path, text), Events())
            with pytest.raises(OSError, match="No space left"):
                await handle.wait()
            await fifo.wait_until_released()
        assert blobs.open_writers == 0
        fifo.close()

    run_async(scenario())


# ---- what is promised -------------------------------------------------------------------------------

STALE = "was there before and was not written by this attempt"


@pytest.mark.parametrize("kind", ["output", "deliverable"])
def test_a_file_of_an_earlier_attempt_does_not_count(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "report.md"

    def outcome(text: str) -> tuple[str, str]:
        fields: dict[str, Any] = {"deliverables": ((str(path), None),)}
        if kind == "output":
            fields = {"output": OutputContract(source="file"), "output_path": str(path)}
        result = result_of(shell(tmp_path, text, **fields))
        if result.outcome == "ok":
            return "ok", result.output if kind == "output" else result.deliverable["summary"]  # type: ignore[index]
        return str(result.failure_reason), result.reason

    assert outcome("echo one > report.md") == ("ok", "one")
    failure, reason = outcome("true")
    assert failure == "output_invalid"
    assert reason.endswith(f"`report.md` {STALE}")
    # The same content again, at once: a tick of the clock of files has to pass before.
    for _ in range(5):
        assert outcome("echo one > report.md") == ("ok", "one")
    assert outcome("echo two > new; mv new report.md") == ("ok", "two")
    assert outcome("cp -p report.md copy; cp -p copy report.md") == ("ok", "two")
    assert outcome("rm report.md")[1].endswith("`report.md` was not written")


HOPELESS = {"pattern": "(a|aa)+$"}


@pytest.mark.parametrize("source", ["stdout", "file", "deliverable"])
def test_a_hopeless_pattern_fails_the_attempt(source: str, tmp_path: Path) -> None:
    text = f"printf '\"{'a' * 200}!\"'"
    fields: dict[str, Any] = {"output": OutputContract(form="json", schema=HOPELESS)}
    if source == "file":
        text += " > out.json"
        contract = OutputContract(source="file", form="json", schema=HOPELESS)
        fields = {"output": contract, "output_path": str(tmp_path / "out.json")}
    elif source == "deliverable":
        text += " > out.json"
        fields = {"deliverables": ((str(tmp_path / "out.json"), HOPELESS),)}
    result = result_of(shell(tmp_path, text, **fields), allowance=lambda: Allowance(pattern_seconds=0.01))
    assert (result.outcome, result.failure_reason) == ("failed", "output_invalid")
    assert "the pattern `(a|aa)+$` took too long" in result.reason


@pytest.mark.parametrize("hard", [False, True])
def test_the_loop_goes_on_while_an_output_is_checked_and_can_stop_that(hard: bool, tmp_path: Path) -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        checking, go_on = asyncio.Event(), threading.Event()

        def clock() -> float:
            loop.call_soon_threadsafe(checking.set)
            assert go_on.wait(PATIENCE), "the check holds up the event loop"
            return 0.0

        async with a_runtime(allowance=lambda: Allowance(clock=clock)) as runtime:
            contract = OutputContract(form="json", schema={"items": {"type": "integer"}})
            handle = runtime.start(shell(tmp_path, "echo '[1, 2]'", output=contract), Events())
            waiting = asyncio.ensure_future(handle.wait())
            await checking.wait()
            assert (await carried_out(runtime, shell(tmp_path, "echo other"))).output == "other"
            handle.cancel(hard=hard)
            go_on.set()
            result = await waiting
        assert (result.outcome, result.exit_status, result.output) == ("cancelled", 0, None)
        assert result.reason == "it was asked to stop while its output was checked"
        assert result.stdout == StoredText(head="[1, 2]\n", size=7)

    run_async(scenario())


# ---- secrets ----------------------------------------------------------------------------------------

SECRET = "correct-horse/battery"


def masked(tmp_path: Path, text: str, **fields: Any) -> tuple[AttemptResult, Mapping[str, bytes]]:
    blobs = MemoryBlobs()
    request = shell(tmp_path, text, secrets={"TOKEN": SECRET}, **fields)
    return result_of(request, blobs), blobs.texts


def test_a_secret_is_given_and_never_stored(tmp_path: Path) -> None:
    text = 'echo "got $TOKEN"; seq 2000; printf %s "$TOKEN" | base64; echo "$TOKEN" >&2; exit 1'
    result, texts = masked(tmp_path, text)
    assert "got ***TOKEN***" in (result.stdout or StoredText()).head
    assert result.reason == "exit status 1; stderr ends: ***TOKEN***"
    assert texts
    assert all(SECRET.encode() not in content for content in texts.values())
    assert SECRET not in repr(result)


def test_a_secret_that_cannot_be_masked_is_not_given_to_anything(tmp_path: Path) -> None:
    result = result_of(shell(tmp_path, "touch ran", secrets={"PIN": "1234"}))
    assert (result.outcome, result.failure_reason) == ("failed", "invalid_request")
    assert "`PIN` is shorter than 8" in result.reason
    assert list(tmp_path.iterdir()) == []


def test_a_secret_spelled_with_escapes_is_masked_in_the_value(tmp_path: Path) -> None:
    spelled = "".join(f"\\u{ord(char):04x}" for char in SECRET)
    text = f"""printf '%s' '{{"a": "{spelled}"}}'"""
    result, _ = masked(tmp_path, text, output=OutputContract(form="json"))
    assert result.output == {"a": "***TOKEN***"}


def test_a_secret_in_files_and_violations_is_masked(tmp_path: Path) -> None:
    contract = OutputContract(source="file", form="json", schema={"type": "integer"})
    text = """printf '"%s"' "$TOKEN" > out.json; printf '# %s\\n' "$TOKEN" > report.md"""
    path = str(tmp_path / "out.json")
    result, _ = masked(tmp_path, text, output=contract, output_path=path)
    assert result.failure_reason == "output_invalid"
    assert SECRET not in repr(result)
    assert "***TOKEN***" in result.reason
    result, texts = masked(tmp_path, text, deliverables=((str(tmp_path / "report.md"), None),))
    assert result.deliverable is not None
    assert result.deliverable["summary"] == "***TOKEN***"
    assert texts[result.deliverable["hash"]] == b"# ***TOKEN***\n"
