"""`fanout`: several at the same task, each with a brief of its own; a join takes what comes of it."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, MissingSetting, TooFewMembers
from ..schemas.template import Concat, Literal, Template
from . import pieces
from .examples import Example
from .gathering import Gathering, formulas_of, gathered
from .protocol import Calls, Expansion, problem
from .settings import Settings, check_members
from .words import of_brief

ANGLES = (
    "Look for what is wrong: cases in which the result does not hold.",
    "Look for what is missing: cases that nobody thought of.",
    "Look at what others could do to it: input made to harm, rights, secrets.",
    "Look at what it costs: time, memory, calls, money.",
    "Look at how it reads: names, structure, what a newcomer would stumble over.",
    "Look at what depends on it, and what it depends on.",
    "Look for the simplest way to reach the same end.",
    "Take the view of whoever has to run it at night.",
)
"""The briefs of copies that were given none."""


class FanoutSettings(Gathering):
    """How many, or who; and what becomes of their results."""

    n: int | None = Field(default=None, description="How many copies of the task, each with another angle.")
    members: list[Member] | None = Field(
        default=None, description="Who takes part, if not copies of the task."
    )
    briefs: list[str] | None = Field(default=None, description="The brief of each copy.")


class Fanout:
    """N at one task, each with another brief."""

    name: ClassVar[str] = "fanout"
    summary: ClassVar[str] = "several at the same task, each with another brief"
    settings: ClassVar[type[Settings]] = FanoutSettings
    guard: ClassVar[str] = "at least two take part"
    example: ClassVar[Example] = Example(settings={"n": 3})

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """One piece per copy or member, and the join."""
        found: FanoutSettings = settings
        members, briefs = _members(task, found)
        pieces.refuse_repeated_effects(task, self.name, len(members))
        made = []
        for index, (member, brief) in enumerate(zip(members, briefs, strict=True), 1):
            # An agent is asked what its brief says; all others find it among their inputs.
            is_asked = brief is not None and pieces.is_agent(member.task)
            inputs = {} if brief is None or is_asked else {"brief": _within(member.task, brief)}
            made.append(
                pieces.work(
                    member.task,
                    str(index),
                    inputs=inputs,
                    at=member.where,
                    words="" if brief is None else of_brief(brief),
                    independent=True,
                    sample=index,
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


def _members(task: BoundTask, found: FanoutSettings) -> tuple[list[Member], list[str | None]]:
    """Who takes part, and the brief of each."""
    if found.members is not None:
        if found.n is not None or found.briefs is not None:
            raise problem(
                BadSetting, "`members` come with briefs of their own", "drop `n` and `briefs`", ("members",)
            )
        check_members(found.members, frozenset({"name", "brief"}))
        if len(found.members) < 2:
            raise problem(
                TooFewMembers,
                f"a fanout needs at least 2 members, and has {len(found.members)}",
                at=("members",),
            )
        return found.members, [member.keys.get("brief") for member in found.members]
    if found.briefs is not None and found.n is not None and found.n != len(found.briefs):
        raise problem(
            BadSetting, f"`n` is {found.n}, and there are {len(found.briefs)} briefs", at=("briefs",)
        )
    count = len(found.briefs) if found.briefs is not None else found.n
    if count is None:
        raise problem(MissingSetting, "`fanout` needs `n`, `briefs` or `members`", "write `fanout: {n: 3}`")
    at = ("briefs",) if found.briefs is not None else ("n",)
    if count < 2:
        raise problem(
            TooFewMembers,
            f"a fanout is at least 2, and this is {count}",
            "for one node leave `pattern` out",
            at,
        )
    pieces.refuse_too_many(count, at)
    briefs: list[str | None] = (
        list(found.briefs) if found.briefs is not None else [_angle(i) for i in range(count)]
    )
    return [Member(task=found.work(task), where=at) for _ in range(count)], briefs


def _within(task: BoundTask, brief: str) -> Template:
    """The brief, behind the one that a fanout around this one gave."""
    outer = dict(task.inputs).get("brief") if "brief" in task.offered else None
    if isinstance(outer, Literal):
        return Literal(f"{outer.value}\n{brief}")
    return Literal(brief) if outer is None else Concat((outer, Literal(f"\n{brief}")))


def _angle(index: int) -> str:
    again, which = divmod(index, len(ANGLES))
    return ANGLES[which] + (f" Others have done so {again} times: find what they did not." if again else "")
