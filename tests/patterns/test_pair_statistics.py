"""Descriptions of pairs, against published examples and the values of other programs."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.pair_statistics import Pairs, mcnemar, newcombe, ratio_of_means, wilson


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_as_published(passed: int, n: int, low: float, high: float) -> None:
    assert wilson(passed, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("passed", "n", "confidence", "low", "high"),
    # statsmodels 0.15.0, proportion_confint(passed, n, alpha, method="wilson").
    [
        (29, 29, 0.95, 0.8830302015002592, 1.0),
        (45, 50, 0.95, 0.7863976856252034, 0.9565242350681097),
    ],
)
def test_wilson_as_in_statsmodels(passed: int, n: int, confidence: float, low: float, high: float) -> None:
    assert wilson(passed, n, confidence) == pytest.approx((low, high), abs=1e-12)


@given(n=st.integers(1, 200), data=st.data())
def test_wilson_holds_the_proportion_and_stays_within_0_and_1(n: int, data: st.DataObject) -> None:
    passed = data.draw(st.integers(0, n))
    low, high = wilson(passed, n)
    assert 0 <= low <= passed / n <= high <= 1
    assert wilson(n - passed, n) == pytest.approx((1 - high, 1 - low))


@pytest.mark.parametrize(
    ("first_only", "second_only", "p"),
    # statsmodels 0.15.0, mcnemar(table, exact=True).
    [
        (1, 7, 0.0703125),
        (12, 2, 0.012939453125),
        (6, 16, 0.052478790283203125),
        (0, 6, 0.03125),
        (5, 5, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_as_in_statsmodels(first_only: int, second_only: int, p: float) -> None:
    assert mcnemar(Pairs(3, first_only, second_only, 4)) == pytest.approx(p, abs=1e-15)
    assert mcnemar(Pairs(0, second_only, first_only, 9)) == pytest.approx(p, abs=1e-15)


@pytest.mark.parametrize(
    ("pairs", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10.
        (Pairs(36, 12, 2, 0), 0.0569, 0.3404),
        # Cavo et al. (2012), by the tests of the R package contingencytables.
        (Pairs(59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_newcombe_as_published(pairs: Pairs, low: float, high: float) -> None:
    assert newcombe(pairs) == pytest.approx((low, high), abs=5e-5)


@given(pairs=st.builds(Pairs, *[st.integers(0, 40)] * 4))
def test_newcombe_holds_the_difference_and_turns_round_with_the_arms(pairs: Pairs) -> None:
    low, high = newcombe(pairs)
    difference = (pairs.first_only - pairs.second_only) / max(1, pairs.n)
    assert -1 - 1e-12 <= low <= difference <= high <= 1 + 1e-12
    turned = newcombe(Pairs(pairs.both, pairs.second_only, pairs.first_only, pairs.neither))
    assert turned == pytest.approx((-high, -low))
    wide = newcombe(pairs, 0.99)
    assert wide[0] <= low
    assert wide[1] >= high


def test_no_pairs_tell_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert newcombe(Pairs(0, 0, 0, 0)) == (-1.0, 1.0)
    assert mcnemar(Pairs(0, 0, 0, 0)) == 1.0
    assert ratio_of_means([], [], random.Random(1)) is None


FIRST = [1.2, 0.7, 3.1, 2.2, 0.9, 1.7, 2.8, 1.1, 0.4, 2.0]
SECOND = [2.0, 1.9, 4.2, 2.1, 2.5, 3.0, 3.9, 1.2, 1.4, 2.6]


def test_the_ratio_of_means_as_in_scipy() -> None:
    # SciPy 1.17.1, bootstrap(..., paired=True, method="percentile", n_resamples=200_000).
    ratio = ratio_of_means(FIRST, SECOND, random.Random(1), resamples=10_000)
    assert ratio == pytest.approx((16.1 / 24.8, 0.5198, 0.7662), abs=0.01)


def test_the_ratio_of_means_is_a_function_of_its_seed() -> None:
    one = ratio_of_means(FIRST, SECOND, random.Random(7), resamples=200)
    assert one == ratio_of_means(FIRST, SECOND, random.Random(7), resamples=200)
    assert one != ratio_of_means(FIRST, SECOND, random.Random(8), resamples=200)


def test_a_ratio_that_is_the_same_in_each_pair_has_no_width() -> None:
    ratio = ratio_of_means([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], random.Random(1))
    assert ratio == (0.5, 0.5, 0.5)


def test_a_resample_without_costs_has_an_infinite_ratio() -> None:
    ratio = ratio_of_means([1.0, 1.0, 1.0], [0.0, 0.0, 1.0], random.Random(1))
    assert ratio is not None
    assert ratio[0] == 3.0
    assert ratio[2] == float("inf")


def test_as_many_first_as_second_values() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio_of_means([1.0], [1.0, 2.0], random.Random(1))
