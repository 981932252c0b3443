"""`team`: members with a purpose each, and one result of what they did."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, SharesTooLarge, TooFewMembers
from ..schemas.template import Literal, Template
from . import pieces
from .examples import Example
from .gathering import Gathering, formulas_of, gathered
from .protocol import Calls, Expansion, check_all, problem
from .settings import Settings, check_members


class TeamSettings(Gathering):
    """Who is on the team."""

    members: list[Member] = Field(
        description="Who takes part: each with work, a `purpose`, and a `share` of the budget."
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
        members = found.members
        check_members(members, frozenset({"name", "brief", "purpose", "share"}))
        if len(members) < 2:
            raise problem(
                TooFewMembers, f"a team needs at least 2 members, and has {len(members)}", at=("members",)
            )
        _check_shares(members)
        pieces.refuse_repeated_effects(task, self.name, sum(not one.has_work for one in members))
        made = []
        for index, member in enumerate(members, 1):
            inputs: dict[str, Template] = {
                key: Literal(member.keys[key]) for key in ("purpose", "brief") if key in member.keys
            }
            own = member.task
            if "share" in member.keys:
                own = pieces.refused(own, "share", (*member.where, "share"))
            made.append(
                pieces.work(own, str(index), inputs=inputs, at=member.where, sample=index, later=own.later)
            )
        pieces.refuse_shared_files(made, self.name, [member.where for member in members])
        joined, result = gathered(found, members, [one.id for one in made], self.name)
        return Expansion(
            pieces=(*made, *joined),
            result=result,
            calls=Calls(expected=len(made), worst=len(made)),
            size=len(made),
            formulas=formulas_of(found),
        )


def _check_shares(members: list[Member]) -> None:
    check_all(*(partial(_check_share, member) for member in members))
    total = 0.0
    for member in members:
        total += member.keys.get("share", 0)
        if total > 1 + 1e-9:
            text = f"the shares of the team come to {total:.0%} of the budget"
            raise problem(SharesTooLarge, text, "together they may be at most 1", (*member.where, "share"))


def _check_share(member: Member) -> None:
    share = member.keys.get("share", 0)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        hint = "half of the budget is `share: 0.5`"
        raise problem(BadSetting, "a share lies between 0 and 1", hint, (*member.where, "share"))
