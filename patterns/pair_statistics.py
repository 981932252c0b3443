"""Descriptions of paired results, to be printed beside a decision; none of them decides.

They are for a fixed number of tasks, and lose their level when one looks again and again; what may be
looked at again and again is `confidence`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, sqrt
from statistics import NormalDist


@dataclass(frozen=True, slots=True)
class Pairs:
    """How often both passed, only the first, only the second, and neither."""

    both: int
    first_only: int
    second_only: int
    neither: int

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return self.both + self.first_only + self.second_only + self.neither


def mcnemar(pairs: Pairs) -> float:
    """The exact two-sided p-value of McNemar's test, that both pass equally often: twice the smaller tail
    of a fair coin over the pairs that differ, at most 1; 1 where none differs.

    McNemar, Psychometrika 12 (1947) 153-157; the exact form is the sign test.
    """
    differ = pairs.first_only + pairs.second_only
    fewer = min(pairs.first_only, pairs.second_only)
    return min(1.0, 2 * sum(comb(differ, k) for k in range(fewer + 1)) / (1 << differ))


def wilson(passed: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for a proportion, without continuity correction; (0, 1) for no trials.

    Wilson, JASA 22 (1927) 209-212; method 3 of Newcombe, Statistics in Medicine 17 (1998) 857-872.
    """
    if n == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (passed + z * z / 2) / (n + z * z)
    half = z * sqrt(passed * (n - passed) / n + z * z / 4) / (n + z * z)
    # At the ends the formula gives 0 and 1 up to rounding.
    return (0.0 if passed == 0 else middle - half), (1.0 if passed == n else middle + half)


def newcombe(pairs: Pairs, confidence: float = 0.95) -> tuple[float, float]:
    """An interval for the difference of two paired proportions, the first minus the second; (-1, 1) for
    no pairs.

    Method 10 of Newcombe, Statistics in Medicine 17 (1998) 2635-2650: Wilson's intervals, squared and
    added, with a correlation that is corrected for continuity where it is positive.
    """
    n = pairs.n
    if n == 0:
        return -1.0, 1.0
    first, second = pairs.both + pairs.first_only, pairs.both + pairs.second_only
    (low_1, high_1), (low_2, high_2) = wilson(first, n, confidence), wilson(second, n, confidence)
    p_1, p_2 = first / n, second / n
    phi = _phi(pairs)
    down = _joined(p_1 - low_1, high_2 - p_2, phi)
    up = _joined(high_1 - p_1, p_2 - low_2, phi)
    return p_1 - p_2 - down, p_1 - p_2 + up


def _joined(one: float, two: float, phi: float) -> float:
    return sqrt(max(0.0, one * one - 2 * phi * one * two + two * two))


def _phi(pairs: Pairs) -> float:
    first, second = pairs.both + pairs.first_only, pairs.both + pairs.second_only
    margins = first * (pairs.n - first) * second * (pairs.n - second)
    if margins == 0:
        return 0.0
    cross = pairs.both * pairs.neither - pairs.first_only * pairs.second_only
    return (max(0.0, cross - pairs.n / 2) if cross > 0 else cross) / sqrt(margins)


def ratio_of_means(
    first: Sequence[float],
    second: Sequence[float],
    rng: random.Random,
    *,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, float, float] | None:
    """The mean of `first` over that of `second`, and a bootstrap interval for it; None where no second
    value is above 0.

    Pairs are drawn together, `resamples` times, and the interval lies between percentiles: Efron and
    Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. A draw in which all second values are
    0 has an infinite ratio. The values are costs, so none is negative; both are equally many.
    """
    pairs = list(zip(first, second, strict=True))
    if not sum(second) > 0:
        return None
    ratios = sorted(_ratio(rng.choices(pairs, k=len(pairs))) for _ in range(resamples))
    tail = (1 - confidence) / 2
    return _ratio(pairs), _quantile(ratios, tail), _quantile(ratios, 1 - tail)


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    below = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / below if below else float("inf")


def _quantile(ordered: Sequence[float], share: float) -> float:
    # The nearest rank, so that an infinite ratio is never averaged with another.
    return ordered[min(len(ordered) - 1, max(0, round(share * (len(ordered) - 1))))]
