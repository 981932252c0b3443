"""The statistical rule of a vote: stop when the full panel would very probably agree with the leader.

The model: every vote to come is cast, and is for one of the values seen so far or for one more, which
stands for all values not yet seen. Their shares have the uniform prior, a Dirichlet distribution with
concentration 1 for each of the K values seen and 1 for the unseen one. After c_i votes the posterior is
Dirichlet(c_1 + 1, ..., c_K + 1, 1), and the r votes to come are Dirichlet-multinomial, that is: counts
x_i with sum r have the probability prod C(c_i + x_i, x_i) / C(v + K + r, r), where v is the number of
votes cast and the unseen value has c = 0.

The idea of stopping a vote by a Dirichlet posterior is that of Adaptive-Consistency (Aggarwal et al.,
arXiv 2305.11860). Theirs is the posterior probability that the leader is the most probable value of the
voters' distribution; ours is the predictive probability that it wins this panel, of which there are only
so many votes left. Theirs says how good the answer is, ours how probably stopping changes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb, floor

from .voting import (
    Calls,
    Panel,
    Standing,
    Verdict,
    VoteRule,
    can_win,
    is_settled,
    mean_calls,
    quorum_of,
    score,
    settled,
    standing_of,
)


def leader_wins(panel: Panel, rule: VoteRule, min_votes: int) -> float:
    """The probability, by the model above, that the leading value wins the full panel; 0 without votes.

    Exact up to the rounding to a float, for any number of values and votes. Where several values lead,
    it is that of each of them. `min_votes` counts the votes of the full panel, so it is met unless too
    many voters abstained already.
    """
    counts = tuple(sorted(panel.counts().values(), reverse=True))
    return float(_chance(counts, standing_of(counts, panel.asked, panel.abstained), rule, min_votes))


def settled_by_posterior(
    panel: Panel, rule: VoteRule, threshold: float, *, min_votes: int, full_on_tie: bool
) -> Verdict | None:
    """The exact verdict where there is one (`voting.settled`); else the leader, where it wins the full
    panel with a probability of `threshold` or more; else None.

    The second may differ from what the full panel would have said. It may come before `min_votes` votes
    are in, which are then expected. Raises `ValueError` for a threshold that is not above 0.5, at which
    two values could claim the panel, and at most 1.
    """
    _check(threshold)
    verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=full_on_tie)
    if verdict is not None:
        return verdict
    counts = tuple(sorted(panel.counts().values(), reverse=True))
    chance = _chance(counts, standing_of(counts, panel.asked, panel.abstained), rule, min_votes)
    if chance < Fraction(threshold):
        return None
    # Rounded down: what is not certain is not printed as 1.
    why = (
        f"decided {score(panel)}, as the full panel would with probability {floor(chance * 1000) / 1000:.3f}"
    )
    return Verdict(panel.leading()[0], (), why)


def next_wave_by_posterior(
    panel: Panel, rule: VoteRule, threshold: float, min_votes: int, full_on_tie: bool
) -> int:
    """The fewest further valid votes that could settle the panel by either rule; 0 where it is settled."""
    _check(threshold)
    counts = sorted(panel.counts().values(), reverse=True)
    for more in range(panel.to_come):
        for then in ([sum(counts[:1]) + more, *counts[1:]], [*counts, *[1] * more]):
            now = standing_of(then, panel.asked, panel.abstained)
            if _is_done(then, now, rule, Fraction(threshold), min_votes, full_on_tie):
                return more
    return panel.to_come


def expected_calls_by_posterior(
    n: int,
    rule: VoteRule,
    threshold: float,
    min_votes: int,
    *,
    agreement: float = 0.8,
    full_on_tie: bool = False,
) -> Calls:
    """As `voting.expected_calls`, with the same model of the votes, for a panel that stops by this rule.
    The worst case is that of the exact rule, which votes can still force."""
    _check(threshold)

    def is_done(counts: Sequence[int]) -> bool:
        return _is_done(counts, standing_of(counts, n), rule, Fraction(threshold), min_votes, full_on_tie)

    mean = mean_calls(n, agreement, is_done)
    return Calls(mean, n if mean else 0)


def _check(threshold: float) -> None:
    if not 0.5 < threshold <= 1:
        raise ValueError("the threshold is above 0.5 and at most 1")


def _is_done(
    counts: Sequence[int],
    now: Standing,
    rule: VoteRule,
    threshold: Fraction,
    min_votes: int,
    full_on_tie: bool,
) -> bool:
    if is_settled(now, rule, min_votes, full_on_tie=full_on_tie):
        return True
    present = tuple(sorted((count for count in counts if count), reverse=True))
    return _chance(present, now, rule, min_votes) >= threshold


@lru_cache(maxsize=1 << 14)
def _chance(counts: tuple[int, ...], now: Standing, rule: VoteRule, min_votes: int) -> Fraction:
    if not counts or not can_win(now, rule, min_votes):
        return Fraction(0)
    lead, *others = (*counts, 0)
    everything = comb(now.votes + len(counts) + now.to_come, now.to_come)
    if rule.kind == "unanimous":
        return Fraction(comb(lead + now.to_come, now.to_come), everything)
    ways = 0
    for gained in range(max(0, quorum_of(rule, now.asked) - lead), now.to_come + 1):
        ways += comb(lead + gained, gained) * _ways_below(lead + gained, others, now.to_come - gained)
    return Fraction(ways, everything)


def _ways_below(most: int, counts: Sequence[int], votes: int) -> int:
    """The weight of all ways to give `votes` to these values such that each ends with less than `most`.

    A way weighs prod C(c_i + x_i, x_i). The sum over ways is a coefficient of a product of polynomials,
    one per value, each cut off at what its value may get."""
    if max(counts) + votes < most:
        return comb(sum(counts) + len(counts) + votes - 1, votes)  # no limit is met: Vandermonde
    so_far = [1]
    for at, count in enumerate(counts):
        limit = min(votes, most - 1 - count)
        if limit < 0:
            return 0
        one = [comb(count + x, x) for x in range(limit + 1)]
        # Of the last product only the coefficient of `votes` counts.
        first = votes if at == len(counts) - 1 else 0
        last = min(votes, len(so_far) + limit - 1)
        so_far = [
            sum(
                so_far[total - x] * one[x]
                for x in range(max(0, total - len(so_far) + 1), min(limit, total) + 1)
            )
            for total in range(first, last + 1)
        ]
    return so_far[-1] if so_far else 0
