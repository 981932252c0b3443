"""Anthropic Messages: `POST /v1/messages` (server-sent events, or plain) and `/v1/messages/count_tokens`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .asked import Asked, Message, texts
from .naming import new_id
from .pieces import event, pieces_of, spoken
from .reply import Fault, Figures, Reply

NAME = "anthropic"

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def reads(path: str) -> bool:
    return path.startswith("/v1/messages")


def asked(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    messages = [Message(_role(message), texts(message["content"])) for message in body.get("messages", ())]
    return Asked(
        dialect=NAME,
        path=path,
        headers=headers,
        body=body,
        model=body.get("model", ""),
        system=texts(body.get("system", "")),
        messages=tuple(messages),
        tools=tuple(tool.get("name", "") for tool in body.get("tools", ())),
        schema=(body.get("output_format") or {}).get("schema"),
        stream=bool(body.get("stream")),
        counts=path.split("?", maxsplit=1)[0].endswith("/count_tokens"),
    )


def _role(message: Mapping[str, Any]) -> str:
    content = message["content"]
    parts = content if isinstance(content, list) else []
    return "tool" if any(part.get("type") == "tool_result" for part in parts) else message["role"]


def count(_asked: Asked) -> dict[str, Any]:
    return {"input_tokens": 1}


def _blocks(asked: Asked, reply: Reply) -> list[dict[str, Any]]:
    text, calls = spoken(asked, reply)
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text or not calls else []
    return blocks + [
        {"type": "tool_use", "id": new_id("toolu"), "name": call.name, "input": dict(call.arguments)}
        for call in calls
    ]


def _stop(reply: Reply, blocks: list[dict[str, Any]]) -> str:
    if any(block["type"] == "tool_use" for block in blocks):
        return "tool_use"
    return {"end": "end_turn", "length": "max_tokens", "refusal": "refusal"}[reply.stop]


def _usage(figures: Figures, out: int) -> dict[str, Any]:
    return {
        "input_tokens": figures.tokens_in,
        "cache_creation_input_tokens": figures.cache_create,
        "cache_read_input_tokens": figures.cache_read,
        "output_tokens": out,
    }


def _message(asked: Asked, reply: Reply, out: int) -> dict[str, Any]:
    return {
        "id": new_id("msg"),
        "type": "message",
        "role": "assistant",
        "model": reply.model or asked.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": _usage(reply.usage, out),
    }


def plain(asked: Asked, reply: Reply) -> dict[str, Any]:
    blocks = _blocks(asked, reply)
    whole = _message(asked, reply, reply.usage.tokens_out)
    return {**whole, "content": blocks, "stop_reason": _stop(reply, blocks)}


def stream(asked: Asked, reply: Reply) -> list[bytes]:
    return [event(data, name=data["type"]) for data in _events(asked, reply)]


def _events(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"type": "message_start", "message": _message(asked, reply, 1)}
    blocks = _blocks(asked, reply)
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            start, whole, kind, key = {"type": "text", "text": ""}, block["text"], "text_delta", "text"
        else:
            start, whole, kind, key = (
                {**block, "input": {}},
                json.dumps(block["input"]),
                "input_json_delta",
                "partial_json",
            )
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for piece in pieces_of(whole):
            yield {"type": "content_block_delta", "index": index, "delta": {"type": kind, key: piece}}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _stop(reply, blocks), "stop_sequence": None},
        "usage": _usage(reply.usage, reply.usage.tokens_out),
    }
    yield {"type": "message_stop"}


def error(status: int, fault: Fault) -> dict[str, Any]:
    kind = fault.kind or KINDS.get(status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": fault.message}, "request_id": new_id("req")}


def error_event(fault: Fault) -> bytes:
    return event(error(529, fault), name="error")
