"""What Codex prints in the course of a turn, and what the turn came to.

Its figures are of the whole thread, resumed ones included, and leave subagents out; what was read from a
cache, or written to one, is a part of what was read. Items of the type `error` are notes, not failures.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from ....schemas.states import FailureReason
from ..client import Seen, Turn, TurnEnd, Usage
from .lines import count, last_line, left_of, mapping, mappings, read_object, words
from .reasons import by_status, by_words

SOURCE: Final = "codex:turn.completed.usage"
SOURCE_PARTIAL: Final = "codex:turn.completed.usage, without subagents"

_NO_SESSION: Final = re.compile(r"no rollout found|thread not found|session not found", re.IGNORECASE)
_STATUS: Final = re.compile(r"\bstatus:? (\d{3})\b")
_NO_TOOLS: Final = frozenset({"agent_message", "reasoning", "error", "todo_list", "user_message"})


class CodexReader:
    """Reads the lines of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._session: str | None = None
        self._text: str | None = None
        self._usage: Usage | None = None
        self._failed: str | None = None
        self._error = ""
        self._subagents = False
        self._begun: set[str] = set()

    def feed(self, line: bytes) -> Sequence[Seen]:
        event = read_object(line)
        if event is None:
            return ()
        kind = words(event.get("type"))
        if kind == "thread.started":
            self._session = words(event.get("thread_id")) or None
            return (Seen(session=self._session),)
        if kind.startswith("item."):
            return self._on_item(mapping(event.get("item")), done=kind == "item.completed")
        if kind == "turn.completed":
            self._failed, self._usage = None, _usage(mapping(event.get("usage")))
        elif kind == "turn.failed":
            self._failed = words(mapping(event.get("error")).get("message")) or "the turn failed"
        elif kind == "error":
            self._error = words(event.get("message"))
        return ()

    def _on_item(self, item: dict[str, Any], *, done: bool) -> Sequence[Seen]:
        kind = words(item.get("type"))
        if kind == "agent_message" and done:
            self._text = words(item.get("text"))
        if kind in _NO_TOOLS:
            return ()
        seen = []
        name = words(item.get("id"))
        if name not in self._begun:
            self._begun.add(name)
            tool = ".".join(filter(None, (words(item.get("server")), words(item.get("tool"))))) or kind
            self._subagents |= kind == "collab_tool_call" and tool == "spawn_agent"
            seen.append(Seen(tool=tool))
        if kind == "file_change" and done:
            seen += [Seen(file=words(change.get("path"))) for change in mappings(item.get("changes"))]
        return seen

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        rest: dict[str, Any] = {"session": self._session or self._turn.session}
        if self._usage is not None:
            rest["usage"] = self._usage
            rest["of_session"] = True
            rest["usage_source"] = SOURCE_PARTIAL if self._subagents else SOURCE
        if self._usage is not None and self._failed is None:
            if self._text is None or not self._text.strip():
                why = "the client ended without an answer"
                return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
            return TurnEnd(text=self._text, **rest)
        if self._failed is not None:
            reason = _said(self._failed)
            return TurnEnd(outcome="failed", failure=_why(self._failed), reason=reason, **rest)
        said = last_line(stderr)
        if self._session is None and said:
            lost = _NO_SESSION.search(said) is not None
            failure: FailureReason = "other" if lost else by_words(stderr) or "other"
            return TurnEnd(outcome="failed", failure=failure, reason=said, session_lost=lost, **rest)
        how = f"with status {status}" if signal is None else f"by signal {signal}"
        why = f"the client ended {how} before its turn was complete"
        waiting = _why(self._error) if self._error else "other"
        if waiting in {"auth", "rate_limited"}:
            return TurnEnd(outcome="failed", failure=waiting, reason=f"{why}: {self._error}", **rest)
        return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)


def _why(message: str) -> FailureReason:
    found = by_words(message)
    if found in {"window_spent", "spend_limit"}:
        return found
    status = _STATUS.search(message)
    known = by_status(int(status[1])) if status else None
    return known or found or ("invalid_request" if message.startswith("{") else "other")


def _said(message: str) -> str:
    """What the service said, where the message is its answer's body."""
    try:
        body = mapping(json.loads(message))
    except ValueError:
        return message
    error = mapping(body.get("error"))
    return words(error.get("message")) or words(body.get("detail")) or message


def _usage(figures: dict[str, Any]) -> Usage:
    cached = count(figures.get("cached_input_tokens"))
    written = count(figures.get("cache_write_input_tokens"))
    return Usage(
        tokens_in=left_of(count(figures.get("input_tokens")), cached, written),
        tokens_out=count(figures.get("output_tokens")),
        cache_read_tokens=cached,
        cache_create_tokens=written,
    )
