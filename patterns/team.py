"""`team`: members with a purpose each, and one result of what they did."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, MissingSetting, SharesTooLarge, TooFewMembers
from ..schemas.template import Literal, Template
from . import pieces
from .examples import Example
from .gathering import Gathering, formulas_of, gathered
from .protocol import Calls, Expansion, check_all, problem
from .settings import Settings, check_members
from .words import of_member

_SHARES = {"share": 1, "budget_pct_of_head": 100}
"""The keys that give a member a share of the budget, and how much the whole is."""


class TeamSettings(Gathering):
    """Who is on the team."""

    members: list[Member] | None = Field(
        default=None, description="Who takes part: each with work, a `purpose`, and a `share` of the budget."
    )
    delegates_to: list[Member] | None = Field(
        default=None,
        description="The same as a Manifest says it: each with a `role`, a `purpose`, and a"
        " `budget_pct_of_head`, a share of the budget in percent.",
    )


class Team:
    """Different work on one matter, brought together."""

    name: ClassVar[str] = "team"
    summary: ClassVar[str] = "members with a purpose each, and one result of what they did"
    settings: ClassVar[type[Settings]] = TeamSettings
    guard: ClassVar[str] = "at least two members, whose shares come to at most the whole budget"
    example: ClassVar[Example] = Example(
        settings={
            "members": [
                {"run": ["./measure"], "purpose": "figures"},
                {"run": ["./describe"], "purpose": "words"},
            ],
            "join": {"synthesise": {"run": ["./combine"]}},
        },
        task="write",
        run=("./write",),
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """One piece per member, and what joins them."""
        found: TeamSettings = settings
        members = _members(found)
        _check_shares(members)
        pieces.refuse_repeated_effects(task, self.name, sum(not one.has_work for one in members))
        made = []
        for index, member in enumerate(members, 1):
            told = {key: member.keys[key] for key in ("purpose", "brief") if key in member.keys}
            # An agent is asked what its purpose says; all others find it among their inputs.
            is_asked = pieces.is_agent(member.task)
            inputs: dict[str, Template] = {} if is_asked else {key: Literal(told[key]) for key in told}
            own = member.task
            for key in _SHARES:
                if key in member.keys:
                    own = pieces.refused(own, key, (*member.where, key))
            made.append(
                pieces.work(
                    own,
                    str(index),
                    inputs=inputs,
                    at=member.where,
                    words=of_member(told.get("purpose"), told.get("brief")),
                    independent=True,
                    sample=index,
                    later=own.later,
                )
            )
        pieces.refuse_shared_files(made, self.name, [member.where for member in members])
        joined, result = gathered(task, found, members, [one.id for one in made], self.name)
        return Expansion(
            pieces=(*made, *joined),
            result=result,
            calls=Calls(expected=len(made), worst=len(made)),
            size=len(made),
            formulas=formulas_of(found),
        )


def _members(found: TeamSettings) -> list[Member]:
    """Who is on the team, as either setting says it."""
    if found.members is not None and found.delegates_to is not None:
        raise problem(BadSetting, "`members` and `delegates_to` exclude each other", at=("delegates_to",))
    key, members, share = "members", found.members, "share"
    if members is None:
        key, members, share = "delegates_to", found.delegates_to, "budget_pct_of_head"
    if members is None:
        hint = "write `team: {members: [{role: …, purpose: …}, …]}`"
        raise problem(MissingSetting, "`team` needs `members` or `delegates_to`", hint)
    check_members(members, frozenset({"name", "brief", "purpose", share}))
    if len(members) < 2:
        message = f"a team needs at least 2 members, and has {len(members)}"
        raise problem(TooFewMembers, message, at=(key,))
    return members


def _check_shares(members: list[Member]) -> None:
    check_all(*(partial(_check_share, member, key) for member in members for key in _SHARES))
    total = 0.0
    for member in members:
        for key, whole in _SHARES.items():
            total += member.keys.get(key, 0) / whole
            if total > 1 + 1e-9 and key in member.keys:
                text = f"the shares of the team come to {total:.0%} of the budget"
                raise problem(
                    SharesTooLarge, text, f"together they may be at most {whole}", (*member.where, key)
                )


def _check_share(member: Member, key: str) -> None:
    share, whole = member.keys.get(key, 0), _SHARES[key]
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= whole:
        hint = f"half of the budget is `{key}: {whole / 2:g}`"
        raise problem(BadSetting, f"a share lies between 0 and {whole}", hint, (*member.where, key))
