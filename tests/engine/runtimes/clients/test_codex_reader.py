"""What is made of what Codex prints; the real client's part is in `tests/clients/test_codex.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.codex_reader import CodexReader

STARTED = {"type": "thread.started", "thread_id": "t-1"}
USAGE = {
    "input_tokens": 150,
    "cached_input_tokens": 30,
    "cache_write_input_tokens": 20,
    "output_tokens": 7,
    "reasoning_output_tokens": 2,
}
COMPLETED = {"type": "turn.completed", "usage": USAGE}


def item(kind: str, *, state: str = "completed", name: str = "item_1", **more: Any) -> dict[str, Any]:
    return {"type": f"item.{state}", "item": {"id": name, "type": kind, **more}}


SAID = item("agent_message", text="answer")


def play(
    *events: Any,
    session: str | None = None,
    status: int | None = 0,
    signal: int | None = None,
    stderr: str = "",
) -> tuple[list[Seen], TurnEnd]:
    reader = CodexReader(Turn(system="", prompt="", session=session))
    seen = [
        one
        for event in events
        for one in reader.feed(event if isinstance(event, bytes) else json.dumps(event).encode())
    ]
    return seen, reader.end(status=status, signal=signal, stderr=stderr)


def test_an_answer() -> None:
    seen, end = play(STARTED, item("agent_message", text="first"), SAID, COMPLETED)
    assert seen == [Seen(session="t-1")]
    used = Usage(tokens_in=100, tokens_out=7, cache_read_tokens=30, cache_create_tokens=20)
    source = "codex:turn.completed.usage"
    assert end == TurnEnd(text="answer", session="t-1", usage=used, usage_source=source, of_session=True)


def test_notes_about_errors_are_no_failure() -> None:
    note = item("error", message="Model metadata for `x` not found.")
    lost = {"type": "error", "message": "Reconnecting... 1/5 (unexpected status 503)"}
    assert play(STARTED, note, lost, SAID, COMPLETED)[1].outcome == "ok"


def test_tools_and_files_are_seen_once() -> None:
    begun = item("command_execution", state="started", name="c", command="ls")
    change = item("file_change", name="f", changes=[{"path": "/a", "kind": "add"}, {"path": "/b"}])
    server = item("mcp_tool_call", name="m", server="s", tool="t")
    seen, _ = play(begun, {**begun, "type": "item.completed"}, change, server, SAID, COMPLETED)
    assert [one.tool for one in seen if one.tool] == ["command_execution", "file_change", "s.t"]
    assert [one.file for one in seen if one.file] == ["/a", "/b"]


def test_figures_that_leave_subagents_out_say_so() -> None:
    spawned = item("collab_tool_call", tool="spawn_agent")
    assert (
        play(STARTED, spawned, SAID, COMPLETED)[1].usage_source
        == "codex:turn.completed.usage, without subagents"
    )


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        ("exceeded retry limit, last status: 429 Too Many Requests", "rate_limited"),
        ("unexpected status 401 Unauthorized: bad key, url: http://x", "auth"),
        ("unexpected status 403 Forbidden: no", "auth"),
        ("unexpected status 503 Service Unavailable: busy", "rate_limited"),
        ("We're currently experiencing high demand, which may cause temporary errors.", "rate_limited"),
        ('{"error": {"message": "bad request of a kind", "type": "server_error"}}', "invalid_request"),
        ("stream disconnected before completion: stream closed before response.completed", "truncated"),
        ("Incomplete response returned, reason: max_output_tokens", "truncated"),
        ("Incomplete response returned, reason: content_filter", "refused"),
        ("You've hit your usage limit. Try again at 3:00 PM.", "window_spent"),
        ("Quota exceeded. Check your plan and billing details.", "spend_limit"),
        ("something else", "other"),
    ],
)
def test_why_a_turn_failed(message: str, failure: str) -> None:
    _, end = play(STARTED, SAID, {"type": "turn.failed", "error": {"message": message}}, status=1)
    assert (end.outcome, end.failure, end.usage) == ("failed", failure, Usage())
    assert end.reason == ("bad request of a kind" if message.startswith("{") else message)


def test_a_turn_without_an_answer() -> None:
    assert play(STARTED, COMPLETED)[1].failure == "no_result"
    assert play(STARTED, item("agent_message", text=" "), COMPLETED)[1].failure == "no_result"
    assert play(STARTED, SAID, status=1)[1].failure == "no_result"
    assert play(STARTED, SAID, status=None, signal=15)[1].failure == "no_result"


def test_a_client_that_was_stopped_while_it_tried_again() -> None:
    again = {
        "type": "error",
        "message": "Reconnecting... 2/5 (exceeded retry limit, last status: 429 Too Many Requests)",
    }
    assert play(STARTED, again, status=143)[1].failure == "rate_limited"


def test_failures_on_the_error_stream_alone() -> None:
    lost = "Error: thread/resume: thread/resume failed: no rollout found for thread id x (code -32600)"
    _, end = play(status=1, stderr=lost, session="x")
    assert (end.session_lost, end.failure, end.usage) == (True, "other", Usage())
    _, end = play(status=1, stderr="Error loading config.toml: reserved\nin `model_providers`\n")
    assert (end.session_lost, end.failure) == (False, "invalid_request")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"x",
        b"[]",
        b"{",
        b'{"type": 3}',
        b'{"type": "item.completed"}',
        b'{"type": "item.completed", "item": {"type": [], "id": {}}}',
        b'{"type": "item.completed", "item": {"type": "file_change", "changes": [1, {}]}}',
        b'{"type": "turn.failed"}',
        b'{"type": "turn.completed", "usage": [1]}',
    ],
)
def test_odd_lines_are_passed_over(line: bytes) -> None:
    assert play(line)[1].outcome == "failed"


def test_recorded_streams_of_the_client_are_understood() -> None:
    recorded = Path(__file__).parents[5] / "shared" / "facts" / "streams"
    if not recorded.is_dir():
        pytest.skip("the recorded streams are not on this machine")
    ends = {
        path.stem: play(*path.read_bytes().splitlines())[1] for path in sorted(recorded.glob("codex-*.jsonl"))
    }
    told = {name: end.failure or end.outcome for name, end in ends.items()}
    assert told == {
        "codex-F-400": "invalid_request",
        "codex-F-429-ALL": "rate_limited",
        "codex-agent": "ok",
        "codex-plain": "ok",
        "codex-resume": "ok",
        "codex-schema": "ok",
        "codex-tool": "ok",
    }
    assert ends["codex-plain"].usage == Usage(
        tokens_in=800, tokens_out=50, cache_read_tokens=200, cache_create_tokens=0
    )
