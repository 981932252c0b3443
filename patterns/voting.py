"""When a vote is decided: the exact rules, and how many votes could decide it.

A panel of n voters is asked; some votes are in, some voters failed for good (they abstain), the rest is
to come. An answer before the panel is complete is given only when no way in which the rest could turn
out, new values and abstentions included, would change it. All rules but one are a quorum: plurality is
a quorum of 1 and majority a quorum of floor(n/2) + 1 of the n ASKED, and of the values that reach the
quorum the one with most votes wins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from ..schemas.canonical import canonical

Vote = str | bool | int | float
"""A JSON scalar. Two votes are for the same thing when their canonical JSON texts are equal, so that
`true` is not 1, and 1 is not 1.0."""

RuleKind = Literal["plurality", "majority", "unanimous", "quorum"]


@dataclass(frozen=True, slots=True)
class VoteRule:
    """How votes become a decision. `k` is the size of a quorum, and belongs to that kind alone."""

    kind: RuleKind
    k: int | None = None

    def __post_init__(self) -> None:
        if (self.kind == "quorum") != (self.k is not None):
            raise ValueError("`k` is given for a quorum, and for nothing else")
        if self.k is not None and self.k < 1:
            raise ValueError("a quorum is at least 1")


@dataclass(frozen=True, slots=True)
class Panel:
    """What is known of a vote: `asked` voters, the valid `votes` in the order in which their voters are
    DECLARED (not in that of arrival), and how many `abstained`, which is to say failed for good. A voter
    that will be tried again is still to come."""

    asked: int
    votes: Sequence[Vote] = ()
    abstained: int = 0

    def __post_init__(self) -> None:
        if self.abstained < 0 or self.to_come < 0:
            raise ValueError("votes and abstentions are together at most as many as were asked")

    @property
    def to_come(self) -> int:
        """How many voters have neither voted nor failed for good."""
        return self.asked - len(self.votes) - self.abstained

    def counts(self) -> dict[str, int]:
        """Votes per value, by canonical text, in the order of each value's first voter."""
        counts: dict[str, int] = {}
        for vote in self.votes:
            key = canonical(vote)
            counts[key] = counts.get(key, 0) + 1
        return counts

    def leading(self) -> tuple[Vote, ...]:
        """The values with most votes, in the order of their first voters; none without votes."""
        counts = self.counts()
        most = max(counts.values(), default=0)
        found = {canonical(vote): vote for vote in reversed(self.votes)}
        return tuple(found[key] for key, count in counts.items() if count == most)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision, or that there is none (`winner` is None), and `why` in a few words.

    `tied` holds the values with most votes where a COMPLETE panel gave no decision, in the order of
    their first voters. It is empty after a decision, where the panel was not waited for, and where
    there were too few valid votes: that is no tie, and nothing may break it.
    """

    winner: Vote | None
    tied: tuple[Vote, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers that decide: votes for the `first` and the `second` value (0 if there is none), how
    many different values, all valid votes, how many are to come, how many were asked."""

    first: int
    second: int
    values: int
    votes: int
    to_come: int
    asked: int


def standing_of(counts: Sequence[int], asked: int, abstained: int = 0) -> Standing:
    """The standing of a panel with so many votes for each value, in any order; 0 is no value."""
    first, second = (*sorted(counts, reverse=True)[:2], 0, 0)[:2]
    votes = sum(counts)
    values = sum(count > 0 for count in counts)
    return Standing(first, second, values, votes, asked - votes - abstained, asked)


def quorum_of(rule: VoteRule, asked: int) -> int:
    """How many votes a value needs at the least. For `unanimous` that is 1, and all others none."""
    if rule.k is not None:
        return rule.k
    return asked // 2 + 1 if rule.kind == "majority" else 1


def can_win(now: Standing, rule: VoteRule, min_votes: int) -> bool:
    """Whether some completion of the panel has a winner. Nothing serves that better than all votes to
    come for the leading value."""
    if now.votes + now.to_come < min_votes:
        return False
    most = now.first + now.to_come
    if rule.kind == "unanimous":
        return now.values <= 1 and most >= 1
    return most >= quorum_of(rule, now.asked) and most > now.second


def must_win(now: Standing, rule: VoteRule, min_votes: int) -> bool:
    """Whether the leading value wins in every completion of the panel. The worst for it are abstentions,
    or all votes to come for the second value, or for a new one. As all may abstain, the valid votes that
    are needed must be in."""
    if now.votes < min_votes:
        return False
    if rule.kind == "unanimous":
        return now.values == 1 and now.to_come == 0
    return now.first >= quorum_of(rule, now.asked) and now.first - now.second > now.to_come


def is_settled(now: Standing, rule: VoteRule, min_votes: int, *, full_on_tie: bool = False) -> bool:
    """Whether nothing that is to come can change the outcome; see `settled`."""
    if now.to_come == 0 or must_win(now, rule, min_votes):
        return True
    if now.votes + now.to_come < min_votes:
        return True
    return not full_on_tie and not can_win(now, rule, min_votes)


