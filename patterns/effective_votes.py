"""How spread one decision's votes are, and how many independent votes a panel is worth. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

from .ratings import Label, LabelKey, Ratings, Undefined, keyed, label_key


def normalised_entropy(counts: Iterable[int], classes: int | None = None) -> float:
    """Shannon's entropy of the votes, divided by the logarithm of the number of classes: 0 when all votes
    agree, 1 when they are spread evenly over all classes.

    `counts` has the votes of each class. The denominator is log(`classes`), the number of classes that
    could be chosen; when that is not given, the number of counts, those that are 0 included. With one
    class the answer is 0. Fewer voters than classes cannot reach 1. Source: Shannon 1948, "A
    Mathematical Theory of Communication", section 6; the division is Pielou's evenness, 1966. Raises
    `Undefined` without a vote, `ValueError` for a negative count or more chosen classes than `classes`.
    """
    given = list(counts)
    if any(count < 0 for count in given):
        raise ValueError("a count of votes cannot be negative")
    chosen = [count for count in given if count]
    possible = len(given) if classes is None else classes
    if len(chosen) > possible:
        raise ValueError(f"{len(chosen)} classes were chosen, more than the {possible} said to exist")
    if not chosen:
        raise Undefined("there are no votes")
    if len(chosen) == 1:
        return 0.0
    votes = sum(chosen)
    entropy = math.fsum(count / votes * math.log(votes / count) for count in chosen)
    return min(1.0, entropy / math.log(possible))


def effective_votes(n: int, rho: float) -> float:
    """How many independent votes are worth as much as `n` with the mean pairwise correlation `rho`.

    n / (1 + (n - 1) * rho), with `rho` first brought between 0 and 1: a negative correlation, which
    would promise more votes than were cast, counts as none, so the answer lies between 1 and `n` (0 for
    no votes). Source: the design effect of Kish 1965, "Survey Sampling", section 5.4. Raises
    `ValueError` for a negative `n` or a `rho` that is not a number.
    """
    if n < 0:
        raise ValueError("a number of votes cannot be negative")
    if math.isnan(rho):
        raise ValueError("rho is not a number")
    return n / (1 + (n - 1) * min(1.0, max(0.0, rho))) if n else 0.0


def error_correlation(ratings: Ratings, truth: Sequence[Label | None]) -> float | None:
    """The mean, over pairs of raters, of the correlation between being wrong and being wrong: -1 to 1.

    `truth` has the right label of each item, or None where it is not known; such items are left out. A
    pair is judged on the items on which both voted, by phi, which is Pearson's correlation of two
    indicators. A pair of which one rater is always right or always wrong there has no phi and is left
    out; None when no pair remains. Source: Yule 1912, "On the Methods of Measuring Association Between
    Two Attributes"; the mean over pairs as in Kuncheva and Whitaker 2003, "Measures of Diversity in
    Classifier Ensembles". Raises `ValueError` when `truth` is not as long as `ratings`, and as `keyed`.
    """
    rows = keyed(ratings)
    if len(truth) != len(rows):
        raise ValueError(f"{len(rows)} items, and {len(truth)} true labels")
    wrong = [
        [None if key is None else key != label_key(right) for key in row]
        for row, right in zip(rows, truth, strict=True)
        if right is not None
    ]
    return _mean([_phi(one, two) for one, two in combinations(zip(*wrong, strict=True), 2)])


def vote_correlation(ratings: Ratings) -> float | None:
    """The mean, over pairs of raters, of Cohen's kappa between their votes: -1 to 1.

    For want of the truth this stands in for `error_correlation`. Of two classes, chosen equally often by
    both, kappa is phi. Raters also agree because they are right, so this is as a rule the greater of the
    two, and the effective number of votes that follows from it is cautious. A pair is judged on the
    items on which both voted; it is left out when these are fewer than two or all their votes there are
    of one class, from which habit and an easy question look the same. None when no pair remains.
    Source: Cohen 1960, "A Coefficient of Agreement for Nominal Scales"; the mean over pairs is that of
    Light 1971, "Measures of response agreement for qualitative data". Raises as `keyed`.
    """
    columns = zip(*keyed(ratings), strict=True)
    return _mean([_cohen(one, two) for one, two in combinations(columns, 2)])


def _mean(values: Sequence[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return math.fsum(defined) / len(defined) if defined else None


def _phi(one: Sequence[bool | None], two: Sequence[bool | None]) -> float | None:
    cells = Counter((a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None)
    both, first, second, neither = (
        cells[True, True],
        cells[True, False],
        cells[False, True],
        cells[False, False],
    )
    margins = (both + first) * (second + neither) * (both + second) * (first + neither)
    return (both * neither - first * second) / math.sqrt(margins) if margins else None


def _cohen(one: Sequence[LabelKey | None], two: Sequence[LabelKey | None]) -> float | None:
    shared = [(a, b) for a, b in zip(one, two, strict=True) if a is not None and b is not None]
    size = len(shared)
    agreeing = sum(a == b for a, b in shared)
    firsts, seconds = Counter(a for a, _ in shared), Counter(b for _, b in shared)
    by_chance = sum(count * seconds[key] for key, count in firsts.items())
    # Both terms times size squared: whole numbers, so the test for 0/0 is exact.
    if size < 2 or by_chance == size**2:
        return None
    return (size * agreeing - by_chance) / (size**2 - by_chance)
