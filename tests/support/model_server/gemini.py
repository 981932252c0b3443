"""Gemini: `POST /v1beta/models/MODEL:generateContent`, `:streamGenerateContent` and `:countTokens`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .asked import Asked, Message, texts
from .naming import new_id
from .pieces import event, pieces_of, spoken
from .reply import Fault, Figures, Reply

NAME = "gemini"

KINDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}

_METHOD = re.compile(r"/models/(?P<model>[^:/]+):(?P<method>\w+)")


def reads(path: str) -> bool:
    return _METHOD.search(path) is not None


def asked(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    found = _METHOD.search(path)
    assert found is not None
    settings = body.get("generationConfig") or {}
    return Asked(
        dialect=NAME,
        path=path,
        headers=headers,
        body=body,
        model=found["model"],
        system=texts((body.get("systemInstruction") or {}).get("parts")),
        messages=tuple(map(_message, body.get("contents", ()))),
        tools=tuple(
            one.get("name", "")
            for tool in body.get("tools") or ()
            for one in tool.get("functionDeclarations") or ()
        ),
        schema=settings.get("responseJsonSchema") or settings.get("responseSchema"),
        stream=found["method"] == "streamGenerateContent",
        counts=found["method"] == "countTokens",
    )


def _message(content: Mapping[str, Any]) -> Message:
    parts = content.get("parts", [])
    if any("functionResponse" in part for part in parts):
        return Message("tool", "\n".join(json.dumps(part, ensure_ascii=False) for part in parts))
    return Message({"model": "assistant"}.get(content.get("role", ""), "user"), texts(parts))


def count(_asked: Asked) -> dict[str, Any]:
    return {"totalTokens": 1}


def _parts(asked: Asked, reply: Reply, *, in_pieces: bool) -> list[dict[str, Any]]:
    text, calls = spoken(asked, reply)
    whole = [text] if text else []
    parts: list[dict[str, Any]] = [{"text": piece} for piece in (pieces_of(text) if in_pieces else whole)]
    return parts + [
        {"functionCall": {"id": new_id("call"), "name": call.name, "args": dict(call.arguments)}}
        for call in calls
    ]


def _usage(figures: Figures) -> dict[str, Any]:
    read = figures.tokens_in + figures.cache_read + figures.cache_create
    return {
        "promptTokenCount": read,
        "cachedContentTokenCount": figures.cache_read,
        "candidatesTokenCount": figures.tokens_out - figures.reasoning,
        "thoughtsTokenCount": figures.reasoning,
        "totalTokenCount": read + figures.tokens_out,
    }


def _answer(parts: list[dict[str, Any]], stop: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
    return {"candidates": [candidate if stop is None else {**candidate, "finishReason": stop}]}


def _stop(reply: Reply) -> str:
    return {"end": "STOP", "length": "MAX_TOKENS", "refusal": "SAFETY"}[reply.stop]


def plain(asked: Asked, reply: Reply) -> dict[str, Any]:
    return {
        **_answer(_parts(asked, reply, in_pieces=False), _stop(reply)),
        "usageMetadata": _usage(reply.usage),
        "modelVersion": reply.model or asked.model,
        "responseId": new_id("resp"),
    }


def stream(asked: Asked, reply: Reply) -> list[bytes]:
    head = {"modelVersion": reply.model or asked.model, "responseId": new_id("resp")}
    return [event({**data, **head}) for data in _chunks(asked, reply)]


def _chunks(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    *first, last = _parts(asked, reply, in_pieces=True) or [{"text": ""}]
    for part in first:
        yield _answer([part], None)
    yield {**_answer([last], _stop(reply)), "usageMetadata": _usage(reply.usage)}


def error(status: int, fault: Fault) -> dict[str, Any]:
    kind = fault.kind or KINDS.get(status, "UNKNOWN")
    return {"error": {"code": status, "message": fault.message, "status": kind}}


def error_event(fault: Fault) -> bytes:
    return event(error(503, fault))
