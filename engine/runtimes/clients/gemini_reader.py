"""What Gemini CLI prints in the course of a turn, and what the turn came to.

Figures are of the process alone, also in a session that is gone on with. The exit code is the HTTP status
modulo 256, or 0 with an error told. A stream that broke off is told as far as it came, and then an error.
That a model stopped for its limit of tokens, or would not answer, is not told at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from ....schemas.states import FailureReason
from ..client import Seen, Turn, TurnEnd, Usage
from .lines import count, last_line, left_of, mapping, read_object, words
from .reasons import by_status, by_words

SOURCE: Final = "gemini:result.stats"

_ERROR: Final = re.compile(r"\[API Error: (.*)\]", re.DOTALL)
_BROKEN_OFF: Final = re.compile(
    r"^terminated$|without a finish reason|other side closed|socket|ECONNRESET", re.IGNORECASE
)
_NO_ANSWER: Final = re.compile(r"empty response|no response", re.IGNORECASE)
_NO_SESSION: Final = re.compile(
    r"invalid session identifier|no previous sessions|session .* not found", re.IGNORECASE
)
_BY_EXIT: Final = {status % 256: status for status in (400, 401, 403, 404, 408, 413, 429, 500, 503, 504)}
_NOT_ALLOWED: Final = frozenset({"tool_not_registered", "policy_violation"})
_WRITES: Final = frozenset({"write_file", "replace"})


class GeminiReader:
    """Reads the lines of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._session: str | None = None
        self._model: str | None = None
        self._said: list[str] = []
        self._result: dict[str, Any] | None = None
        self._tools: dict[str, str] = {}
        self._error = ""

    def feed(self, line: bytes) -> Sequence[Seen]:
        event = read_object(line)
        if event is None:
            return ()
        kind = words(event.get("type"))
        if kind == "init":
            self._session = words(event.get("session_id")) or None
            self._model = words(event.get("model")) or None
            return (Seen(session=self._session),)
        if kind == "message" and event.get("role") == "assistant":
            self._said.append(words(event.get("content")))
        elif kind == "tool_use":
            self._said.clear()
            given = mapping(event.get("parameters"))
            tool = words(event.get("tool_name")) or "tool"
            self._tools[words(event.get("tool_id"))] = tool
            path = words(given.get("file_path")) if tool in _WRITES else ""
            return (Seen(tool=tool, file=path or None),)
        elif kind == "tool_result":
            # What an agent may not use, is not on offer to it.
            if words(mapping(event.get("error")).get("type")) in _NOT_ALLOWED:
                return (Seen(refused=self._tools.get(words(event.get("tool_id")), "tool")),)
        elif kind == "error":
            self._error = words(event.get("message")) or self._error
        elif kind == "result":
            self._result = event
        return ()

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        rest: dict[str, Any] = {
            "session": self._session or self._turn.session,
            "model": self._model,
        }
        if self._result is not None:
            usage, by_model = _usage(mapping(self._result.get("stats")))
            rest |= {"usage": usage, "usage_by_model": by_model, "usage_source": SOURCE}
            if len(by_model) == 1:
                rest["model"] = next(iter(by_model))
        if self._result is not None and self._result.get("status") == "success" and status == 0:
            text = "".join(self._said)
            if not text.strip():
                why = "the client ended without an answer"
                return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
            return TurnEnd(text=text, **rest)
        message = words(mapping((self._result or {}).get("error")).get("message")) or self._error
        said = _inner(message) or last_line(stderr)
        if signal is not None:
            why = f"the client was ended by signal {signal} before it gave a result"
            return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
        if self._session is None and _NO_SESSION.search(stderr):
            reason = last_line(stderr)
            return TurnEnd(outcome="failed", failure="other", reason=reason, session_lost=True, **rest)
        failure = _why(said, message or stderr, status)
        reason = said or f"the client ended with status {status} and without a result"
        return TurnEnd(outcome="failed", failure=failure, reason=reason, **rest)


def _why(said: str, message: str, status: int | None) -> FailureReason:
    if _BROKEN_OFF.search(said):
        return "truncated"
    if _NO_ANSWER.search(said):
        return "no_result"
    spoken = by_words(message)
    if spoken in {"window_spent", "spend_limit", "truncated", "refused"}:
        return spoken
    code = _BY_EXIT.get(status if status is not None else -1)
    found = re.search(r'"code":\s*(\d{3})', message)
    return by_status(int(found[1]) if found else code) or spoken or ("no_result" if not message else "other")


def _inner(message: str) -> str:
    """What the service said, where the message wraps its answer's body."""
    found = _ERROR.search(message)
    if found is None:
        return message
    try:
        return words(mapping(mapping(json.loads(found[1])).get("error")).get("message")) or found[1]
    except ValueError:
        return found[1]


def _usage(stats: dict[str, Any]) -> tuple[Usage, dict[str, Usage]]:
    by_model = {
        name: _one(mapping(figures))
        for name, figures in mapping(stats.get("models")).items()
        if count(mapping(figures).get("total_tokens"))
    }
    return _one(stats), by_model


def _one(figures: dict[str, Any]) -> Usage:
    """`input_tokens` holds what was read from the cache, `output_tokens` leaves out what was thought."""
    read, cached = count(figures.get("input_tokens")), count(figures.get("cached"))
    out = left_of(count(figures.get("total_tokens")), read)
    return Usage(
        tokens_in=left_of(read, cached),
        tokens_out=max(out, count(figures.get("output_tokens"))),
        cache_read_tokens=cached,
        cache_create_tokens=0,
    )
