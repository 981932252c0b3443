"""What goes wrong between the program that asks a model API and its service, in each of their languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.client import Turn, TurnEnd, Usage
from metaensemble.engine.runtimes.clients import api_program
from metaensemble.engine.runtimes.clients.api import Api
from metaensemble.engine.runtimes.clients.api_reader import ApiReader
from support.clients.homes import make_home
from support.fakes import run_async
from support.model_server import (
    Fault,
    Figures,
    ModelServer,
    Reply,
    Script,
    cut,
    drop,
    refusal,
    status,
    throttled,
)

pytest.importorskip("pydantic_ai", reason="the extra `api` is not installed")
pytest.importorskip("google.genai", reason="the extra `api-google` is not installed")

MODELS = [f"{provider}:mock-model" for provider in ("openai", "openai-chat", "anthropic", "google")]
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
USED = Figures(tokens_in=700, tokens_out=40)

NOT_KNOWN = Usage()
NOTHING = Usage(tokens_in=0, tokens_out=0, cache_read_tokens=0, cache_create_tokens=0)
FIGURES = Usage(tokens_in=700, tokens_out=40, cache_read_tokens=0, cache_create_tokens=0)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as made:
        yield made
        assert made.script.unscripted == []


@pytest.fixture
def ask(
    tmp_path: Path, server: ModelServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., TurnEnd]:
    """`ask(model, reply)`: what becomes of a turn that gets the reply. The program's function is called, for
    it takes seconds to start the program, which `test_api.py` does."""
    home = make_home("api", tmp_path / "home", server)
    for name, value in home.environ.items():
        monkeypatch.setenv(name, value)

    def carry_out(model: str, reply: Reply, **more: Any) -> TurnEnd:
        server.use(Script([("MARK", reply)]))
        turn = Turn(system="standing", prompt="MARK", model=model, new_session="0190", **more)
        run_async(api_program.ask(json.loads(Api().launch(turn, home.environ).stdin)))
        reader = ApiReader(turn)
        for line in capsys.readouterr().out.encode().splitlines():
            reader.feed(line)
        return reader.end(status=0, signal=None, stderr="")

    return carry_out


def raw(data: dict[str, Any], code: int = 200) -> Reply:
    """An answer that is this, in a language of which the server does not speak the word."""
    return Reply(fault=Fault(status=code, body=json.dumps(data).encode()))


def refused_by_google(code: int, kind: str, *details: dict[str, Any]) -> Reply:
    error = {"code": code, "message": "it says why", "status": kind, "details": details}
    return raw({"error": error}, code)


def stopped_by_google(**more: Any) -> Reply:
    return raw(
        {"usageMetadata": {"promptTokenCount": 700, "candidatesTokenCount": 40}, "modelVersion": "m", **more}
    )


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("reply", "failure", "used"),
    [
        pytest.param(throttled(3), "rate_limited", NOTHING, id="429"),
        pytest.param(status(503, "busy"), "rate_limited", NOTHING, id="503"),
        pytest.param(status(529, "overloaded"), "rate_limited", NOTHING, id="529"),
        pytest.param(status(500, "broken"), "other", NOTHING, id="500"),
        pytest.param(status(401, "invalid key"), "auth", NOTHING, id="401"),
        pytest.param(status(403, "not for you"), "auth", NOTHING, id="403"),
        pytest.param(status(400, "bad"), "invalid_request", NOTHING, id="400"),
        pytest.param(status(404, "no such model"), "invalid_request", NOTHING, id="404"),
        pytest.param(drop("a text that is cut in the middle"), "truncated", NOT_KNOWN, id="drop"),
        pytest.param(cut("a text that is cut in the middle"), "truncated", NOT_KNOWN, id="cut"),
        pytest.param(Reply("part", stop="length", usage=USED), "truncated", FIGURES, id="length"),
        pytest.param(Reply("", stop="length", usage=USED), "truncated", FIGURES, id="length-at-once"),
        pytest.param(Reply("no", stop="refusal", usage=USED), "refused", FIGURES, id="refusal"),
        pytest.param(Reply("", stop="refusal", usage=USED), "refused", FIGURES, id="refusal-without-words"),
        pytest.param(Reply("", usage=USED), "no_result", FIGURES, id="nothing"),
    ],
)
def test_each_fault_has_its_reason_and_is_asked_once(
    ask: Callable[..., TurnEnd], server: ModelServer, model: str, reply: Reply, failure: str, used: Usage
) -> None:
    end = ask(model, reply)
    assert (end.outcome, end.failure, end.usage) == ("failed", failure, used)
    assert "body:" not in end.reason
    assert "retries" not in end.reason
    assert len(server.records) == 1
    assert end.retry_after == (3.0 if reply == throttled(3) else None)
    assert end.usage_source == (None if used == NOT_KNOWN else "api:usage")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (Reply("part", stop="length", usage=USED), "truncated"),
        (refusal("no"), "refused"),
        (Reply("", usage=USED), "no_result"),
    ],
    ids=["length", "refusal", "nothing"],
)
def test_an_object_that_was_not_given_is_no_answer(
    ask: Callable[..., TurnEnd], model: str, reply: Reply, failure: str
) -> None:
    end = ask(model, reply, schema=SCHEMA)
    assert (end.outcome, end.failure) == ("failed", failure)
    assert "retries" not in end.reason


@pytest.mark.parametrize("model", MODELS[:2])
def test_money_that_is_used_up_is_not_waited_for(ask: Callable[..., TurnEnd], model: str) -> None:
    reply = Reply(fault=Fault(status=429, kind="insufficient_quota", message="check your plan"))
    assert ask(model, reply).failure == "spend_limit"


@pytest.mark.parametrize(
    ("reply", "failure", "after"),
    [
        pytest.param(
            refused_by_google(429, "RESOURCE_EXHAUSTED", {"retryDelay": "14s"}),
            "rate_limited",
            14.0,
            id="429",
        ),
        pytest.param(
            refused_by_google(429, "RESOURCE_EXHAUSTED", {"violations": [{"quotaId": "RequestsPerDay"}]}),
            "spend_limit",
            None,
            id="day",
        ),
        pytest.param(
            refused_by_google(400, "INVALID_ARGUMENT", {"reason": "API_KEY_INVALID"}), "auth", None, id="key"
        ),
        pytest.param(refused_by_google(400, "INVALID_ARGUMENT"), "invalid_request", None, id="400"),
    ],
)
def test_what_google_says_in_the_body_of_an_error_counts(
    ask: Callable[..., TurnEnd], reply: Reply, failure: str, after: float | None
) -> None:
    end = ask(MODELS[3], reply)
    assert (end.failure, end.retry_after, end.reason) == (failure, after, "it says why")


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (stopped_by_google(promptFeedback={"blockReason": "PROHIBITED_CONTENT"}), "refused"),
        (stopped_by_google(candidates=[{"finishReason": "RECITATION"}]), "refused"),
        (stopped_by_google(candidates=[{"finishReason": "MALFORMED_FUNCTION_CALL"}]), "no_result"),
    ],
    ids=["blocked", "recitation", "malformed"],
)
def test_what_google_holds_back_is_counted_all_the_same(
    ask: Callable[..., TurnEnd], reply: Reply, failure: str
) -> None:
    end = ask(MODELS[3], reply, schema=SCHEMA)
    assert (end.failure, end.usage) == (failure, FIGURES)


def test_every_kind_of_token_of_google_is_counted_once(ask: Callable[..., TurnEnd]) -> None:
    figures = {
        "promptTokenCount": 700,
        "cachedContentTokenCount": 200,
        "toolUsePromptTokenCount": 5,
        "candidatesTokenCount": 40,
        "thoughtsTokenCount": 15,
    }
    parts = [{"text": "I think", "thought": True}, {"text": "one, "}, {"text": "two"}]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    end = ask(MODELS[3], raw({"candidates": [candidate], "usageMetadata": figures, "modelVersion": "m-001"}))
    assert (end.text, end.model) == ("one, two", "m-001")
    assert end.usage == Usage(tokens_in=505, tokens_out=55, cache_read_tokens=200, cache_create_tokens=0)


def test_where_no_figures_are_told_none_are_known(ask: Callable[..., TurnEnd]) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}
    answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    end = ask(MODELS[1], raw(answer))
    assert (end.text, end.usage, end.usage_source) == ("hello", NOT_KNOWN, None)


def test_nobody_who_answers_has_used_nothing(
    ask: Callable[..., TurnEnd], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    end = ask(MODELS[3], Reply("never"))
    assert (end.failure, end.usage) == ("other", NOTHING)
