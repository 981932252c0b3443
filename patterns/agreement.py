"""How much raters agree over many items, beyond what chance would give. Pure.

Four coefficients stand side by side because each misleads somewhere: percent agreement ignores chance,
Fleiss' kappa and Krippendorff's alpha collapse when nearly all votes fall into one class, and Gwet's
AC1, which does not, depends on how many classes there are.

Votes that an early stop left out are not missing at random: the items on which the first votes agreed
are the ones with few votes. What is computed from such panels is biased, whatever the coefficient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import Literal, TypedDict

from .bootstrap import bootstrap_interval
from .ratings import LabelKey, Ratings, Tally, Undefined, tally

Metric = Literal["nominal", "ordinal", "interval"]

FEWEST_RATERS = 2
FEWEST_ITEMS = 5


class Estimate(TypedDict):
    """A coefficient and its bootstrap interval; `low` and `high` are None when there is no interval."""

    value: float
    low: float | None
    high: float | None


class NoEstimate(TypedDict):
    """Why a coefficient has no value."""

    undefined: str


class AgreementSummary(TypedDict):
    """What `agreement_summary` answers."""

    items: int
    raters: int
    missing: int
    metric: Metric
    percent: Estimate | NoEstimate
    fleiss_kappa: Estimate | NoEstimate
    krippendorff_alpha: Estimate | NoEstimate
    gwet_ac1: Estimate | NoEstimate


def percent_agreement(ratings: Ratings) -> float:
    """The share of pairs of votes that agree, averaged over the items with two or more votes: 0 to 1.

    Each item weighs the same, however many votes it has. Source: the mean of P_i, Fleiss 1971,
    equation 2; with missing votes p_a of Gwet 2014, "Handbook of Inter-Rater Reliability", 4th ed.
    Raises `Undefined` when no item has two votes.
    """
    return _percent(tally(ratings))


def fleiss_kappa(ratings: Ratings) -> float:
    """Agreement beyond chance when every item has the same number of votes: at most 1.

    Chance is that of drawing the same class twice, with replacement, from all votes. The raters of one
    item need not be those of the next. Source: Fleiss 1971, "Measuring nominal scale agreement among
    many raters", Psychological Bulletin 76, equation 7. Raises `Undefined` when items differ in their
    number of votes, have fewer than two, or when all votes are of one class, which makes it 0/0.
    """
    return _fleiss(tally(ratings))


def krippendorff_alpha(ratings: Ratings, metric: Metric = "nominal") -> float:
    """One less the ratio of observed to expected disagreement: at most 1, 0 for chance.

    Votes may be missing; items with fewer than two are left out. Source: Krippendorff 2011, "Computing
    Krippendorff's Alpha-Reliability", sections C and D. `ordinal` and `interval` compare numbers
    only; the classes between which `ordinal` counts ranks are those that appear. Raises `Undefined`
    when no item has two votes, when all that remain are of one class, which makes it 0/0, and when a
    metric that needs numbers meets something else; `ValueError` for another metric.
    """
    return _alpha(tally(ratings), metric)


def gwet_ac1(ratings: Ratings, classes: int | None = None) -> float:
    """Agreement beyond chance, with a chance that stays small when one class prevails: at most 1.

    `classes` is the number of classes that a rater could choose from; when it is not given, the number
    that appear. Votes may be missing: agreement comes from the items with two or more votes, prevalence
    from all that have one. Source: Gwet 2008, "Computing inter-rater reliability and its variance in
    the presence of high agreement", Br. J. Math. Stat. Psychol. 61; with missing votes Gwet 2014,
    "Handbook of Inter-Rater Reliability", 4th ed. Raises `Undefined` when no item has two votes or
    there is only one class, `ValueError` when more classes appear than `classes`.
    """
    return _ac1(tally(ratings), classes)


def agreement_summary(
    ratings: Ratings,
    *,
    metric: Metric = "nominal",
    classes: int | None = None,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> AgreementSummary:
    """All coefficients with their bootstrap intervals, each a value or the reason for none.

    `items` counts those with two or more votes, since no other can show agreement, and `raters` those
    with any vote; below 5 items or 2 raters there is no coefficient. `missing` counts the empty
    places. `metric` is alpha's, `classes` AC1's. Never raises `Undefined`; `ValueError` as the
    functions above and `bootstrap_interval`.
    """
    too_little: str | None = None
    tallies: list[Tally] = []
    try:
        tallies = tally(ratings)
    except Undefined as why:
        too_little = str(why)
    raters = sum(any(label is not None for label in column) for column in zip(*ratings, strict=True))
    missing = sum(label is None for row in ratings for label in row)
    items = sum(_size(counts) >= 2 for counts in tallies)
    if too_little is None:
        too_little = _too_little(items, raters)
    # A resample that misses a rare class must not be judged as if that class could not be chosen.
    known = classes if classes is not None else len({key for counts in tallies for key in counts})

    def estimate(statistic: Callable[[Sequence[Tally]], float]) -> Estimate | NoEstimate:
        if too_little is not None:
            return {"undefined": too_little}
        try:
            value = statistic(tallies)
        except Undefined as why:
            return {"undefined": str(why)}
        interval = bootstrap_interval(tallies, statistic, level=level, resamples=resamples, seed=seed)
        low, high = interval or (None, None)
        return {"value": value, "low": low, "high": high}

    return {
        "items": items,
        "raters": raters,
        "missing": missing,
        "metric": metric,
        "percent": estimate(_percent),
        "fleiss_kappa": estimate(_fleiss),
        "krippendorff_alpha": estimate(partial(_alpha, metric=metric)),
        "gwet_ac1": estimate(partial(_ac1, classes=known)),
    }


def _too_little(items: int, raters: int) -> str | None:
    if raters < FEWEST_RATERS:
        return f"needs {FEWEST_RATERS} raters or more, and here {_said(raters, 'rater')} voted"
    if items < FEWEST_ITEMS:
        there = f"there {'is' if items == 1 else 'are'} {items}"
        return f"needs {FEWEST_ITEMS} items or more with two votes, and here {there}"
    return None


def _said(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


# The sums below are of whole numbers or by `fsum`, which rounds once: the order of items, raters and
# classes cannot change a result, and full agreement gives 1 and not a little less.


def _size(counts: Tally) -> int:
    return sum(counts.values())


def _percent(tallies: Sequence[Tally]) -> float:
    shares: list[float] = []
    for counts in tallies:
        size = _size(counts)
        if size >= 2:
            agreeing = sum(count * (count - 1) for count in counts.values())
            shares.append(agreeing / (size * (size - 1)))
    if not shares:
        raise Undefined("no item has two votes")
    return math.fsum(shares) / len(shares)


def _fleiss(tallies: Sequence[Tally]) -> float:
    observed = _percent(tallies)
    sizes = {_size(counts) for counts in tallies}
    if len(sizes) > 1:
        raise Undefined(f"needs equally many votes per item, and here are {min(sizes)} to {max(sizes)}")
    totals = _totals(tallies)
    _require_two_classes(totals)
    votes = _size(totals)
    chance_of_disagreement = (votes**2 - sum(count**2 for count in totals.values())) / votes**2
    return 1 - (1 - observed) / chance_of_disagreement


def _ac1(tallies: Sequence[Tally], classes: int | None) -> float:
    observed = _percent(tallies)
    rated = [counts for counts in tallies if counts]
    shares: dict[LabelKey, list[float]] = {}
    for counts in rated:
        size = _size(counts)
        for key, count in counts.items():
            shares.setdefault(key, []).append(count / size)
    possible = len(shares) if classes is None else classes
    if len(shares) > possible:
        raise ValueError(f"{len(shares)} classes appear, which is more than the {possible} said to exist")
    if possible < 2:
        raise Undefined("all votes are of one class, and no other is known that could have been chosen")
    prevalences = [math.fsum(parts) / len(rated) for parts in shares.values()]
    chance = math.fsum(share * (1 - share) for share in prevalences) / (possible - 1)
    return 1 - (1 - observed) / (1 - chance)


def _alpha(tallies: Sequence[Tally], metric: Metric) -> float:
    if metric not in ("nominal", "ordinal", "interval"):
        raise ValueError(f"`{metric}` is not a metric: use `nominal`, `ordinal` or `interval`")
    pairable = [counts for counts in tallies if _size(counts) >= 2]
    if not pairable:
        raise Undefined("no item has two votes")
    totals = _totals(pairable)
    if metric != "nominal" and any(kind != "number" for kind, _ in totals):
        raise Undefined(f"the metric `{metric}` needs numbers, and some votes are none")
    _require_two_classes(totals)
    places = None if metric == "nominal" else _ranks(totals) if metric == "ordinal" else _scaled(totals)
    observed = math.fsum(_disagreement(counts, places) / (_size(counts) - 1) for counts in pairable)
    expected = _disagreement(totals, places) / (_size(totals) - 1)
    return 1 - observed / expected


def _totals(tallies: Sequence[Tally]) -> Tally:
    totals: dict[LabelKey, int] = {}
    for counts in tallies:
        for key, count in counts.items():
            totals[key] = totals.get(key, 0) + count
    return totals


def _require_two_classes(totals: Tally) -> None:
    if len(totals) < 2:
        raise Undefined("all votes are of one class, so none could have disagreed by chance (0/0)")


def _disagreement(counts: Tally, places: Mapping[LabelKey, float] | None) -> float:
    """The sum over all ordered pairs of votes of Krippendorff's squared difference: 1 between classes
    when there are no places, else the square of the distance between their places."""
    size = _size(counts)
    if places is None:
        return size**2 - sum(count**2 for count in counts.values())
    # The sum over pairs is 2 * size times the sum of squares about the mean, in one pass over classes.
    mean = math.fsum(count * places[key] for key, count in counts.items()) / size
    return 2 * size * math.fsum(count * (places[key] - mean) ** 2 for key, count in counts.items())


def _ranks(totals: Tally) -> dict[LabelKey, float]:
    """Each class's mid-rank. Krippendorff's ordinal difference, the votes from one class to another with
    half of those in the two, is the difference of their mid-ranks."""
    ranks: dict[LabelKey, float] = {}
    below = 0
    for key in sorted(totals, key=lambda each: each[1]):
        ranks[key] = below + totals[key] / 2
        below += totals[key]
    return ranks


def _scaled(totals: Tally) -> dict[LabelKey, float]:
    """Each number's place between the least, 0, and the greatest, 1. Alpha does not depend on the scale,
    and on this one no square overflows or vanishes. Fractions, since differences of floats may."""
    exact = {key: Fraction(key[1]) for key in totals}
    least, greatest = min(exact.values()), max(exact.values())
    return {key: float((number - least) / (greatest - least)) for key, number in exact.items()}
