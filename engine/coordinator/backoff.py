"""How long to wait before another attempt, by the reason of the failure."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from ...schemas.bound import RetryPolicy
from ...schemas.states import FailureReason

LONGEST_WAIT: Final = 86_400.0
"""Seconds. However long a server says to wait: a day later it is asked again."""

_AT_ONCE = frozenset({"output_invalid"})
_FIXED = frozenset({"timeout", "no_result", "truncated"})


def backoff(
    policy: RetryPolicy,
    reason: FailureReason | None,
    attempt_no: int,
    *,
    rng: Random,
    retry_after: float | None = None,
) -> float:
    """Seconds to wait after failed attempt number `attempt_no` (from 1).

    The waits are tenacity's. An invalid output is asked for again at once, since waiting does not
    change it; a timeout has already cost its time and waits the minimum; everything else waits
    exponentially from the minimum to the maximum, plus up to one minimum of jitter. A server's own
    `retry_after` is a lower bound for `rate_limited`, above the policy's maximum if it must be,
    but not above `LONGEST_WAIT`; one that is no time at all counts for nothing.
    """
    # tenacity costs 20 ms to import, which a DAG run without failures need not pay.
    from tenacity import RetryCallState, wait_exponential, wait_fixed, wait_none
    from tenacity.wait import wait_base

    strategy: wait_base
    if reason in _AT_ONCE:
        strategy = wait_none()
    elif reason in _FIXED:
        strategy = wait_fixed(policy.backoff_min)
    else:
        strategy = wait_exponential(
            multiplier=policy.backoff_min, min=policy.backoff_min, max=policy.backoff_max
        )
    state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # no Retrying object is needed
    state.attempt_number = attempt_no
    seconds = float(strategy(state))
    if reason not in _AT_ONCE and reason not in _FIXED:
        seconds = min(seconds + rng.uniform(0, policy.backoff_min), policy.backoff_max)
    if reason == "rate_limited" and retry_after is not None and not math.isnan(retry_after):
        seconds = max(seconds, min(retry_after, LONGEST_WAIT))
    return round(seconds, 3)
