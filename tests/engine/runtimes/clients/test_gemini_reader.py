from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.gemini import Gemini
from metaensemble.engine.runtimes.clients.gemini_reader import GeminiReader

INIT = {"type": "init", "session_id": "s-1", "model": "gemini-2.5-pro"}
NOTHING = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0, "cached": 0}
STATS = {"total_tokens": 940, "input_tokens": 900, "output_tokens": 35, "cached": 200}


def said(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": text, "delta": True}


def result(status: str = "success", stats: dict[str, int] = STATS, **more: Any) -> dict[str, Any]:
    models = {"gemini-2.5-pro": stats}
    return {"type": "result", "status": status, "stats": {**stats, "models": models}, **more}


def read(*events: Any, status: int | None = 0, signal: int | None = None, stderr: str = "") -> TurnEnd:
    reader = GeminiReader(Turn(system="", prompt=""))
    for event in events:
        reader.feed(event if isinstance(event, bytes) else json.dumps(event).encode())
    return reader.end(status=status, signal=signal, stderr=stderr)


def test_an_answer_and_its_figures() -> None:
    end = read(INIT, {"type": "message", "role": "user", "content": "hi"}, said("hel"), said("lo"), result())
    assert (end.outcome, end.text, end.session, end.model) == ("ok", "hello", "s-1", "gemini-2.5-pro")
    assert end.usage == Usage(tokens_in=700, tokens_out=40, cache_read_tokens=200, cache_create_tokens=0)
    assert not end.of_session


def test_only_what_is_said_after_the_last_tool_is_the_answer() -> None:
    tool = {"type": "tool_use", "tool_name": "write_file", "parameters": {"file_path": "a.txt"}}
    reader = GeminiReader(Turn(system="", prompt=""))
    reader.feed(json.dumps(said("I write it.")).encode())
    (seen,) = reader.feed(json.dumps(tool).encode())
    assert (seen.tool, seen.file) == ("write_file", "a.txt")
    reader.feed(json.dumps(said("Done.")).encode())
    reader.feed(json.dumps(result()).encode())
    assert reader.end(status=0, signal=None, stderr="").text == "Done."


@pytest.mark.parametrize(
    ("message", "status", "failure"),
    [
        ('[API Error: {"error":{"code":400,"message":"bad"}}]', 144, "invalid_request"),
        ('[API Error: {"error":{"code":401,"message":"invalid key"}}]', 145, "auth"),
        ('[API Error: {"error":{"code":429,"message":"too many requests"}}]', 173, "rate_limited"),
        ("[API Error: terminated]", 1, "truncated"),
        ("Model stream ended without a finish reason.", 0, "truncated"),
        ("The model returned an empty response with no text or thoughts.", 0, "no_result"),
    ],
)
def test_each_error_has_its_reason(message: str, status: int, failure: str) -> None:
    end = read(INIT, said("part"), result("error", NOTHING, error={"message": message}), status=status)
    assert (end.outcome, end.failure) == ("failed", failure)
    assert end.text == ""


def test_an_end_without_a_result() -> None:
    assert read(INIT, said("part"), status=None, signal=15).failure == "no_result"
    lost = read(status=42, stderr="Error resuming session: No previous sessions found for this project.")
    assert lost.session_lost
    assert read(b"not json", b"[1]", INIT, result()).failure == "no_result"


@pytest.mark.parametrize(
    ("tools", "mode"),
    [
        (None, "auto_edit"),
        (("Read", "Grep"), "default"),
        (("Write",), "auto_edit"),
        (("Bash(git *)",), "yolo"),
    ],
)
def test_a_role_is_held_to_its_tools(tools: tuple[str, ...] | None, mode: str) -> None:
    launch = Gemini().launch(Turn(system="S", prompt="P", tools=tools, folder="/f"), {})
    assert launch.argv[launch.argv.index("--approval-mode") + 1] == mode
    assert launch.stdin == b"S\n\nP"
    assert json.loads(launch.files["/f/settings.json"]) == {"general": {"maxAttempts": 1}}
