"""Intervals by resampling. Pure: the only randomness comes from the seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from .ratings import Undefined

Item = TypeVar("Item")


def bootstrap_interval(
    items: Sequence[Item],
    statistic: Callable[[Sequence[Item]], float],
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int,
) -> tuple[float, float] | None:
    """The percentile bootstrap interval of `statistic`, resampling whole items with replacement.

    Source: Efron and Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3; quantiles by
    linear interpolation, type 7 of Hyndman and Fan 1996. The same arguments give the same interval.

    Resamples for which `statistic` raises `Undefined` are left out, so the interval is that of the
    statistic given that it is defined. None when fewer than half of the resamples remain, or fewer
    than 2 / (1 - level), below which the outermost quantiles would rest on less than one resample.
    The interval need not hold the statistic of `items` itself, and with few items it is too narrow.
    Raises `ValueError` when `level` is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not be {level}")
    source = random.Random(seed)
    size = len(items)
    values: list[float] = []
    for _ in range(resamples):
        # Of all methods of `Random` only `random()` promises the same numbers in later Pythons.
        drawn = [items[int(source.random() * size)] for _ in range(size)]
        try:
            values.append(statistic(drawn))
        except Undefined:
            continue
    # Rounded because 2 / (1 - 0.95) is a little more than 40.
    if not values or len(values) < max(resamples / 2, round(2 / (1 - level), 6)):
        return None
    values.sort()
    tail = (1 - level) / 2
    return _quantile(values, tail), _quantile(values, 1 - tail)


def _quantile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (at - below) * (ordered[above] - ordered[below])
