"""The pieces of a streamed answer."""

from __future__ import annotations

import json
from typing import Any

from .asked import Asked
from .reply import NOTHING, Call, Reply

PIECES = 4


def pieces_of(text: str) -> list[str]:
    """The text in a few pieces, so that a stream has a middle."""
    size = max(1, -(-len(text) // PIECES))
    return [text[start : start + size] for start in range(0, len(text), size)]


def event(data: dict[str, Any], *, name: str | None = None) -> bytes:
    """A server-sent event."""
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(data)}\n\n".encode()


def spoken(asked: Asked, reply: Reply) -> tuple[str, tuple[Call, ...]]:
    """The text and the calls of a reply, a structured answer among them in the way that was asked for."""
    if reply.value is NOTHING:
        return reply.text, reply.calls
    if asked.output_tool is not None:
        return reply.text, (*reply.calls, Call(asked.output_tool, reply.value))
    return json.dumps(reply.value), reply.calls
