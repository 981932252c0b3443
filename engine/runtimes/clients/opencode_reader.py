"""What opencode prints in the course of a turn, and what the turn came to.

There is no last event: the figures are the sum of the steps, of this process alone. Steps of subagents are
not told. A stream that broke off is a step without a reason, whose figures are zero; the client may go on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from ....schemas.states import FailureReason
from ..client import Seen, Turn, TurnEnd, Usage
from .lines import count, last_line, mapping, number, read_object, seconds, words
from .reasons import by_status, by_words

SOURCE: Final = "opencode:step_finish"
SOURCE_PARTIAL: Final = "opencode:step_finish, without subagents"

_ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")
_WRITES: Final = frozenset({"write", "edit", "patch"})
_UNAVAILABLE: Final = "invalid"
"""The tool that stands for one that is not on offer."""
_DENIED: Final = re.compile("a rule which prevents you|rejected permission")
_GOES_ON: Final = "tool-calls"
_TROUBLE: Final = re.compile(rb'message="stream error".*\bsmall=false\b.*error\.error="(?:\w+: )?(.{1,400})')


class OpencodeReader:
    """Reads the lines of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._session: str | None = None
        self._said: list[str] = []
        self._usage: Usage | None = None
        self._reason = ""
        self._error: dict[str, Any] | None = None
        self._subagents = False
        self._steps = 0
        self._trouble = ""

    def hear(self, line: bytes) -> Sequence[Seen]:
        """A line of its log: the service turned it away, or broke off, and it will ask again."""
        found = _TROUBLE.search(line)
        if found is None:
            return ()
        self._trouble = found[1].decode("utf-8", "replace").removesuffix('"')
        return (Seen(waits=0.0),)

    def feed(self, line: bytes) -> Sequence[Seen]:
        event = read_object(line)
        if event is None:
            return ()
        kind, part = words(event.get("type")), mapping(event.get("part"))
        self._session = words(event.get("sessionID")) or self._session
        if kind == "step_start":
            self._said.clear()
            self._reason = ""
            self._error = None
            self._trouble = ""
            return (Seen(session=self._session),)
        if kind == "text":
            self._said.append(words(part.get("text")))
        elif kind == "tool_use":
            return self._on_tool(part)
        elif kind == "step_finish":
            self._steps += 1
            self._reason = words(part.get("reason")) or "unknown"
            used = _usage(part)
            self._usage = used if self._usage is None else self._usage + used
            if self._reason != "unknown":
                return (Seen(usage=used),)
            self._trouble = "the stream of the answer ended before completion"
            return (Seen(usage=used, waits=0.0),)
        elif kind == "error":
            self._error = mapping(event.get("error"))
        return ()

    def _on_tool(self, part: dict[str, Any]) -> Sequence[Seen]:
        tool = words(part.get("tool")) or "tool"
        self._subagents |= tool == "task"
        state = mapping(part.get("state"))
        if tool == _UNAVAILABLE:
            # What an agent may not use, is not on offer to it.
            asked = words(mapping(state.get("input")).get("tool")) or tool
            return (Seen(tool=asked, refused=asked),)
        if state.get("status") == "error" and _DENIED.search(words(state.get("error"))):
            return (Seen(tool=tool, refused=tool),)
        path = words(mapping(state.get("input")).get("filePath")) if tool in _WRITES else ""
        done = path and state.get("status") == "completed"
        return (Seen(tool=tool, file=path if done else None),)

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        rest: dict[str, Any] = {"session": self._session or self._turn.session, "steps": self._steps}
        if self._usage is not None:
            rest["usage"] = self._usage
            rest["usage_source"] = SOURCE_PARTIAL if self._subagents else SOURCE
        if self._error is not None and "content filter" in str(self._error):
            why = "the provider's filter held the answer back"
            return TurnEnd(outcome="failed", failure="refused", reason=why, **rest)
        if self._error is not None:
            data = mapping(self._error.get("data"))
            message = words(data.get("message")) or words(self._error.get("name")) or "the client failed"
            failure = _why(data, message)
            headers = mapping(data.get("responseHeaders"))
            after = seconds(headers.get("retry-after")) if failure == "rate_limited" else None
            return TurnEnd(outcome="failed", failure=failure, reason=message, retry_after=after, **rest)
        if self._trouble:
            why = by_words(self._trouble) or "other"
            return TurnEnd(outcome="failed", failure=why, reason=self._trouble, **rest)
        if signal is not None or not self._steps:
            return self._without_steps(status, signal, stderr, rest)
        if self._reason == "length":
            why = "the model stopped at its limit of tokens"
            return TurnEnd(outcome="failed", failure="truncated", reason=why, **rest)
        if self._reason in {"content-filter", "refusal"}:
            return TurnEnd(outcome="failed", failure="refused", reason="the model would not answer", **rest)
        if self._reason in {"unknown", "error", "other", ""}:
            why = "the answer of the model broke off"
            return TurnEnd(outcome="failed", failure="truncated", reason=why, **rest)
        text = "".join(self._said)
        if self._reason == _GOES_ON or not text.strip():
            why = "the client ended without an answer"
            return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
        return TurnEnd(text=text, **rest)

    def _without_steps(
        self, status: int | None, signal: int | None, stderr: str, rest: dict[str, Any]
    ) -> TurnEnd:
        said = last_line(_ESCAPE.sub("", stderr))
        if signal is not None:
            why = f"the client was ended by signal {signal} before it gave a result"
            return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
        if "failed query" in stderr.lower() or "database is locked" in stderr.lower():
            # Several of them make their common database at the same time, when there is none yet.
            why = "the client could not open its database"
            return TurnEnd(outcome="failed", failure="spawn_failed", reason=why, not_begun=True, **rest)
        lost = self._turn.session is not None and "session not found" in stderr.lower()
        failure: FailureReason = "other" if lost else by_words(stderr) or "no_result"
        reason = said or f"the client ended with status {status} and without a result"
        return TurnEnd(outcome="failed", failure=failure, reason=reason, session_lost=lost, **rest)


def _why(data: dict[str, Any], message: str) -> FailureReason:
    spoken = by_words(message)
    if spoken in {"window_spent", "spend_limit", "truncated", "refused"}:
        return spoken
    return by_status(data.get("statusCode")) or spoken or "other"


def _usage(part: dict[str, Any]) -> Usage:
    """`input` leaves out what was read from a cache, and `output` what was thought. A cost of nothing is that
    of a model without a price in the user's settings."""
    tokens = mapping(part.get("tokens"))
    cache = mapping(tokens.get("cache"))
    cost = number(part.get("cost"))
    return Usage(
        tokens_in=count(tokens.get("input")),
        tokens_out=count(tokens.get("output")) + count(tokens.get("reasoning")),
        cache_read_tokens=count(cache.get("read")),
        cache_create_tokens=count(cache.get("write")),
        cost_usd=cost or None,
    )
