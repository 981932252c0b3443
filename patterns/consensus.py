"""`consensus`: several with the SAME brief vote on a field of their output; dissent is kept."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, MissingSetting, TooFewMembers
from ..schemas.template import Mapping
from . import pieces
from .dirichlet import expected_calls_by_posterior
from .examples import Example
from .families import family_of_member
from .protocol import At, Calls, Expansion, PatternProblem, check_all, problem
from .settings import Settings, check_members, no_member
from .votes import check_vote_field, classes_of, read_rule
from .voting import VoteRule, expected_calls, first_wave
from .words import TIE

MOST_VOTERS = 101
AGREEMENT = 0.8
"""The plan's model of a vote: two values, and each voter for the better one with this probability."""


class Voting(Settings):
    """Who votes, on what, and by which rule."""

    n: int | None = Field(default=None, description="How many copies of the task vote.")
    members: list[Member] | None = Field(default=None, description="Who votes, if not copies of the task.")
    vote: str = Field(description="The field of the typed output that is counted.")
    reason: str = Field(default="reason", description="The field of the output that says why.")
    rule: str | dict[str, Any] = Field(
        default="majority", description="`plurality`, `majority`, `unanimous`, or `{quorum: K}`."
    )
    min_votes: int | None = Field(
        default=None,
        description="With fewer valid votes there is no decision; by default more than half of the voters.",
    )


class ConsensusSettings(Voting):
    """What happens at a tie, and when to stop asking."""

    on_tie: str | dict[str, Any] = Field(
        default="none",
        description="`none`: no decision; `first`: the first voter's vote; `{escalate: …}`: that of a Role or"
        " a member.",
    )
    stop: str | dict[str, Any] = Field(default="exact", description="`exact`, `off`, or `{posterior: 0.95}`.")
    audit: float = Field(default=0.0, description="The share of votes that are taken in full all the same.")
    waves: list[int] | None = Field(default=None, description="How many voters are asked at a time.")


class Consensus:
    """A vote that stops as soon as it is decided."""

    name: ClassVar[str] = "consensus"
    summary: ClassVar[str] = "several with the same brief vote; stops once it is decided, and keeps dissent"
    settings: ClassVar[type[Settings]] = ConsensusSettings
    guard: ClassVar[str] = "at least two vote, and the typed output has the field that is counted"
    example: ClassVar[Example] = Example(settings={"n": 5, "vote": "verdict"}, verdict=True)

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """The voters, perhaps one that breaks ties, and the verdict."""
        found: ConsensusSettings = settings
        members = voters(task, found, self.name)
        n = len(members)
        ids = [str(index) for index in range(1, n + 1)]
        check_all(
            lambda: read_rule(found.rule, n),
            lambda: min_votes(found, n),
            lambda: _stop(found),
            lambda: _waves(found, n),
            lambda: _check_audit(found.audit),
            lambda: self._tie(task, found, ids),
        )
        rule = read_rule(found.rule, n)
        least = min_votes(found, n)
        stop = _stop(found)
        waves = _waves(found, n)
        tie, breaker = self._tie(task, found, ids)
        told = vote_settings(found, members, ids, rule, least)
        told |= {"stop": stop, "audit": found.audit, "waves": waves, "on_tie": tie}
        if breaker is not None:
            told["breaker"] = breaker.id
        first = (
            n
            if stop == "off"
            else waves[0]
            if waves
            else first_wave(n, rule, least, full_on_tie=tie == "first")
        )
        made = [
            pieces.work(
                member.task, name, at=member.where, independent=True, sample=index, held=index > first
            )
            for index, (name, member) in enumerate(zip(ids, members, strict=True), 1)
        ]
        pieces.refuse_shared_files(made, self.name, [member.where for member in members])
        needs = [*ids, *([breaker.id] if breaker is not None else [])]
        verdict = pieces.join("verdict", "vote", needs=needs, rule="vote", settings=told)
        breakers = [breaker] if breaker is not None else []
        return Expansion(
            pieces=(*made, *breakers, verdict),
            result="verdict",
            calls=_calls(n, rule, least, stop, tie),
            size=n,
        )

    def _tie(self, task: BoundTask, found: ConsensusSettings, ids: list[str]) -> tuple[str, BoundTask | None]:
        tie = found.on_tie
        if tie in ("none", "first"):
            return str(tie), None
        escalate = tie.get("escalate") if isinstance(tie, dict) and len(tie) == 1 else None
        at = ("on_tie", "escalate")
        needs = pieces.after(ids, "done")
        if isinstance(escalate, str):
            escalate = pieces.by_role(task, escalate, at)
        if isinstance(escalate, Member):
            inputs = {"votes": Mapping(tuple((one, pieces.piece(one)) for one in ids))}
            check_vote_field(escalate.task, found.vote, at)
            return "escalate", pieces.looking(
                escalate, "tie", TIE, about=task, inputs=inputs, needs=needs, held=True
            )
        if escalate is not None:
            raise PatternProblem(*((error, (*at, *below)) for error, below in no_member(escalate)))
        raise problem(
            BadSetting,
            "`on_tie` is `none`, `first`, or `{escalate: …}` with a Role or a member",
            at=("on_tie",),
        )


