"""What a request asks, the same in every dialect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OUTPUT_TOOLS = ("StructuredOutput", "final_result")
"""The tools that clients offer for a structured answer."""


@dataclass(frozen=True)
class Message:
    """One message of the conversation, decoded: `role` is `user`, `assistant` or `tool`."""

    role: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. `counts`: it only wants its tokens counted. `schema` is what a structured answer has to
    meet, when the request has it outside the tools."""

    dialect: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)
    model: str = ""
    system: str = ""
    messages: tuple[Message, ...] = ()
    tools: tuple[str, ...] = ()
    schema: Any = None
    stream: bool = False
    counts: bool = False

    @property
    def text(self) -> str:
        """All messages, one after the other; without the system text."""
        return "\n".join(message.text for message in self.messages)

    @property
    def last(self) -> str:
        """The latest message."""
        return self.messages[-1].text if self.messages else ""

    @property
    def output_tool(self) -> str | None:
        """The tool that takes a structured answer."""
        return next((name for name in OUTPUT_TOOLS if name in self.tools), None)


def texts(content: Any) -> str:
    """The text of a message's content, which may be a string, a part, or a list of parts. What a model had
    tools called with is left out, so that a marker for a subagent does not turn up in its parent's history."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(filter(None, map(texts, content)))
    if isinstance(content, Mapping):
        return texts(content.get("text") or content.get("content"))
    return ""
