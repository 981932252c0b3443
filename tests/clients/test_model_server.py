"""The scripted model server does what a script says, in every dialect."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from support.model_server import (
    Asked,
    Call,
    Fault,
    Figures,
    ModelServer,
    Reply,
    Script,
    cut,
    drop,
    held,
    refusal,
    status,
    throttled,
)

DIALECTS = ("anthropic", "responses", "chat", "gemini")
USED = Figures(tokens_in=700, tokens_out=40, cache_read=200, cache_create=100, reasoning=5)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as made:
        yield made


def request(dialect: str, text: str, *, stream: bool = True, tools: tuple[str, ...] = ()) -> tuple[str, Any]:
    """The path and the body of a request, as a client of the dialect would send it."""
    if dialect == "anthropic":
        body: dict[str, Any] = {
            "model": "m",
            "stream": stream,
            "system": [{"type": "text", "text": "standing"}],
        }
        body["messages"] = [{"role": "user", "content": [{"type": "text", "text": text}]}]
        return "/v1/messages?beta=true", {**body, "tools": [{"name": name} for name in tools]}
    if dialect == "responses":
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        body = {"model": "m", "stream": stream, "instructions": "standing", "input": [item]}
        return "/v1/responses", {**body, "tools": [{"type": "function", "name": name} for name in tools]}
    if dialect == "chat":
        messages = [{"role": "system", "content": "standing"}, {"role": "user", "content": text}]
        functions = [{"type": "function", "function": {"name": name}} for name in tools]
        return "/v1/chat/completions", {
            "model": "m",
            "stream": stream,
            "messages": messages,
            "tools": functions,
        }
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/v1beta/models/m:{method}", {
        "systemInstruction": {"parts": [{"text": "standing"}]},
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "tools": [{"functionDeclarations": [{"name": name} for name in tools]}],
    }


def post(server: ModelServer, path: str, body: Any) -> tuple[int, dict[str, str], bytes]:
    link = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    try:
        link.request("POST", path, json.dumps(body), {"content-type": "application/json"})
        answer = link.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    finally:
        link.close()


def ask(server: ModelServer, dialect: str, text: str, **more: Any) -> tuple[int, dict[str, str], bytes]:
    return post(server, *request(dialect, text, **more))


def events(raw: bytes) -> list[dict[str, Any]]:
    lines = raw.decode().splitlines()
    return [json.loads(line[6:]) for line in lines if line.startswith("data: {")]


def settled(server: ModelServer, count: int = 1) -> list[Any]:
    server.wait_until(lambda records: sum(record.done for record in records) >= count, timeout=10)
    return server.records


def found(data: Any, key: str) -> list[Any]:
    """Every value under a key, wherever it is."""
    if isinstance(data, dict):
        return [data[key] for _ in range(key in data)] + [
            one for value in data.values() for one in found(value, key)
        ]
    if isinstance(data, list):
        return [one for value in data for one in found(value, key)]
    return []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_carries_the_text_the_model_and_the_figures(
    server: ModelServer, dialect: str, stream: bool
) -> None:
    server.use(Script([("MARK", Reply("the whole answer", usage=USED, model="named"))]))
    code, _, raw = ask(server, dialect, "MARK please", stream=stream)
    assert code == 200
    data = events(raw) if stream else [json.loads(raw)]
    pieces = (
        found(data, "delta")
        if stream and dialect == "responses"
        else found(data, "text") + found(data, "content")
    )
    assert (
        "".join(piece for piece in pieces if isinstance(piece, str))[: len("the whole answer")]
        == "the whole answer"
    )
    assert "named" in found(data, "model") + found(data, "modelVersion")
    (record,) = settled(server)
    assert (record.rule, record.completed, record.usage) == ("MARK", True, USED)
    assert (record.asked.system, record.asked.text, record.asked.model) == ("standing", "MARK please", "m")
    read, cached, out = {
        "anthropic": ("input_tokens", "cache_read_input_tokens", "output_tokens"),
        "responses": ("input_tokens", "cached_tokens", "output_tokens"),
        "chat": ("prompt_tokens", "cached_tokens", "completion_tokens"),
        "gemini": ("promptTokenCount", "cachedContentTokenCount", "totalTokenCount"),
    }[dialect]
    assert found(data, read)[-1] == (700 if dialect == "anthropic" else 1000)
    assert found(data, cached)[-1] == 200
    assert found(data, out)[-1] == (1040 if dialect == "gemini" else 40)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_tool_is_called(server: ModelServer, dialect: str, stream: bool) -> None:
    server.use(Script([("MARK", Reply(calls=(Call("write", {"path": "a"}),)))]))
    data = (
        events(raw)
        if (raw := ask(server, dialect, "MARK", stream=stream)[2]) and stream
        else [json.loads(raw)]
    )
    assert "write" in found(data, "name")
    arguments = (
        found(data, "args") + found(data, "input") + found(data, "partial_json") + found(data, "arguments")
    )
    joined = "".join(one if isinstance(one, str) else json.dumps(one) for one in arguments)
    assert '{"path": "a"}' in joined


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_structured_answer_is_text_unless_a_tool_takes_it(server: ModelServer, dialect: str) -> None:
    server.use(Script([("MARK", Reply(value={"n": 3}))]))
    assert b"final_result" not in ask(server, dialect, "MARK")[2]
    assert b"final_result" in ask(server, dialect, "MARK", tools=("final_result",))[2]


def test_the_first_rule_whose_marker_occurs_answers_and_lists_are_used_up(server: ModelServer) -> None:
    server.use(Script([("NEW", [Reply("n1"), Reply("n2")]), ("OLD", lambda asked: Reply(asked.last[::-1]))]))
    answers = [ask(server, "chat", text, stream=False) for text in ("OLD NEW", "OLD", "NEW", "NEW")]
    told = [json.loads(raw)["choices"][0]["message"]["content"] for code, _, raw in answers if code == 200]
    assert told == ["n1", "DLO", "n2"]
    assert answers[-1][0] == 400
    assert [record.rule for record in settled(server, 4)] == ["NEW", "OLD", "NEW", None]
    assert [asked.last for asked in server.script.unscripted] == ["NEW"]
    assert len(server.of("NEW")) == 2
    assert server.paid("NEW").tokens_in == 2000


def test_a_marker_can_be_a_function_of_the_request(server: ModelServer) -> None:
    def standing(asked: Asked) -> bool:
        return asked.system == "standing"

    server.use(Script([(standing, [Reply("ok")])]))
    assert ask(server, "chat", "MARK")[0] == 200
    assert len(server.of("standing")) == 1


def test_questions_without_tools_can_be_answered_apart(server: ModelServer) -> None:
    server.use(Script([("MARK", [Reply("main")])], asides=Reply("a title")))
    ask(server, "chat", "MARK")
    ask(server, "chat", "MARK", tools=("t",))
    assert [(record.aside, record.rule) for record in settled(server, 2)] == [(True, None), (False, "MARK")]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("code", [400, 401, 403, 429, 500, 503, 529])
def test_a_status_comes_with_headers_and_a_body_of_the_dialect(
    server: ModelServer, dialect: str, code: int
) -> None:
    server.use(Script([("MARK", throttled(7) if code == 429 else status(code, "so it is"))]))
    got, headers, raw = ask(server, dialect, "MARK")
    assert got == code
    assert json.loads(raw)["error"]["message"] == ("too many requests" if code == 429 else "so it is")
    assert headers.get("retry-after") == ("7" if code == 429 else None)
    (record,) = settled(server)
    assert (record.completed, record.usage.tokens_in) == (False, 0)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dropped_stream_is_a_reset_and_a_cut_one_ends_in_good_order(
    server: ModelServer, dialect: str
) -> None:
    server.use(
        Script([("MARK", [drop("a text with some length"), cut("a text with some length"), Reply("ok")])])
    )
    with pytest.raises((ConnectionError, http.client.IncompleteRead)):
        ask(server, dialect, "MARK")
    code, _, half = ask(server, dialect, "MARK")
    whole = ask(server, dialect, "MARK")[2]
    assert code == 200
    assert half
    last = {"anthropic": b"message_stop", "responses": b"response.completed", "chat": b"[DONE]"}
    ending = last.get(dialect, b"usageMetadata")
    assert ending not in half
    assert ending in whole
    assert [record.completed for record in settled(server, 3)] == [False, False, True]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_error_in_the_stream(server: ModelServer, dialect: str) -> None:
    server.use(Script([("MARK", Reply("a text", fault=Fault(way="error", message="broken inside")))]))
    assert b"broken inside" in ask(server, dialect, "MARK")[2]
    assert not settled(server)[0].completed


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("stream", [True, False])
def test_a_held_reply_waits_for_its_release(server: ModelServer, dialect: str, stream: bool) -> None:
    server.use(Script([("MARK", held("gate", "at last", after=1))]))
    got: list[Any] = []
    asking = threading.Thread(target=lambda: got.append(ask(server, dialect, "MARK", stream=stream)))
    asking.start()
    server.wait_for("MARK")
    assert not server.records[0].done
    server.release("gate")
    asking.join(20)
    assert got[0][0] == 200
    assert settled(server)[0].completed


def test_a_held_reply_notices_that_its_client_is_gone(server: ModelServer) -> None:
    server.use(Script([("MARK", held("never", "at last", after=1))]))
    path, body = request("anthropic", "MARK")
    link = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    link.request("POST", path, json.dumps(body))
    server.wait_until(lambda records: bool(records) and records[0].began)
    answer = link.getresponse()
    answer.close()
    link.close()
    assert not settled(server)[0].completed


def test_closing_lets_go_of_what_is_held() -> None:
    server = ModelServer(Script([("MARK", held("never", "at last"))]))
    failed: list[Exception] = []

    def asking() -> None:
        try:
            ask(server, "anthropic", "MARK")
        except (OSError, http.client.HTTPException) as error:
            failed.append(error)

    thread = threading.Thread(target=asking)
    thread.start()
    server.wait_for("MARK")
    server.close()
    thread.join(20)
    assert not thread.is_alive()
    assert failed


def test_tokens_are_counted_off_the_record_and_other_paths_are_noted(server: ModelServer) -> None:
    assert post(server, "/v1/messages/count_tokens", {"messages": []})[0] == 200
    assert post(server, "/v1beta/models/m:countTokens", {})[0] == 200
    assert post(server, "/v1/elsewhere", {})[0] == 404
    assert server.records == []
    assert server.other == ["POST /v1/elsewhere"]


def test_a_refusal_and_an_answer_that_is_too_long_say_so(server: ModelServer) -> None:
    server.use(Script([("NO", refusal("I will not")), ("LONG", Reply("cut off", stop="length"))]))
    told = {dialect: (ask(server, dialect, "NO")[2], ask(server, dialect, "LONG")[2]) for dialect in DIALECTS}
    assert b'"refusal"' in told["anthropic"][0]
    assert b"refusal" in told["responses"][0]
    assert b"content_filter" in told["chat"][0]
    assert b"SAFETY" in told["gemini"][0]
    assert b"max_tokens" in told["anthropic"][1]
    assert b"response.incomplete" in told["responses"][1]
    assert b'"length"' in told["chat"][1]
    assert b"MAX_TOKENS" in told["gemini"][1]


def test_history_and_results_of_tools_are_decoded(server: ModelServer) -> None:
    seen: list[Asked] = []

    def answer(asked: Asked) -> Reply:
        seen.append(asked)
        return Reply("ok")

    server.use(Script([("", answer)]))
    result = {
        "type": "tool_result",
        "tool_use_id": "t",
        "content": [{"type": "text", "text": "line\n\u2028```"}],
    }
    called = {"type": "tool_use", "id": "t", "name": "Agent", "input": {"prompt": "HIDDEN"}}
    body = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": [called]}]}
    body["messages"].append({"role": "user", "content": [result]})
    post(server, "/v1/messages", body)
    outcome = {"type": "function_call_output", "call_id": "c", "output": "line\n\u2028```"}
    post(server, "/v1/responses", {"input": [{"type": "function_call", "arguments": "HIDDEN"}, outcome]})
    for asked in seen:
        assert (asked.messages[-1].role, asked.last) == ("tool", "line\n\u2028```")
        assert "HIDDEN" not in asked.text
