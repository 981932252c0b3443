"""OpenAI Responses: `POST /v1/responses`, server-sent events or plain."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .asked import Asked, Message, texts
from .naming import new_id
from .openai_errors import error
from .pieces import event, pieces_of, spoken
from .reply import Fault, Reply

NAME = "responses"

__all__ = ["NAME", "asked", "count", "error", "error_event", "plain", "reads", "stream"]


def reads(path: str) -> bool:
    return path.split("?", maxsplit=1)[0].endswith("/responses")


def asked(path: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    items = body.get("input", ())
    if isinstance(items, str):
        items = [{"role": "user", "content": items}]
    spoken_to = [item for item in items if item.get("role") not in {"system", "developer"}]
    standing = [texts(item["content"]) for item in items if item.get("role") in {"system", "developer"}]
    return Asked(
        dialect=NAME,
        path=path,
        headers=headers,
        body=body,
        model=body.get("model", ""),
        system="\n".join(filter(None, [body.get("instructions") or "", *standing])),
        messages=tuple(map(_message, spoken_to)),
        tools=tuple(_tool_names(body.get("tools") or ())),
        schema=((body.get("text") or {}).get("format") or {}).get("schema"),
        stream=bool(body.get("stream")),
    )


def _message(item: Mapping[str, Any]) -> Message:
    if "role" in item:
        return Message(item["role"], texts(item["content"]))
    if str(item.get("type", "")).endswith("_output"):
        return Message("tool", texts(item.get("output")))
    return Message("assistant", "")


def _tool_names(tools: Any) -> Iterator[str]:
    for tool in tools:
        yield tool.get("name") or tool.get("type", "")
        yield from _tool_names(tool.get("tools") or ())


def count(_asked: Asked) -> dict[str, Any]:
    return {"input_tokens": 1}


def _items(asked: Asked, reply: Reply) -> list[dict[str, Any]]:
    text, calls = spoken(asked, reply)
    items: list[dict[str, Any]] = []
    if text or not calls:
        kind = (
            {"type": "refusal", "refusal": text}
            if reply.stop == "refusal"
            else {"type": "output_text", "text": text, "annotations": []}
        )
        items.append(
            {
                "type": "message",
                "id": new_id("msg"),
                "role": "assistant",
                "status": "completed",
                "content": [kind],
            }
        )
    for call in calls:
        item = {
            "type": "function_call",
            "id": new_id("fc"),
            "call_id": new_id("call"),
            "name": call.name,
            "arguments": json.dumps(dict(call.arguments)),
            "status": "completed",
        }
        items.append(item if call.namespace is None else {**item, "namespace": call.namespace})
    return items


def _response(asked: Asked, reply: Reply, *, state: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    figures = reply.usage
    read = figures.tokens_in + figures.cache_read + figures.cache_create
    usage = {
        "input_tokens": read,
        "input_tokens_details": {
            "cached_tokens": figures.cache_read,
            "cache_write_tokens": figures.cache_create,
        },
        "output_tokens": figures.tokens_out,
        "output_tokens_details": {"reasoning_tokens": figures.reasoning},
        "total_tokens": read + figures.tokens_out,
    }
    return {
        "id": new_id("resp"),
        "object": "response",
        "created_at": 0,
        "status": state,
        "model": reply.model or asked.model,
        "output": items,
        "usage": None if state == "in_progress" else usage,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if state == "incomplete" else None,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
    }


def _state(reply: Reply) -> str:
    return "incomplete" if reply.stop == "length" else "completed"


def plain(asked: Asked, reply: Reply) -> dict[str, Any]:
    return _response(asked, reply, state=_state(reply), items=_items(asked, reply))


def stream(asked: Asked, reply: Reply) -> list[bytes]:
    return [
        event({**data, "sequence_number": number}, name=data["type"])
        for number, data in enumerate(_events(asked, reply))
    ]


def _events(asked: Asked, reply: Reply) -> Iterator[dict[str, Any]]:
    items = _items(asked, reply)
    begun = _response(asked, reply, state="in_progress", items=[])
    yield {"type": "response.created", "response": begun}
    for index, item in enumerate(items):
        if item["type"] == "message":
            part = item["content"][0]
            yield {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {**item, "status": "in_progress", "content": []},
            }
            kind = "refusal" if part["type"] == "refusal" else "output_text"
            for piece in pieces_of(part.get("text", part.get("refusal", ""))):
                yield {
                    "type": f"response.{kind}.delta",
                    "item_id": item["id"],
                    "output_index": index,
                    "content_index": 0,
                    "delta": piece,
                }
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    end = _response(asked, reply, state=_state(reply), items=items)
    yield {"type": f"response.{_state(reply)}", "response": {**end, "id": begun["id"]}}


def error_event(fault: Fault) -> bytes:
    failed = {"code": fault.kind or "server_error", "message": fault.message}
    data = {"id": new_id("resp"), "object": "response", "status": "failed", "error": failed, "output": []}
    return event({"type": "response.failed", "response": data, "sequence_number": 99}, name="response.failed")
