"""What is made of what Claude Code prints; the real client's part is in `tests/clients/test_claude.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.claude_reader import ClaudeReader

INIT = {
    "type": "system",
    "subtype": "init",
    "session_id": "s-1",
    "apiKeySource": "ANTHROPIC_API_KEY",
    "model": "m[1m]",
}
FIGURES = {
    "input_tokens": 100,
    "cache_read_input_tokens": 20,
    "cache_creation_input_tokens": 3,
    "output_tokens": 1,
}


def model_usage(name: str = "m[1m]", *, read: int = 100, out: int = 7, cost: float = 0.5) -> dict[str, Any]:
    return {
        name: {
            "inputTokens": read,
            "outputTokens": out,
            "cacheReadInputTokens": 20,
            "cacheCreationInputTokens": 3,
            "costUSD": cost,
        }
    }


def result(**changes: Any) -> dict[str, Any]:
    whole = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "num_turns": 1,
        "result": "answer",
        "stop_reason": "end_turn",
        "session_id": "s-1",
        "total_cost_usd": 0.5,
        "usage": FIGURES,
        "modelUsage": model_usage(),
    }
    return {**whole, **changes}


def assistant(
    *blocks: dict[str, Any], name: str = "msg_1", inner: bool = False, model: str = "m"
) -> dict[str, Any]:
    message = {"id": name, "model": model, "content": list(blocks), "usage": FIGURES}
    return {"type": "assistant", "message": message, "parent_tool_use_id": "t" if inner else None}


def play(
    *events: Any,
    session: str | None = None,
    status: int | None = 0,
    signal: int | None = None,
    stderr: str = "",
) -> tuple[list[Seen], TurnEnd]:
    reader = ClaudeReader(Turn(system="", prompt="", session=session), clock=lambda: 1000.0)
    seen = [
        one
        for event in events
        for one in reader.feed(event if isinstance(event, bytes) else json.dumps(event).encode())
    ]
    return seen, reader.end(status=status, signal=signal, stderr=stderr)


def test_an_answer() -> None:
    seen, end = play(INIT, assistant({"type": "text", "text": "answer"}), result())
    assert seen[0] == Seen(session="s-1")
    used = Usage(tokens_in=100, tokens_out=7, cache_read_tokens=20, cache_create_tokens=3, cost_usd=0.5)
    assert end == TurnEnd(
        text="answer",
        session="s-1",
        usage=used,
        usage_by_model={"m": used},
        usage_source="claude:result.modelUsage",
        model="m",
        billed=True,
        steps=1,
    )


def test_what_nobody_could_be_asked_about_was_refused_once() -> None:
    denials = [{"tool_name": "Bash", "tool_use_id": "t1"}, {"tool_name": "Bash", "tool_use_id": "t2"}]
    first = {**result(), "permission_denials": denials[:1]}
    last = {**result(), "permission_denials": denials}
    assert [one.refused for one in play(INIT, first, last)[0] if one.refused] == ["Bash", "Bash"]


def test_a_tool_that_is_not_on_offer_was_refused() -> None:
    def answer(text: str) -> dict[str, Any]:
        block = {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": text}
        return {"type": "user", "message": {"role": "user", "content": [block]}}

    call = assistant({"type": "tool_use", "id": "t1", "name": "Bash", "input": {}})
    missing = answer("<tool_use_error>Error: No such tool available: Bash</tool_use_error>")
    seen, _ = play(INIT, call, answer("exit code 1"), missing, result())
    assert [one.refused for one in seen if one.refused] == ["Bash"]


def test_a_message_with_several_blocks_is_counted_once() -> None:
    text, call = (
        {"type": "text", "text": "x"},
        {"type": "tool_use", "name": "Edit", "input": {"file_path": "/a"}},
    )
    seen, _ = play(assistant(text), assistant(call), assistant(call, name="msg_2", inner=True), result())
    assert [one.usage.tokens_in for one in seen if one.usage] == [100, 100]
    assert [(one.tool, one.file) for one in seen if one.tool] == [("Edit", "/a"), ("Edit", "/a")]


def test_a_success_that_is_an_error() -> None:
    _, end = play(result(is_error=True, api_error_status=529, result="API Error: 529 Overloaded"), status=1)
    assert (end.outcome, end.failure, end.reason, end.text) == (
        "failed",
        "rate_limited",
        "API Error: 529 Overloaded",
        "",
    )


@pytest.mark.parametrize(
    ("text", "code", "failure"),
    [
        ("API Error: Request rejected (429) · too many requests", 429, "rate_limited"),
        ("You've hit your 5-hour limit · resets 1:33pm (UTC)", 429, "window_spent"),
        ("Credit balance is too low", 400, "spend_limit"),
        ("Invalid API key · Fix external API key", 401, "auth"),
        ("Invalid API key · Please run /login", None, "auth"),
        ("Prompt is too long · the request is ~250000 tokens", 400, "invalid_request"),
        ("API Error: Claude's response exceeded the 64000 output token maximum.", None, "truncated"),
        ("API Error: Unable to connect to API (ECONNRESET)", None, "other"),
        ("Request timed out. If the API is slow to answer", None, "timeout"),
        ("appears to violate our Usage Policy", None, "refused"),
        ("API Error: 500 broken", 500, "other"),
    ],
)
def test_why_the_service_did_not_answer(text: str, code: int | None, failure: str) -> None:
    assert play(result(is_error=True, api_error_status=code, result=text), status=1)[1].failure == failure


def test_the_last_of_two_results_counts_and_both_are_steps() -> None:
    later = result(
        result="later",
        num_turns=2,
        modelUsage={**model_usage(), **model_usage("h", read=11, out=1, cost=0.1)},
        total_cost_usd=0.6,
    )
    _, end = play(INIT, result(structured_output={"n": 1}), INIT, later)
    assert (end.text, end.value, end.is_value, end.steps) == ("later", {"n": 1}, True, 3)
    assert (end.usage.tokens_in, end.usage.tokens_out, end.usage.cost_usd) == (111, 8, 0.6)
    assert sorted(end.usage_by_model) == ["h", "m"]


def test_a_client_that_goes_on_counting_is_known_by_its_figures() -> None:
    more = model_usage(read=900)
    later = {"subagent_stats": {}}
    assert play(result(modelUsage=more, **later), session="s-1")[1].of_session
    assert not play(result(**later), session="s-1")[1].of_session
    assert not play(result(modelUsage=more), session="s-1")[1].of_session
    assert play(result(**later))[1].of_session
    assert not play(result())[1].of_session
    inner = assistant({"type": "text", "text": "x"}, inner=True)
    sub = {**model_usage(), **model_usage("h")}
    assert not play(inner, result(modelUsage=sub, **later), session="s-1")[1].of_session


@pytest.mark.parametrize("subtype", ["error_max_turns", "error_max_budget_usd"])
def test_a_cap_is_no_failure(subtype: str) -> None:
    _, end = play(result(subtype=subtype, is_error=True, result=None, errors=["Reached maximum"]), status=1)
    assert (end.outcome, end.failure, end.reason, end.usage.tokens_in) == (
        "budget_exceeded",
        None,
        "Reached maximum",
        100,
    )


@pytest.mark.parametrize(
    ("changes", "failure"),
    [
        ({"result": ""}, "no_result"),
        ({"stop_reason": "refusal"}, "refused"),
        ({"stop_reason": "max_tokens"}, "truncated"),
        ({"num_turns": 0, "result": "operation blocked by hook"}, "refused"),
        ({"subtype": "error_during_execution", "is_error": True, "result": None}, "no_result"),
        (
            {"subtype": "error_max_structured_output_retries", "is_error": True, "result": None},
            "output_invalid",
        ),
    ],
)
def test_results_without_an_answer(changes: dict[str, Any], failure: str) -> None:
    _, end = play(result(**changes))
    assert (end.outcome, end.failure) == ("failed", failure)
    assert end.reason


def test_a_spent_window_says_when_it_is_over_and_that_nothing_is_billed() -> None:
    limit = {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1600}}
    _, end = play(INIT, limit, result(is_error=True, api_error_status=429, result="limit"), status=1)
    assert (end.failure, end.retry_after, end.billed) == ("window_spent", 600.0, False)
    allowed = {"type": "rate_limit_event", "rate_limit_info": {"status": "allowed"}}
    assert play(allowed, result())[1].billed is False


RETRY = {"type": "system", "subtype": "api_retry", "error_status": 429, "retry_delay_ms": 30_000}


def test_the_wait_of_a_throttled_client_is_seen_and_kept() -> None:
    seen, end = play(INIT, RETRY, result(is_error=True, api_error_status=429, result="429"), status=1)
    assert seen[-1] == Seen(waits=30.0)
    assert end.retry_after == 30.0


def test_a_client_that_was_stopped_while_it_waited() -> None:
    _, end = play(INIT, RETRY, status=143)
    assert (end.failure, end.retry_after) == ("rate_limited", 30.0)
    assert play(INIT, {**RETRY, "error_status": 401}, status=143)[1].failure == "auth"
    assert play(INIT, RETRY, assistant(), status=143)[1].failure == "no_result"


@pytest.mark.parametrize(("status", "signal"), [(143, None), (None, 9), (0, None), (1, None)])
def test_an_end_without_a_result(status: int | None, signal: int | None) -> None:
    _, end = play(INIT, assistant({"type": "text", "text": "x"}), status=status, signal=signal)
    assert (end.outcome, end.failure) == ("failed", "no_result")
    assert end.usage == Usage(tokens_in=100, cache_read_tokens=20, cache_create_tokens=3)
    assert end.usage_source == "claude:assistant.usage"


def test_failures_on_the_error_stream_alone() -> None:
    _, end = play(status=1, stderr="note\nNo conversation found with session ID: x\n", session="x")
    assert (end.session_lost, end.outcome, end.usage) == (True, "failed", Usage())
    _, end = play(status=1, stderr="Error: Session ID x is already in use.")
    assert (end.session_lost, end.failure) == (False, "other")
    assert play(status=1, stderr="error: unknown option '--x'")[1].failure == "invalid_request"


def test_a_lost_session_with_a_result() -> None:
    lost = result(
        subtype="error_during_execution",
        is_error=True,
        num_turns=0,
        result=None,
        errors=["No conversation found with session ID: x"],
    )
    assert play(lost, status=1, session="x")[1].session_lost


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"no json",
        b"[]",
        b"{",
        b"[" * 100_000,
        b"\xff",
        b'{"type": 1}',
        b'{"type": "result"}',
        b'{"type": "assistant", "message": 3}',
        b'{"type": "assistant", "message": {"id": [], "usage": {"input_tokens": "x"}, "content": [1, {"type": "tool_use", "input": 1}]}}',
        b'{"type": "system", "subtype": "api_retry", "retry_delay_ms": null}',
        b'{"type": "rate_limit_event", "rate_limit_info": 3}',
        b'{"type": "result", "modelUsage": {"m": 1}, "errors": {}, "usage": [], "total_cost_usd": "x"}',
    ],
)
def test_odd_lines_are_passed_over(line: bytes) -> None:
    _, end = play(line, status=0)
    assert end.outcome == "failed"


def test_recorded_streams_of_the_client_are_understood() -> None:
    recorded = Path(__file__).parents[5] / "shared" / "facts" / "streams"
    if not recorded.is_dir():
        pytest.skip("the recorded streams are not on this machine")
    ends = {}
    for path in sorted([*recorded.glob("cc-faults/*.jsonl"), *recorded.glob("cc-*.json*")]):
        if "transcript" in path.name:
            continue
        ends[path.stem] = play(*path.read_bytes().splitlines(), status=1)[1]
    told = {name: end.failure or end.outcome for name, end in ends.items()}
    assert told["F-429-ALL"] == told["F-529-ALL"] == "rate_limited"
    assert told["F-429-LIMIT"] == "rate_limited"
    assert told["F-CREDIT"] == "spend_limit"
    assert told["F-400"] == told["F-404"] == "invalid_request"
    assert told["F-401"] == told["F-403"] == "auth"
    assert told["F-REFUSE"] == "refused"
    assert told["F-EMPTY"] == "no_result"
    assert told["F-HANG"] == "timeout"
    assert told["cc-budget"] == told["cc-maxturns"] == "budget_exceeded"
    assert ends["cc-schema"].is_value
    assert ends["cc-bg-run"].usage.tokens_in == 40134
