"""What a turn of Claude Code came to: its `result` events, read against the traps in them.

`subtype` is `success` for errors of the service too; `is_error` is not set for every turn without an answer.
A subagent in the background makes a second result; the last one counts, and its `modelUsage` and
`total_cost_usd` are of the whole process, subagents included, where `usage` is of the main loop and of that
result only. In a session that was gone on with they may be of the whole session: see `_of_session`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ....schemas.states import FailureReason
from ..client import TurnEnd, Usage
from .lines import count, last_line, mapping, number, words
from .reasons import by_status, by_words

SOURCE: Final = "claude:result.modelUsage"
SOURCE_WITHOUT_RESULT: Final = "claude:assistant.usage"

_NO_SESSION: Final = "no conversation found"
_CAPS: Final = {"error_max_turns", "error_max_budget_usd"}


@dataclass(kw_only=True)
class Told:
    """What the stream told so far. `begun` is the usage of messages as they began, `inner` that of
    subagents; `retry` is the retry that is being waited for; `limit` the last word on a subscription's
    window."""

    resumed: bool
    clock: Callable[[], float]
    session: str | None = None
    paid_by: str = ""
    model: str | None = None
    results: list[dict[str, Any]] = field(default_factory=list)
    begun: Usage = Usage()
    inner: Usage = Usage()
    retry: dict[str, Any] = field(default_factory=dict)
    limit: dict[str, Any] = field(default_factory=dict)


def turn_end(told: Told, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
    """The end of a turn, by what was told and how the process ended."""
    if not told.results:
        return _without_result(told, status=status, signal=signal, stderr=stderr)
    last = told.results[-1]
    by_model = _by_model(last)
    usage = _total(by_model, last)
    rest: dict[str, Any] = {
        "session": words(last.get("session_id")) or told.session,
        "usage": usage,
        "usage_by_model": by_model,
        "of_session": _of_session(told, last, usage),
        "usage_source": SOURCE,
        "model": told.model,
        "billed": _billed(told),
        "steps": sum(count(result.get("num_turns")) for result in told.results),
    }
    text = words(last.get("result"))
    if words(last.get("subtype")) in _CAPS:
        return TurnEnd(outcome="budget_exceeded", reason=_reason(last) or "a cap was met", **rest)
    failure = _failure(told, last)
    if failure is not None:
        reason, after = failure, None
        if reason in {"rate_limited", "window_spent"}:
            after = _retry_after(told)
        return TurnEnd(
            outcome="failed",
            failure=reason,
            reason=_reason(last) or "the turn failed, and the client did not say why",
            retry_after=after,
            session_lost=_NO_SESSION in _reason(last).lower(),
            text="" if last.get("is_error") else text,
            **rest,
        )
    value = next(
        (r["structured_output"] for r in reversed(told.results) if r.get("structured_output") is not None),
        None,
    )
    if value is None and not text.strip():
        why = "the client ended without an answer"
        return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
    return TurnEnd(text=text, value=value, is_value=value is not None, **rest)


def _without_result(told: Told, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
    said = last_line(stderr)
    spent = told.begun != Usage()
    rest: dict[str, Any] = {
        "session": told.session,
        # The output was not counted to its end.
        "usage": Usage(
            tokens_in=told.begun.tokens_in,
            cache_read_tokens=told.begun.cache_read_tokens,
            cache_create_tokens=told.begun.cache_create_tokens,
        ),
        "usage_source": SOURCE_WITHOUT_RESULT if spent else None,
        "model": told.model,
        "billed": _billed(told),
    }
    if _NO_SESSION in said.lower():
        return TurnEnd(outcome="failed", failure="other", reason=said, session_lost=True, **rest)
    waiting = by_status(told.retry.get("error_status"))
    if waiting is not None:
        why = f"the service answered {told.retry['error_status']}, and the client was waiting to ask again"
        after = _retry_after(told) if waiting == "rate_limited" else None
        return TurnEnd(outcome="failed", failure=waiting, reason=why, retry_after=after, **rest)
    if signal is not None or status is None or status >= 128:
        code = signal if signal is not None else (status or 128) - 128
        why = f"the client was ended by signal {code} before it gave a result"
        return TurnEnd(outcome="failed", failure="no_result", reason=why, **rest)
    if said and not spent:
        return TurnEnd(outcome="failed", failure=by_words(said) or "other", reason=said, **rest)
    why = f"the client ended with status {status} and without a result"
    return TurnEnd(outcome="failed", failure="no_result", reason=f"{why}: {said}" if said else why, **rest)


def _failure(told: Told, last: dict[str, Any]) -> FailureReason | None:
    """Why there is no answer; None when there is one."""
    if last.get("stop_reason") == "refusal":
        return "refused"
    if last.get("subtype") == "error_max_structured_output_retries":
        return "output_invalid"
    if not last.get("is_error"):
        if last.get("stop_reason") == "max_tokens":
            return "truncated"
        blocked = count(last.get("num_turns")) == 0
        return "refused" if blocked else None
    text = _reason(last)
    if told.limit.get("status") == "rejected":
        return "window_spent"
    spoken = by_words(text)
    if spoken in {"window_spent", "spend_limit", "truncated", "refused"}:
        return spoken
    stopped = last.get("subtype") == "error_during_execution"  # by a signal, or of its own accord
    return by_status(last.get("api_error_status")) or spoken or ("no_result" if stopped else "other")


def _reason(last: dict[str, Any]) -> str:
    errors = last.get("errors")
    if isinstance(errors, list) and errors:
        return "; ".join(str(error) for error in errors)
    return words(last.get("result"))


def _retry_after(told: Told) -> float | None:
    resets = number(told.limit.get("resetsAt"))
    if told.limit.get("status") == "rejected" and resets is not None:
        return max(resets - told.clock(), 0.0)
    delay = number(told.retry.get("retry_delay_ms"))
    return delay / 1000 if delay is not None and told.retry.get("error_status") == 429 else None


def _billed(told: Told) -> bool | None:
    if told.limit:
        return False  # only a subscription has windows
    return True if told.paid_by not in {"", "none", "oauth"} else None


def _by_model(last: dict[str, Any]) -> dict[str, Usage]:
    """The usage by model; a suffix in brackets names a setting, such as the size of the context."""
    found: dict[str, Usage] = {}
    for name, figures in mapping(last.get("modelUsage")).items():
        own = mapping(figures)
        cost = own.get("costUSD")
        usage = Usage(
            tokens_in=count(own.get("inputTokens")),
            tokens_out=count(own.get("outputTokens")),
            cache_read_tokens=count(own.get("cacheReadInputTokens")),
            cache_create_tokens=count(own.get("cacheCreationInputTokens")),
            cost_usd=number(cost),
        )
        plain = name.split("[", 1)[0]
        found[plain] = found.get(plain, Usage()) + usage
    return found


def _total(by_model: dict[str, Usage], last: dict[str, Any]) -> Usage:
    cost = last.get("total_cost_usd")
    total = sum(
        by_model.values(), Usage(tokens_in=0, tokens_out=0, cache_read_tokens=0, cache_create_tokens=0)
    )
    return Usage(
        tokens_in=total.tokens_in,
        tokens_out=total.tokens_out,
        cache_read_tokens=total.cache_read_tokens,
        cache_create_tokens=total.cache_create_tokens,
        cost_usd=number(cost),
    )


def _of_session(told: Told, last: dict[str, Any], usage: Usage) -> bool:
    """Whether the figures are of the whole session, a new one included.

    Later versions go on counting where the session was left; earlier ones begin anew in each process. Those
    that go on counting also tell of subagents. And their figures are then more than what this process was
    seen to read: the main loop's, by the results, and the subagents', by their messages. Are they not, the
    count that the session was left at is lost.
    """
    if "subagent_stats" not in last:
        return False
    if not told.resumed:
        return True
    seen = _read(told.inner)
    for result in told.results:
        figures = mapping(result.get("usage"))
        names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
        seen += sum(count(figures.get(name)) for name in names)
    return _read(usage) != seen


def _read(usage: Usage) -> int:
    return (usage.tokens_in or 0) + (usage.cache_read_tokens or 0) + (usage.cache_create_tokens or 0)
