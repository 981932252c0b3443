"""What many decisions of one task say about its votes. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .agreement import FEWEST_ITEMS, AgreementSummary, agreement_summary
from .effective_votes import effective_votes, error_correlation, vote_correlation
from .ratings import Label, Ratings, label_key

UNKNOWN: Final = None
"""The true vote of a decision of which nobody knows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VotedOn:
    """One decision. `votes` are those that were cast, by who cast them; `voters` are all that were asked
    to, or could have been, in order. `calls` counts the voters that were called.

    `in_full`: it was meant to be taken in full, and nobody was left out because it was decided.
    `decision` is None where there was none. `true` is the right vote, None where it is not known.
    """

    item: str
    voters: tuple[str, ...]
    votes: Mapping[str, Label]
    calls: int
    in_full: bool
    decision: Label | None = None
    families: tuple[str, ...] = ()
    classes: int | None = None
    true: Label | None = UNKNOWN
    dag_run_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """How many independent votes a panel of `n` is worth. `of` says of what `rho` is the correlation:
    `errors` or `votes`; all are None where no correlation can be told."""

    n: int
    of: str | None = None
    rho: float | None = None
    votes: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsensusReport:
    """What is known of the votes of one task.

    Shares are of the decisions, None without one. `families` are those of the newest panel. `counted` is
    how many decisions the coefficients rest on; they are `biased` where votes among these are missing
    because the vote was stopped early. `right` counts decisions that are as the truth has it, of `judged`
    of which it is known.
    """

    task: str
    graph: str
    raters: tuple[str, ...]
    decisions: int
    undecided: int
    asked: float
    calls: float
    saved_calls: int
    stopped_early: float
    dissent: float
    families: tuple[str, ...]
    one_family: bool
    effective: Effective
    counted: int
    in_full: int
    biased: bool
    agreement: AgreementSummary
    judged: int = 0
    right: int = 0
    items: tuple[Mapping[str, Any], ...] = field(default=())


def consensus_report(task: str, graph: str, decisions: Sequence[VotedOn]) -> ConsensusReport:
    """The report on the decisions of one task, the newest first, one per item."""
    full = [one for one in decisions if one.in_full]
    counted = full if len(full) >= FEWEST_ITEMS else list(decisions)
    raters = tuple(dict.fromkeys(who for one in decisions for who in one.voters))
    ratings = [[one.votes.get(who) for who in raters] for one in counted]
    newest = decisions[0]
    judged = [one for one in decisions if one.true is not UNKNOWN]
    many = len(decisions)
    return ConsensusReport(
        task=task,
        graph=graph,
        raters=raters,
        decisions=many,
        undecided=sum(one.decision is None for one in decisions),
        asked=math.fsum(len(one.voters) for one in decisions) / many,
        calls=math.fsum(one.calls for one in decisions) / many,
        saved_calls=sum(len(one.voters) - one.calls for one in decisions),
        stopped_early=sum(one.calls < len(one.voters) for one in decisions) / many,
        dissent=sum(_has_dissent(one) for one in decisions) / many,
        families=tuple(sorted(set(newest.families))),
        one_family=len(set(newest.families)) == 1 and len(newest.voters) > 1,
        effective=_effective(len(newest.voters), ratings, [one.true for one in counted]),
        counted=len(counted),
        in_full=len(full),
        biased=any(not one.in_full and len(one.votes) < len(one.voters) for one in counted),
        agreement=agreement_summary(ratings, classes=_classes(counted)),
        judged=len(judged),
        right=sum(_same(one.decision, one.true) for one in judged),
        items=tuple(_row(one, raters) for one in decisions),
    )


def _has_dissent(one: VotedOn) -> bool:
    if one.decision is None:
        return len({label_key(vote) for vote in one.votes.values()}) > 1
    return any(not _same(vote, one.decision) for vote in one.votes.values())


def _same(one: Label | None, two: Label | None) -> bool:
    if one is None or two is None:
        return one is two
    return label_key(one) == label_key(two)


def _effective(n: int, ratings: Ratings, truth: Sequence[Label | None]) -> Effective:
    """By the correlation of errors where the truth tells one, else by that of votes."""
    for of, rho in (("errors", _errors(ratings, truth)), ("votes", vote_correlation(ratings))):
        if rho is not None:
            return Effective(n=n, of=of, rho=rho, votes=effective_votes(n, rho))
    return Effective(n=n)


def _errors(ratings: Ratings, truth: Sequence[Label | None]) -> float | None:
    return error_correlation(ratings, truth) if any(one is not UNKNOWN for one in truth) else None


def _classes(decisions: Sequence[VotedOn]) -> int | None:
    """How many values a vote can take, where all decisions agree on it and no vote contradicts it."""
    known = {one.classes for one in decisions}
    seen = {label_key(vote) for one in decisions for vote in one.votes.values()}
    classes = known.pop() if len(known) == 1 else None
    return None if classes is None else max(classes, len(seen))


def _row(one: VotedOn, raters: Sequence[str]) -> dict[str, Any]:
    """One line of the table of votes; None where a vote is missing."""
    return {
        "item": one.item,
        "dag_run_id": one.dag_run_id,
        "votes": [one.votes.get(who) for who in raters],
        "decision": one.decision,
        "in_full": one.in_full,
        **({"true": one.true} if one.true is not UNKNOWN else {}),
    }