def settled(panel: Panel, rule: VoteRule, *, min_votes: int, full_on_tie: bool) -> Verdict | None:
    """The verdict, as soon as no completion of the panel gives another one, and None before that.

    A completion gives each vote that is to come to any value, old or new, or makes it an abstention.
    With fewer than `min_votes` valid votes there is no decision. `full_on_tie` says that the caller puts
    the first voter's vote in the place of a missing decision (`break_tie_by_first`): which values are
    tied is known only at the end, so such a verdict waits for the whole panel. That `min_votes` is out
    of reach is said at once in either case.
    """
    now = standing_of(list(panel.counts().values()), panel.asked, panel.abstained)
    if not is_settled(now, rule, min_votes, full_on_tie=full_on_tie):
        return None
    if must_win(now, rule, min_votes):
        return Verdict(panel.leading()[0], (), f"decided {score(panel)}")
    few = now.votes + now.to_come < min_votes
    tied = panel.leading() if now.to_come == 0 and not few else ()
    return Verdict(None, tied, _why_none(panel, now, rule, min_votes))


def final(panel: Panel, rule: VoteRule, *, min_votes: int) -> Verdict:
    """The verdict of a complete panel. Raises `ValueError` while votes are to come."""
    verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=True)
    if panel.to_come or verdict is None:
        raise ValueError("votes are still to come")
    return verdict


def break_tie_by_first(panel: Panel, tied: Sequence[Vote]) -> Vote | None:
    """The vote of the first declared voter who voted for one of `tied`; None where nobody did."""
    keys = {canonical(vote) for vote in tied}
    return next((vote for vote in panel.votes if canonical(vote) in keys), None)


def score(panel: Panel) -> str:
    """The counts from most to fewest, and how many were asked: `3:0 of 5`."""
    counts = sorted(panel.counts().values(), reverse=True)
    counts += [0] * (2 - len(counts))
    return f"{':'.join(map(str, counts))} of {panel.asked}"


def _why_none(panel: Panel, now: Standing, rule: VoteRule, min_votes: int) -> str:
    within_reach = now.votes + now.to_come
    if within_reach < min_votes:
        limit, s = "at most" if now.to_come else "only", "" if within_reach == 1 else "s"
        needed = f"{min_votes} {'was' if min_votes == 1 else 'were'} needed"
        return f"{limit} {within_reach} valid vote{s} of {panel.asked}, and {needed}"
    if not now.votes and not now.to_come:
        return f"no valid vote of {panel.asked}"
    if rule.kind == "unanimous":
        return f"not unanimous: {score(panel)}"
    if now.first + now.to_come >= quorum_of(rule, now.asked):
        return f"a tie: {score(panel)}"
    return f"no {'majority' if rule.k is None else f'quorum of {rule.k}'}: {score(panel)}"


def next_wave(panel: Panel, rule: VoteRule, min_votes: int, full_on_tie: bool) -> int:
    """The fewest further valid votes that could settle the panel, for or against; 0 where it is settled.

    To ask for so many at once wastes none: no fewer could have done. Failures are not planned for. As a
    single dissent settles `unanimous`, the waves of that rule are 2, 1, 1, and so on.
    """
    counts = sorted(panel.counts().values(), reverse=True)

    def settles(counts: Sequence[int]) -> bool:
        now = standing_of(counts, panel.asked, panel.abstained)
        return is_settled(now, rule, min_votes, full_on_tie=full_on_tie)

    # The shortest way to a winner is that all vote for the leader, the shortest way to none that each
    # votes for something new.
    for more in range(panel.to_come):
        if settles([sum(counts[:1]) + more, *counts[1:]]) or settles([*counts, *[1] * more]):
            return more
    return panel.to_come


def first_wave(n: int, rule: VoteRule, min_votes: int, *, full_on_tie: bool = False) -> int:
    """The fewest votes of `n` that could settle a panel: `next_wave` of an empty one."""
    return next_wave(Panel(n), rule, min_votes, full_on_tie)


@dataclass(frozen=True, slots=True)
class Calls:
    """How many voters a vote will call: the mean under the model of `expected_calls`, and the most."""

    expected: float
    worst: int


def expected_calls(
    n: int, rule: VoteRule, min_votes: int, *, agreement: float = 0.8, full_on_tie: bool = False
) -> Calls:
    """Calls of a panel of `n` that stops by the exact rule, in waves of `next_wave`.

    The model: there are two values, every voter votes, and each vote is for the better value with
    probability `agreement`, independently of the others. The mean is exact. The worst case is over all
    votes, whatever the model.
    """

    def is_done(counts: Sequence[int]) -> bool:
        return is_settled(standing_of(counts, n), rule, min_votes, full_on_tie=full_on_tie)

    expected = mean_calls(n, agreement, is_done)
    # A panel that is open at all is open for some n - 1 votes, so the worst is all of them.
    return Calls(expected, n if expected else 0)


def mean_calls(n: int, agreement: float, is_done: Callable[[Sequence[int]], bool]) -> float:
    """The mean number of votes, by the model of `expected_calls`, until `is_done(counts)` says so for the
    votes per value; all `n` where it never does."""
    # A wave has no more votes than could settle the panel, so waves call as many as one by one would.
    # The calls are the sum, over t < n, of the probability that t votes leave the panel open. `alive[a]`
    # is the probability that it is open with `a` votes for the better value.
    alive = {0: 1.0}
    mean = 0.0
    for calls in range(n):
        still = {a: chance for a, chance in alive.items() if not is_done((a, calls - a))}
        mean += sum(still.values())
        alive = {}
        for a, chance in still.items():
            alive[a + 1] = alive.get(a + 1, 0.0) + chance * agreement
            alive[a] = alive.get(a, 0.0) + chance * (1 - agreement)
    return mean
