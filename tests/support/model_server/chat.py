"""OpenAI Chat Completions: `POST /v1/chat/completions`, server-sent events or plain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .asked import Asked, Message, texts
from .naming import new_id
from .openai_errors import error
from .pieces import event, pieces_of, spoken
from .reply import Fault, Figures, Reply

NAME = "chat"

__all__ = ["NAME", "asked", "count", "error", "error_event", "plain", "reads", "stream"]


def reads(path: str) -> bool:
    return path.split("?", maxsplit=1)[0].endswith("/chat/completions")


def asked(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    messages = body.get("messages", ())
    return Asked(
        dialect=NAME,
        path=path,
        headers=headers,
        body=body,
        model=body.get("model", ""),
        system="\n".join(texts(one["content"]) for one in messages if _standing(one)),
        messages=tuple(
            Message(one["role"], texts(one.get("content"))) for one in messages if not _standing(one)
        ),
        tools=tuple(tool.get("function", {}).get("name", "") for tool in body.get("tools") or ()),
        schema=((body.get("response_format") or {}).get("json_schema") or {}).get("schema"),
        stream=bool(body.get("stream")),
    )


def _standing(message: Mapping[str, Any]) -> bool:
    return message["role"] in {"system", "developer"}


def count(_asked: Asked) -> dict[str, Any]:
    return {"input_tokens": 1}


def _calls(asked: Asked, reply: Reply) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id("call"),
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(dict(call.arguments))},
        }
        for call in spoken(asked, reply)[1]
    ]


def _stop(reply: Reply, calls: list[dict[str, Any]]) -> str:
    return (
        "tool_calls"
        if calls
        else {"end": "stop", "length": "length", "refusal": "content_filter"}[reply.stop]
    )


def _usage(figures: Figures) -> dict[str, Any]:
    read = figures.tokens_in + figures.cache_read + figures.cache_create
    return {
        "prompt_tokens": read,
        "completion_tokens": figures.tokens_out,
        "total_tokens": read + figures.tokens_out,
        "prompt_tokens_details": {"cached_tokens": figures.cache_read},
        "completion_tokens_details": {"reasoning_tokens": figures.reasoning},
    }


def plain(asked: Asked, reply: Reply) -> dict[str, Any]:
    text, calls = spoken(asked, reply)[0], _calls(asked, reply)
    message = {"role": "assistant", "content": text or (None if calls else "")}
    return {
        "id": new_id("chatcmpl"),
        "object": "chat.completion",
        "created": 0,
        "model": reply.model or asked.model,
        "choices": [
            {
                "index": 0,
                "message": {**message, "tool_calls": calls} if calls else message,
                "finish_reason": _stop(reply, calls),
            }
        ],
        "usage": _usage(reply.usage),
    }


def stream(asked: Asked, reply: Reply) -> list[bytes]:
    head = {
        "id": new_id("chatcmpl"),
        "object": "chat.completion.chunk",
        "created": 0,
        "model": reply.model or asked.model,
    }
    return [*(event({**head, **data}) for data in _chunks(asked, reply)), b"data: [DONE]\n\n"]


def _chunks(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], stop: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": stop}]}

    text, calls = spoken(asked, reply)[0], _calls(asked, reply)
    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces_of(text):
        yield chunk({"content": piece})
    for index, call in enumerate(calls):
        begun = {**call, "index": index, "function": {**call["function"], "arguments": ""}}
        yield chunk({"tool_calls": [begun]})
        for piece in pieces_of(call["function"]["arguments"]):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, _stop(reply, calls))
    yield {"choices": [], "usage": _usage(reply.usage)}


def error_event(fault: Fault) -> bytes:
    return event(error(500, fault))
