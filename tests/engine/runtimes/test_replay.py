"""Recorded attempts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.protocol import AttemptResult, StoredText
from metaensemble.engine.runtimes.replay import Recordings, ReplayRuntime, load_recordings, recordings_of
from metaensemble.schemas.bound import BoundTask, CallableSpec, OutputContract
from metaensemble.schemas.errors import RecordingsMissing
from support.fakes import Events, a_request, carried_out, run_async

ANY_JSON = OutputContract(form="json")
OK = AttemptResult(outcome="ok", output=1)
OTHER = AttemptResult(outcome="ok", output=2)
FAILED = AttemptResult(outcome="failed", failure_reason="timeout", reason="too slow")


def played(recordings: Recordings | None, **fields: Any) -> AttemptResult:
    handle = ReplayRuntime(recordings).start(a_request(**{"output": ANY_JSON} | fields), Events())
    coroutine = handle.wait()
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    result = ended.value.value
    assert isinstance(result, AttemptResult)
    return result


def test_each_attempt_of_a_node_has_its_own_recording_and_needs_no_turn_of_the_loop() -> None:
    recordings = Recordings()
    recordings.add("a", 1, FAILED)
    recordings.add("a", 2, OK)
    assert played(recordings, node_id="a", attempt_no=1) is FAILED
    assert played(recordings, node_id="a", attempt_no=2) is OK
    assert len(recordings) == 2


SCHEMA = OutputContract(form="json", schema={"type": "integer", "minimum": 5})


def checked(output: Any, contract: OutputContract) -> AttemptResult:
    recordings = Recordings()
    recordings.add("a", 1, AttemptResult(outcome="ok", output=output, deliverable={"path": "r.md"}))
    request = a_request(node_id="a", output=contract)
    return run_async(carried_out(ReplayRuntime(recordings), request))


def test_a_recorded_success_is_held_to_the_contract() -> None:
    assert checked(7, SCHEMA).output == 7
    broken = checked(1, SCHEMA)
    assert (broken.outcome, broken.failure_reason) == ("failed", "output_invalid")
    assert broken.reason == "the output breaks its schema: `$`: 1 is less than the minimum of 5"
    assert [violation["path"] for violation in broken.violations] == ["$"]
    assert (broken.output, broken.deliverable) == (None, None)
    assert checked(None, SCHEMA).failure_reason == "output_invalid"
    assert checked(["a"], OutputContract(form="lines")).output == ["a"]
    assert checked("a", OutputContract(form="lines")).reason == "the output is not a list of lines"
    assert checked({"a": 1}, OutputContract()).reason == "the output is not text"


def test_what_a_callable_returned_need_not_be_text() -> None:
    recordings = Recordings()
    recordings.add("a", 1, AttemptResult(outcome="ok", output=12))
    call = CallableSpec(module="shapes", function="area")
    text, file = OutputContract(form="text"), OutputContract(form="text", source="file")
    assert played(recordings, node_id="a", python=call, output=text).output == 12
    assert played(recordings, node_id="a", python=call, output=file).failure_reason == "output_invalid"
    assert played(recordings, node_id="a", output=text).failure_reason == "output_invalid"


def test_what_did_not_succeed_is_held_to_nothing() -> None:
    recordings = Recordings()
    recordings.add("a", 1, FAILED)
    assert played(recordings, node_id="a", output=SCHEMA) is FAILED


def test_a_cancel_leaves_unchecked_what_is_not_checked_yet() -> None:
    async def scenario() -> AttemptResult:
        recordings = Recordings()
        recordings.add("a", 1, OK)
        handle = ReplayRuntime(recordings).start(a_request(node_id="a", output=SCHEMA), Events())
        handle.cancel(hard=False)
        return await handle.wait()

    result = run_async(scenario())
    assert (result.outcome, result.output) == ("cancelled", None)
    assert result.reason == "it was asked to stop while its output was checked"


def test_a_recording_with_the_key_of_the_work_comes_first() -> None:
    recordings = Recordings()
    recordings.add("a", 1, OK)
    recordings.add("b", 1, OTHER, key="k")
    assert played(recordings, node_id="a", key="k") is OTHER
    assert played(recordings, node_id="a", key="another") is OK
    assert played(recordings, node_id="a") is OK


def test_what_was_not_recorded_is_an_error() -> None:
    missing = played(Recordings(), node_id="a", attempt_no=3)
    assert (missing.outcome, missing.failure_reason) == ("failed", "no_result")
    assert missing.reason == "there is no recording of attempt 3 of `a`"


def test_without_any_recordings_preflight_says_how_to_give_them() -> None:
    task = BoundTask(id="a", runtime="replay")
    (problem,) = ReplayRuntime(None).preflight(task, project="/")
    assert isinstance(problem, RecordingsMissing)
    assert problem.task == "a"
    assert "--replay" in (problem.hint or "")
    assert ReplayRuntime(Recordings()).preflight(task, project="/") == []


def test_a_file_of_recordings(tmp_path: Path) -> None:
    file = tmp_path / "attempts.jsonl"
    file.write_text(
        '{"node": "a", "outcome": "failed", "failure_reason": "exit_status", "exit_status": 2}\n\n'
        '{"node": "a", "attempt": 2, "outcome": "ok", "output": [1], "stdout": "ä\\n", "stderr": ""}\n'
        '{"node": "b", "outcome": "ok", "key": "k", "deliverable": {"path": "r.md"}, "retry_after": 1.5}\n'
    )
    recordings = load_recordings(file)
    first = played(recordings, node_id="a")
    assert (first.failure_reason, first.exit_status) == ("exit_status", 2)
    assert first.reason == "recorded as exit_status"
    second = played(recordings, node_id="a", attempt_no=2)
    assert (second.output, second.stdout) == ([1], StoredText(head="ä\n", size=3))
    third = played(recordings, node_id="elsewhere", key="k")
    assert (third.deliverable, third.retry_after) == ({"path": "r.md"}, 1.5)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
        ('{"node": "a"}', "`outcome` must be one of"),
        ('{"outcome": "ok"}', "`node` must be"),
        ('{"node": "a", "outcome": "fine"}', "`outcome` must be one of"),
        ('{"node": "a", "outcome": []}', "`outcome` must be one of"),
        ('{"node": "a", "outcome": "failed"}', "`failure_reason`"),
        ('{"node": "a", "outcome": "ok", "failure_reason": "timeout"}', "`failure_reason`"),
        ('{"node": "a", "outcome": "failed", "failure_reason": "tired"}', "`failure_reason`"),
        ('{"node": "a", "outcome": "ok", "attempt": 0}', "`attempt`"),
        ('{"node": "a", "outcome": "ok", "attempt": true}', "`attempt`"),
        ('{"node": "a", "outcome": "ok", "ouptut": 1}', "unknown key `ouptut`"),
        ('{"node": "a", "outcome": "ok", "stdout": 1}', "`stdout`"),
        ('{"node": "a", "outcome": "ok", "exit_status": "0"}', "`exit_status`"),
        ('{"node": "a", "outcome": "ok", "node": "b"}', "stands twice"),
    ],
)
def test_a_bad_line_is_named(line: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "attempts.jsonl"
    file.write_text('{"node": "z", "outcome": "ok"}\n' + line + "\n")
    with pytest.raises(RecordingsMissing) as caught:
        load_recordings(file)
    assert caught.value.message.startswith(f"line 2 of `{file}`")
    assert words in caught.value.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecordingsMissing, match="cannot be read: no such file"):
        load_recordings(tmp_path / "none.jsonl")
    with pytest.raises(RecordingsMissing, match="cannot be read: is a directory"):
        load_recordings(tmp_path)


def test_rows_of_the_ledger_can_be_played() -> None:
    stored = {"head": "x\n", "size": 2, "blob": None}
    rows = [
        {"node_id": "a", "attempt_no": 1, "outcome": "interrupted"},
        {"node_id": "a", "attempt_no": 2, "outcome": "ok", "output": 5, "attempt_key": "k", "stdout": stored},
        {"node_id": "b", "attempt_no": 1, "outcome": "failed", "failure_reason": "timeout", "reason": "slow"},
        {"node_id": "c", "attempt_no": 1, "outcome": "cancelled", "reason": "by you"},
    ]
    recordings = recordings_of(rows)
    assert len(recordings) == 2
    assert played(recordings, key="k").output == 5
    assert played(recordings, node_id="a", attempt_no=2).stdout == StoredText(head="x\n", size=2)
    assert played(recordings, node_id="b").reason == "slow"
    assert played(recordings, node_id="c").failure_reason == "no_result"
