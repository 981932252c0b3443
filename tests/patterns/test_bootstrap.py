"""Percentile bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble.patterns.bootstrap import bootstrap_interval
from metaensemble.patterns.ratings import Undefined


@settings(max_examples=20)
@given(items=st.lists(st.integers(-5, 5), min_size=1, max_size=12), seed=st.integers())
def test_the_seed_decides(items: list[int], seed: int) -> None:
    one = bootstrap_interval(items, fmean, resamples=100, seed=seed)
    assert one == bootstrap_interval(items, fmean, resamples=100, seed=seed)
    assert one is not None
    low, high = one
    assert min(items) <= low <= high <= max(items)


def test_another_seed_gives_another_interval() -> None:
    items = [number**2 for number in range(40)]
    intervals = {bootstrap_interval(items, fmean, resamples=50, seed=seed) for seed in range(5)}
    assert len(intervals) == 5


def test_the_interval_of_a_mean_is_that_of_the_normal_approximation() -> None:
    items = [0, 1] * 200
    interval = bootstrap_interval(items, fmean, resamples=4000, seed=7)
    assert interval == pytest.approx((0.5 - 1.96 * 0.025, 0.5 + 1.96 * 0.025), abs=0.005)


def test_a_higher_level_is_wider() -> None:
    items = list(range(30))
    ninety = bootstrap_interval(items, fmean, level=0.9, seed=1)
    ninety_nine = bootstrap_interval(items, fmean, level=0.99, seed=1)
    assert ninety is not None
    assert ninety_nine is not None
    assert ninety_nine[0] < ninety[0] < ninety[1] < ninety_nine[1]


def _only_with_a_one(items: Sequence[int]) -> float:
    if 1 not in items:
        raise Undefined("there is no one")
    return fmean(items)


def test_undefined_resamples_are_left_out() -> None:
    # A resample of [0, 0, 1] is without a one with probability 8/27.
    interval = bootstrap_interval([0, 0, 1], _only_with_a_one, seed=3)
    assert interval is not None
    assert interval[0] == pytest.approx(1 / 3)


def test_no_interval_when_most_resamples_are_undefined() -> None:
    def of_all_three(items: Sequence[int]) -> float:
        if len(set(items)) < 3:
            raise Undefined("some item is missing")
        return fmean(items)

    # A resample holds all three items with probability 2/9: some 200 of 1000, and still too few.
    assert bootstrap_interval([1, 2, 3], of_all_three, seed=3) is None


@pytest.mark.parametrize(("resamples", "enough"), [(0, False), (39, False), (40, True)])
def test_a_quantile_rests_on_one_resample_or_more(resamples: int, enough: bool) -> None:
    assert (bootstrap_interval([1, 2, 3], fmean, resamples=resamples, seed=0) is not None) is enough


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_the_level_is_a_share(level: float) -> None:
    with pytest.raises(ValueError, match="level must lie between 0 and 1"):
        bootstrap_interval([1, 2], fmean, level=level, seed=0)
