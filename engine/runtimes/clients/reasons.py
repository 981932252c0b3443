"""Why a model did not answer, told from the status of the service or from what it said."""

from __future__ import annotations

import re
from typing import Final

from ....schemas.states import FailureReason

_BY_STATUS: Final[dict[int, FailureReason]] = {
    400: "invalid_request",
    401: "auth",
    402: "spend_limit",
    403: "auth",
    404: "invalid_request",
    408: "timeout",
    413: "invalid_request",
    422: "invalid_request",
    429: "rate_limited",
    503: "rate_limited",
    504: "timeout",
    529: "rate_limited",
}

_BY_WORDS: Final[tuple[tuple[str, FailureReason], ...]] = (
    (r"hit your .{0,40}limit|usage limit|limit reached .{0,20}reset", "window_spent"),
    (
        r"credit balance|insufficient[ _]quota|exceeded your current quota|billing|payment required",
        "spend_limit",
    ),
    (r"max_output_tokens|output token (?:maximum|limit)|before completion", "truncated"),
    (r"prompt is too long|context window|context_length", "invalid_request"),
    (r"usage policy|content_filter|safeguards|refus", "refused"),
    (r"rate.?limit|too many requests|overloaded|high demand|at capacity", "rate_limited"),
    (r"api key|authenticat|unauthorized|forbidden|not logged in|please run /login|log ?in again", "auth"),
    (r"idle timeout|timed out|timeout", "timeout"),
    (r"invalid[ _]request|bad request|unknown option|unexpected argument|loading config", "invalid_request"),
)


def by_status(status: object) -> FailureReason | None:
    """What an HTTP status comes to; None for one that says nothing of the kind."""
    return _BY_STATUS.get(status) if isinstance(status, int) else None


def by_words(text: str) -> FailureReason | None:
    """What the words of a client or a service come to, the more telling ones first."""
    low = text.lower()
    return next((reason for pattern, reason in _BY_WORDS if re.search(pattern, low)), None)
