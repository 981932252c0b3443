from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients.opencode import Opencode
from metaensemble.engine.runtimes.clients.opencode_reader import OpencodeReader

START = {"type": "step_start", "sessionID": "ses_1", "part": {}}


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "sessionID": "ses_1", "part": {"text": text}}


def finish(reason: str = "stop", cost: float = 0.5) -> dict[str, Any]:
    tokens = {"input": 700, "output": 35, "reasoning": 5, "cache": {"read": 200, "write": 1}}
    return {
        "type": "step_finish",
        "sessionID": "ses_1",
        "part": {"reason": reason, "tokens": tokens, "cost": cost},
    }


def read(*events: Any, status: int | None = 0, stderr: str = "", session: str | None = None) -> TurnEnd:
    reader = OpencodeReader(Turn(system="", prompt="", session=session))
    for event in events:
        reader.feed(json.dumps(event).encode())
    return reader.end(status=status, signal=None, stderr=stderr)


def test_the_figures_are_the_sum_of_the_steps() -> None:
    end = read(START, said("I look."), finish("tool-calls"), START, said("Done."), finish())
    assert (end.outcome, end.text, end.session, end.steps) == ("ok", "Done.", "ses_1", 2)
    assert end.usage == Usage(
        tokens_in=1400, tokens_out=80, cache_read_tokens=400, cache_create_tokens=2, cost_usd=1.0
    )


@pytest.mark.parametrize(
    ("reason", "failure"),
    [
        ("length", "truncated"),
        ("unknown", "truncated"),
        ("content-filter", "refused"),
        ("tool-calls", "no_result"),
    ],
)
def test_a_step_that_is_no_answer(reason: str, failure: str) -> None:
    end = read(START, said("part"), finish(reason))
    assert (end.outcome, end.failure) == ("failed", failure)
    assert end.usage.tokens_in == 700, "it is counted all the same"


def test_an_error_of_the_service() -> None:
    data = {"message": "too many requests", "statusCode": 429, "responseHeaders": {"retry-after": "3"}}
    end = read({"type": "error", "sessionID": "ses_1", "error": {"name": "APIError", "data": data}}, status=1)
    assert (end.failure, end.reason, end.retry_after) == ("rate_limited", "too many requests", 3.0)


def test_subagents_are_said_to_be_missing() -> None:
    task = {"type": "tool_use", "sessionID": "ses_1", "part": {"tool": "task", "state": {}}}
    assert read(START, task, finish("tool-calls"), START, said("x"), finish()).usage_source is not None
    assert "without subagents" in str(
        read(START, task, finish("tool-calls"), START, said("x"), finish()).usage_source
    )


def test_ends_before_anything_was_asked() -> None:
    assert read(status=1, stderr="\x1b[91mError: \x1b[0mSession not found", session="ses_0").session_lost
    assert read(status=1, stderr="Failed query: CREATE TABLE x").not_begun
    assert read(status=1).failure == "no_result"


def test_a_role_is_held_to_its_tools() -> None:
    def rights(tools: tuple[str, ...] | None) -> dict[str, Any]:
        launch = Opencode().launch(Turn(system="S", prompt="P", tools=tools, folder="/f"), {})
        return dict(json.loads(launch.env["OPENCODE_CONFIG_CONTENT"])["permission"])

    assert rights(("Read",))["edit"] == "deny"
    assert (rights(("Write",))["edit"], rights(("Write",))["bash"]) == ("allow", "deny")
    assert rights(("Bash",))["bash"] == "allow"