def voters(task: BoundTask, found: Voting, name: str) -> list[Member]:
    """Who votes. Raises `PatternProblem` for too few, and for outputs that have no vote."""
    at: At = ("n",)
    if found.members is not None:
        if found.n is not None:
            raise problem(BadSetting, "`n` and `members` exclude each other", at=("n",))
        check_members(found.members, frozenset({"name", "family"}))
        members, at = list(found.members), ("members",)
    elif found.n is None:
        hint = f"write `{name}: {{n: 3, vote: …}}`"
        raise problem(MissingSetting, f"`{name}` needs `n` or `members`", hint)
    else:
        members = [Member(task=found.work(task), where=at) for _ in range(min(found.n, MOST_VOTERS + 1))]
    if len(members) < 2:
        count = len(members) if found.n is None else found.n
        raise problem(TooFewMembers, f"a {name} needs at least 2 voters, and has {count}", at=at)
    if len(members) > MOST_VOTERS:
        raise problem(BadSetting, f"at most {MOST_VOTERS} vote at once", at=at)
    check_all(*(partial(_check_vote, one, task, found.vote) for one in members))
    pieces.refuse_repeated_effects(task, name, sum(not one.has_work for one in members))
    return members


def _check_vote(member: Member, task: BoundTask, field: str) -> None:
    if member.task.pattern is None:
        own = "output" in member.given or member.task.body is not task.body
        check_vote_field(member.task, field, member.where if own else ("vote",))


def min_votes(found: Voting, n: int) -> int:
    """The fewest valid votes that make a decision."""
    least = n // 2 + 1 if found.min_votes is None else found.min_votes
    if not 1 <= least <= n:
        raise problem(
            BadSetting, f"`min_votes` lies between 1 and {n}, the number of voters", at=("min_votes",)
        )
    return least


def vote_settings(
    found: Voting, members: list[Member], ids: list[str], rule: VoteRule, least: int
) -> dict[str, Any]:
    """What the rule and the verdict need to know about a vote."""
    return {
        "voters": ids,
        "who": pieces.who(members, ids),
        "families": [family_of_member(member) for member in members],
        "classes": classes_of(members[0].task, found.vote),
        "field": found.vote,
        "reason": found.reason,
        "rule": [rule.kind, rule.k],
        "min_votes": least,
    }


def _check_audit(share: float) -> None:
    if not 0 <= share <= 1:
        raise problem(BadSetting, "`audit` is a share between 0 and 1", at=("audit",))


def _stop(found: ConsensusSettings) -> str | float:
    if found.stop in ("exact", "off"):
        return str(found.stop)
    threshold = found.stop.get("posterior") if isinstance(found.stop, dict) and len(found.stop) == 1 else None
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0.5 < threshold <= 1:
        raise problem(
            BadSetting,
            "`stop` is `exact`, `off`, or `{posterior: P}` with P above 0.5 and at most 1",
            at=("stop",),
        )
    return float(threshold)


def _waves(found: ConsensusSettings, n: int) -> list[int] | None:
    waves = found.waves
    if waves is not None and (not waves or min(waves) < 1 or sum(waves) > n):
        raise problem(BadSetting, f"`waves` are numbers from 1 that come to at most {n}", at=("waves",))
    return waves


@lru_cache(maxsize=256)
def _calls(n: int, rule: VoteRule, least: int, stop: str | float, tie: str) -> Calls:
    if stop == "off":
        return Calls(expected=n, worst=n)
    full = tie == "first"
    if isinstance(stop, float):
        found = expected_calls_by_posterior(n, rule, stop, least, agreement=AGREEMENT, full_on_tie=full)
    else:
        found = expected_calls(n, rule, least, agreement=AGREEMENT, full_on_tie=full)
    extra = tie == "escalate"
    model = f"two values, each voter for the better one with probability {AGREEMENT:g}"
    return Calls(expected=found.expected, worst=found.worst + extra, model=model)
