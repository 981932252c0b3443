"""Waits between attempts, by reason."""

from __future__ import annotations

import math
from random import Random

import pytest

from metaensemble.engine.coordinator.backoff import LONGEST_WAIT, backoff
from metaensemble.schemas.bound import RetryPolicy

POLICY = RetryPolicy(maximum=9, backoff_min=2, backoff_max=30)


def waits(reason: str, **more: float) -> list[float]:
    rng = Random(3)
    return [backoff(POLICY, reason, n, rng=rng, **more) for n in range(1, 8)]  # type: ignore[arg-type]


def test_an_invalid_output_is_asked_for_again_at_once() -> None:
    assert set(waits("output_invalid")) == {0}


@pytest.mark.parametrize("reason", ["timeout", "no_result", "truncated"])
def test_what_has_cost_its_time_waits_the_minimum(reason: str) -> None:
    assert set(waits(reason)) == {2}


@pytest.mark.parametrize("reason", ["exit_status", "exception", "rate_limited", "spawn_failed"])
def test_everything_else_waits_exponentially_with_jitter(reason: str) -> None:
    found = waits(reason)
    for number, wait in enumerate(found):
        low = min(2 * 2**number, 30)
        assert low <= wait <= min(low + 2, 30)
    assert found[-1] == 30
    assert found == waits(reason), "the same random source gives the same waits"


def test_the_servers_word_is_a_lower_bound_for_throttling_only() -> None:
    assert waits("rate_limited", retry_after=100)[0] == 100
    assert waits("exit_status", retry_after=100)[0] < 5


def test_a_server_may_not_have_it_wait_for_ever() -> None:
    assert waits("rate_limited", retry_after=1e308)[0] == LONGEST_WAIT
    assert waits("rate_limited", retry_after=math.inf)[0] == LONGEST_WAIT
    assert waits("rate_limited", retry_after=math.nan) == waits("rate_limited")
