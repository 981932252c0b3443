"""What `api_program` prints, and what the turn came to. Figures are of the turn alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args

from ....schemas.states import FailureReason
from ..client import Seen, Turn, TurnEnd, Usage
from .lines import count, last_line, mapping, read_object, seconds, words

SOURCE: Final = "api:usage"
_REASONS: Final = frozenset(get_args(FailureReason))


class ApiReader:
    """Reads the lines of one turn."""

    def __init__(self, turn: Turn) -> None:
        self._turn = turn
        self._session: str | None = None
        self._last: dict[str, Any] | None = None

    def feed(self, line: bytes) -> Sequence[Seen]:
        event = read_object(line)
        if event is None:
            return ()
        kind = event.get("type")
        if kind == "begin":
            self._session = words(event.get("session")) or None
            return (Seen(session=self._session),)
        if kind in ("result", "error"):
            self._last = event
        return ()

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        session = self._session or self._turn.session
        last = self._last
        if last is None:
            how = f"by signal {signal}" if signal is not None else f"with status {status}"
            why = f"the program that asks the model ended {how} before it had an answer"
            said = last_line(stderr)
            reason = f"{why}: {said}" if said else why
            return TurnEnd(outcome="failed", failure="no_result", reason=reason, session=session)
        figures = mapping(last.get("usage"))
        rest: dict[str, Any] = {"session": session, "usage": _usage(figures)}
        rest["usage_source"] = SOURCE if figures else None
        if last.get("type") == "error":
            kind = words(last.get("kind"))
            reason = words(last.get("message")) or "the model's service gave no answer"
            if kind == "budget_exceeded":
                return TurnEnd(outcome="budget_exceeded", reason=reason, **rest)
            lost = kind == "session_lost"
            failure: Any = kind if kind in _REASONS else "other"
            after = seconds(last.get("retry_after")) if failure == "rate_limited" else None
            return TurnEnd(
                outcome="failed", failure=failure, reason=reason, retry_after=after, session_lost=lost, **rest
            )
        rest["steps"] = 1  # one request, one answer
        output, model = last.get("output"), words(last.get("model")) or None
        if not isinstance(output, str):
            return TurnEnd(value=output, is_value=True, model=model, billed=True, **rest)
        if not output.strip():
            why = "the model ended without an answer"
            return TurnEnd(outcome="failed", failure="no_result", reason=why, model=model, **rest)
        return TurnEnd(text=output, model=model, billed=True, **rest)


def _usage(figures: dict[str, Any]) -> Usage:
    if not figures:
        return Usage()
    names = ("tokens_in", "tokens_out", "cache_read_tokens", "cache_create_tokens")
    return Usage(**{name: count(figures.get(name)) for name in names})
