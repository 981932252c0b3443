"""Whatever a client prints can be counted and stored, and tells no secret."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble.engine.ledger.chain import payload_text
from metaensemble.engine.masking import Masker
from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.agent_end import files_column
from metaensemble.engine.runtimes.agent_patience import Patience
from metaensemble.engine.runtimes.agent_told import Told
from metaensemble.engine.runtimes.agent_usage import Meter
from metaensemble.engine.runtimes.agent_value import value_of
from metaensemble.engine.runtimes.client import MOST, Hears, Reader, Seen, Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.api_reader import ApiReader
from metaensemble.engine.runtimes.clients.claude_reader import ClaudeReader
from metaensemble.engine.runtimes.clients.codex_reader import CodexReader
from metaensemble.engine.runtimes.clients.gemini_reader import GeminiReader
from metaensemble.engine.runtimes.clients.opencode_reader import OpencodeReader
from metaensemble.engine.runtimes.output_contract import OutputInvalid
from metaensemble.engine.runtimes.protocol import AttemptResult
from support.fake_agent import FakeAgent, request_of, write_script
from support.fakes import MemoryBlobs, carried_out, run_async

SECRET = 'hunter2-secret/"quote"'
PLAIN = Told(Masker({}))

READERS: Mapping[str, Callable[[], Reader]] = {
    "claude": lambda: ClaudeReader(Turn(system="", prompt=""), clock=lambda: 0.0),
    "codex": lambda: CodexReader(Turn(system="", prompt="")),
    "gemini": lambda: GeminiReader(Turn(system="", prompt="")),
    "opencode": lambda: OpencodeReader(Turn(system="", prompt="")),
    "api": lambda: ApiReader(Turn(system="", prompt="")),
}


class Here:
    """A place in a line where anything may stand."""


HERE = Here()
_CLAUDE_FIGURES = dict.fromkeys(
    ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), HERE
)
_CLAUDE_MODEL = dict.fromkeys(
    ("inputTokens", "outputTokens", "cacheReadInputTokens", "cacheCreationInputTokens", "costUSD"), HERE
)
_GEMINI = dict.fromkeys(("total_tokens", "input_tokens", "output_tokens", "cached"), HERE)
_CODEX = dict.fromkeys(
    ("input_tokens", "cached_input_tokens", "cache_write_input_tokens", "output_tokens"), HERE
)
_CLAUDE_RESULT = {
    "type": "result", "subtype": "success", "result": "x", "session_id": HERE, "num_turns": HERE,
    "total_cost_usd": HERE, "modelUsage": {"m": _CLAUDE_MODEL, "m[1m]": _CLAUDE_MODEL, "": _CLAUDE_MODEL},
    "usage": _CLAUDE_FIGURES, "stop_reason": HERE,
}  # fmt: skip

LINES: Mapping[str, list[Any]] = {
    "claude": [
        {"type": "system", "subtype": "init", "session_id": HERE, "apiKeySource": HERE},
        {"type": "system", "subtype": "api_retry", "error_status": 429, "retry_delay_ms": HERE},
        {"type": "system", "subtype": "api_retry", "error_status": HERE, "retry_delay_ms": HERE},
        {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": HERE}},
        {
            "type": "assistant", "parent_tool_use_id": HERE,
            "message": {
                "id": HERE, "model": HERE, "usage": _CLAUDE_FIGURES,
                "content": [
                    {"type": "tool_use", "id": HERE, "name": HERE, "input": HERE},
                    {"type": "tool_use", "id": HERE, "name": "Write", "input": {"file_path": HERE}},
                ],
            },
        },
        {"type": "result", "subtype": HERE, "is_error": HERE, "result": HERE, "errors": HERE,
         "api_error_status": HERE, "permission_denials": [{"tool_use_id": HERE, "tool_name": HERE}]},
        _CLAUDE_RESULT,
        {**_CLAUDE_RESULT, "subagent_stats": {}},
        {**_CLAUDE_RESULT, "is_error": True, "api_error_status": 429},
    ],
    "codex": [
        {"type": "thread.started", "thread_id": HERE},
        {"type": "item.completed", "item": {"id": HERE, "type": "agent_message", "text": HERE}},
        {"type": "item.completed", "item": {"id": HERE, "type": HERE, "server": HERE, "tool": HERE}},
        {"type": "item.completed", "item": {"id": HERE, "type": "file_change", "changes": [{"path": HERE}]}},
        {"type": "turn.completed", "usage": _CODEX},
        {"type": "turn.failed", "error": {"message": HERE}},
        {"type": "error", "message": HERE},
    ],
    "gemini": [
        {"type": "init", "session_id": HERE, "model": HERE},
        {"type": "message", "role": "assistant", "content": HERE},
        {"type": "tool_use", "tool_name": HERE, "tool_id": HERE, "parameters": HERE},
        {"type": "tool_use", "tool_name": "write_file", "parameters": {"file_path": HERE}},
        {"type": "tool_result", "tool_id": HERE, "error": {"type": HERE}},
        {"type": "error", "message": HERE},
        {"type": "result", "status": "success", "stats": {**_GEMINI, "models": {"m": _GEMINI, "": _GEMINI}}},
        {"type": "result", "status": HERE, "error": {"message": HERE}, "stats": HERE},
    ],
    "opencode": [
        {"type": "step_start", "sessionID": HERE},
        {"type": "text", "part": {"text": HERE}},
        {"type": "tool_use", "part": {"tool": HERE, "state": HERE}},
        {"type": "tool_use",
         "part": {"tool": "write", "state": {"status": "completed", "input": {"filePath": HERE}}}},
        {
            "type": "step_finish",
            "part": {
                "reason": HERE, "cost": HERE,
                "tokens": {"input": HERE, "output": HERE, "reasoning": HERE,
                           "cache": {"read": HERE, "write": HERE}},
            },
        },
        {"type": "error", "error": {"name": HERE, "data": {
            "message": HERE, "statusCode": 429, "responseHeaders": {"retry-after": HERE}}}},
    ],
    "api": [
        {"type": "begin", "session": HERE},
        {
            "type": "result", "output": HERE, "model": HERE,
            "usage": dict.fromkeys(
                ("tokens_in", "tokens_out", "cache_read_tokens", "cache_create_tokens"), HERE
            ),
        },
        {"type": "error", "kind": "rate_limited", "message": HERE, "retry_after": HERE,
         "usage": {"tokens_in": HERE}},
    ],
}  # fmt: skip

ODD = [
    "9223372036854775808", "-1", "1e999", "-1e999", "NaN", "Infinity", "-Infinity", "1e308", "9" * 401,
    "-" + "9" * 401, "9" * 5000, "true", "null", '"\\ud800"', '"a\\u0000b"', '"inf"', '"1e308"', '"nan"',
    '"\\u0068unter2-secret/\\"quote\\""', "[]", "{}", '{"\\ud800": 1}', "0", "7", "0.5", '"x"',
]  # fmt: skip
odd = st.one_of(
    st.sampled_from(ODD),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    ).map(json.dumps),
)  # fmt: skip


def spelled(draw: Callable[[Any], str], template: Any) -> str:
    """A line of JSON with odd values in its places."""
    if template is HERE:
        return draw(odd)
    if isinstance(template, dict):
        members = (f"{json.dumps(name)}: {spelled(draw, value)}" for name, value in template.items())
        return f"{{{', '.join(members)}}}"
    if isinstance(template, list):
        return f"[{', '.join(spelled(draw, value) for value in template)}]"
    return json.dumps(template)


@st.composite
def streams(draw: Callable[[Any], Any], client: str) -> list[bytes]:
    chosen = draw(st.lists(st.sampled_from(LINES[client]), min_size=1, max_size=6))
    return [spelled(draw, template).encode() for template in chosen]


def assert_can_be_stored(columns: Mapping[str, Any], reason: str, retry_after: float | None) -> None:
    text = payload_text({**columns, "reason": reason})
    assert "hunter2" not in text
    with sqlite3.connect(":memory:") as db:
        for value in columns.values():
            if isinstance(value, str | int | float):
                assert value == db.execute("SELECT ?", (value,)).fetchone()[0]
    for name in ("tokens_in", "tokens_out", "cache_read_tokens", "cache_create_tokens", "cost_usd"):
        assert 0 <= columns.get(name, 0) < 2**63
    assert retry_after is None or (math.isfinite(retry_after) and retry_after >= 0)
    columns.get("session_id", "").encode()


@pytest.mark.parametrize("client", READERS)
@settings(max_examples=max(settings.default.max_examples // 2, 1))
@given(data=st.data())
def test_whatever_stands_in_the_known_places_can_be_stored(client: str, data: st.DataObject) -> None:
    told, meter = Told(Masker({"TOPSECRET": SECRET})), Meter(None, None)
    patience = Patience(lambda: None, longest=1.0)
    request = request_of(Path("/nowhere"), secrets={"TOPSECRET": SECRET})
    for lines in data.draw(st.lists(streams(client), min_size=1, max_size=2)):
        reader = READERS[client]()
        for line in lines:
            for seen in reader.feed(line):
                meter.see(told.seen(seen))
                patience.see(told.seen(seen))
        if isinstance(reader, Hears):
            reader.hear(lines[0])
        end = told.end(reader.end(status=0, signal=None, stderr=""))
        meter.add(end)
        columns = {**meter.columns(None, None), **files_column(meter.files, request)}
        assert_can_be_stored(columns, end.reason, end.retry_after)


@pytest.mark.parametrize(
    "figure", ["9223372036854775808", "NaN", "-1", "1e999", "9" * 401, "9" * 5000, '"x"']
)
def test_an_odd_figure_is_unknown_and_the_answer_counts(figure: str) -> None:
    reader = READERS["claude"]()
    line = (
        '{"type":"result","subtype":"success","result":"x","num_turns":1,"total_cost_usd":%s,'
        '"modelUsage":{"n":{"inputTokens":%s,"outputTokens":7}}}'
    )
    reader.feed((line % (figure if len(figure) != 19 else "-1", figure)).encode())
    end = PLAIN.end(reader.end(status=0, signal=None, stderr=""))
    assert (end.outcome, end.text) == ("ok", "x")
    assert (end.usage.tokens_in, end.usage.tokens_out, end.usage.cost_usd) == (None, 7, None)


def test_what_is_left_of_an_odd_figure_is_unknown_too() -> None:
    reader = READERS["codex"]()
    reader.feed(b'{"type":"turn.completed","usage":{"input_tokens":10,"cached_input_tokens":-3}}')
    usage = PLAIN.end(reader.end(status=0, signal=None, stderr="")).usage
    assert usage == Usage(tokens_out=0, cache_create_tokens=0)


def test_sane_figures_stay_as_they_are() -> None:
    usage = Usage(tokens_in=MOST, tokens_out=0, cache_read_tokens=3, cost_usd=0.25)
    end = TurnEnd(
        text="x", usage=usage, usage_by_model={"m": usage}, model="m", session="s", steps=2, retry_after=3.0,
        usage_source="here", reason="why",
    )  # fmt: skip
    assert PLAIN.end(end) == end
    seen = Seen(tool="Read", file="a/b", usage=usage, session="s", waits=2.0)
    assert PLAIN.seen(seen) == seen


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "", SECRET, f"x-{SECRET}", 7])
def test_a_session_that_cannot_be_kept_as_it_is_is_none(name: Any) -> None:
    told = Told(Masker({"TOPSECRET": SECRET}))
    assert told.end(TurnEnd(session=name)).session is None
    assert told.seen(Seen(session=name)).session is None


def test_a_model_that_no_utf8_holds_is_none_and_its_figures_count() -> None:
    usage = Usage(tokens_in=1)
    end = PLAIN.end(TurnEnd(model="\ud800", usage_by_model={"\ud800": usage, "": usage, "n": usage}))
    assert end.model is None
    assert end.usage_by_model == {"?": Usage(tokens_in=2), "n": usage}


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        (math.inf, math.inf),
        pytest.param(10**401, math.inf, id="huge"),
        (math.nan, 0.0),
        (-3, 0.0),
        ("soon", 0.0),
        (None, None),
    ],
)
def test_a_client_that_waits_for_ever_is_known_to_wait(told: Any, taken: float | None) -> None:
    assert PLAIN.seen(Seen(waits=told)).waits == taken


@pytest.mark.parametrize("told", [math.inf, math.nan, pytest.param(10**401, id="huge"), "3", None])
def test_a_wait_that_never_ends_is_not_waited_for(told: Any) -> None:
    assert PLAIN.end(TurnEnd(retry_after=told)).retry_after is None


@pytest.mark.parametrize("client", ["opencode", "api"])
@pytest.mark.parametrize("after", ['"inf"', '"nan"', "Infinity", pytest.param("9" * 401, id="long")])
def test_an_odd_header_is_no_wait(client: str, after: str) -> None:
    lines = {
        "opencode": '{"type":"error","error":{"data":{"message":"m","statusCode":429,'
        '"responseHeaders":{"retry-after":%s}}}}',
        "api": '{"type":"error","kind":"rate_limited","message":"m","retry_after":%s}',
    }
    reader = READERS[client]()
    reader.feed((lines[client] % after).encode())
    end = PLAIN.end(reader.end(status=1, signal=None, stderr=""))
    assert (end.failure, end.retry_after) == ("rate_limited", None)


def test_a_file_that_no_system_can_be_asked_about_is_left_out() -> None:
    assert [PLAIN.seen(Seen(file=name)).file for name in ("a\0b", "\ud800", "", "a b")] == [
        None, None, None, "a b",
    ]  # fmt: skip


def carried(folder: Path, *turns: Mapping[str, Any], **fields: Any) -> AttemptResult:
    async def scenario() -> AttemptResult:
        runtime = AgentRuntime(FakeAgent(write_script(folder, *turns)), MemoryBlobs())
        try:
            return await carried_out(runtime, request_of(folder, **fields))
        finally:
            await runtime.close()

    return run_async(scenario())


def test_an_attempt_with_odd_files_and_figures_goes_well(tmp_path: Path) -> None:
    turn = {
        "files": ["a\0b", "\ud800", "kept.txt"],
        "usage": {"tokens_in": 2**63, "tokens_out": 4, "cost_usd": math.nan},
        "end": {"model": "\ud800"},
    }
    result = carried(tmp_path, turn)
    assert (result.outcome, result.output) == ("ok", "done")
    assert result.columns["files_touched"] == ["kept.txt"]
    assert (result.columns.get("tokens_in"), result.columns["tokens_out"]) == (None, 4)
    assert result.columns["cost_kind"] == "unknown"
    payload_text(dict(result.columns))


def test_what_a_client_names_tells_no_secret(tmp_path: Path) -> None:
    # The stream is masked as well, where only the usual spellings are known.
    name = r'"\u0068unter2-secret/\"quote\""'
    end = '"say":"done","usage":null,"total":{"tokens_in":3}'
    lines = [
        f'{{"kind":"tool","tool":{name}}}',
        f'{{"kind":"file","file":{name}}}',
        f'{{"kind":"end","session":{name},{end},"end":{{"model":{name}}}}}',
    ]
    shell = "\n".join(f"cat <<'END'\n{line}\nEND" for line in lines)
    result = carried(tmp_path, {"shell": shell, "silent": True}, secrets={"TOPSECRET": SECRET})
    assert (result.outcome, result.output) == ("ok", "done")
    assert "hunter2" not in json.dumps(dict(result.columns))
    assert result.columns["tool_use"] == [{"name": "***TOPSECRET***", "count": 1}]
    assert result.columns["files_touched"] == ["***TOPSECRET***"]
    assert result.columns["model"] == "***TOPSECRET***"
    assert "session_id" not in result.columns


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\ud800"'])
def test_a_value_that_is_no_json_is_no_answer(value: str) -> None:
    with pytest.raises(OutputInvalid, match="is not JSON"):
        value_of(TurnEnd(is_value=True, value={"n": json.loads(value)}), "json")
