"""`cascade`: from cheap to dear, as long as an outside check says no."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.agent import TIERS
from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, MissingSetting, NoOutsideCheck, TooFewMembers
from ..schemas.suggest import did_you_mean, in_backticks
from . import pieces
from .checks import check_is_outside
from .examples import Example
from .protocol import Calls, Expansion, check_all, problem
from .settings import Settings, check_members


class CascadeSettings(Settings):
    """The steps, and the check."""

    steps: list[Member] | None = Field(default=None, description="Who tries, from cheap to dear.")
    tiers: list[str] | None = Field(
        default=None, description="The tiers of the Role that try, from cheap to dear."
    )
    check: Member | None = Field(default=None, description="What says whether a result will do.")
    waves: list[int] | None = Field(
        default=None, description="How many steps are tried at a time; one by default."
    )


class Cascade:
    """The first that passes."""

    name: ClassVar[str] = "cascade"
    summary: ClassVar[str] = "from a cheap step to a dear one, as long as an outside check says no"
    settings: ClassVar[type[Settings]] = CascadeSettings
    guard: ClassVar[str] = "a check that is not the opinion of whoever did the work"
    example: ClassVar[Example] = Example(
        settings={"steps": [{"run": ["./quick"]}, {"run": ["./thorough"]}], "check": {"run": ["./verify"]}},
        task="solve",
        run=("./solve",),
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """A step and its check, pair by pair, and the one that takes the first that passed."""
        found: CascadeSettings = settings
        steps = self._steps(task, found)
        if found.check is None:
            raise problem(
                NoOutsideCheck,
                "a cascade needs a check that says whether a step's result will do",
                "add `check: {run: …}`, which exits with 0 when it passes, or `check: {role: …}`",
            )
        check, waves = found.check, found.waves or []
        check_all(
            lambda: check_members([check], frozenset()),
            lambda: check_is_outside(check, [step.task for step in steps], self.name),
            lambda: pieces.refuse_repeated_effects(task, self.name, sum(not step.has_work for step in steps)),
            lambda: _check_waves(waves, len(steps)),
        )
        made: list[BoundTask] = []
        pairs: list[list[str]] = []
        earlier: list[int] = _earlier(waves, len(steps))
        for index, step in enumerate(steps, 1):
            name, look = f"step-{index}", f"check-{index}"
            before = [one for pair in pairs[: earlier[index - 1]] for one in pair]
            held = bool(before)
            # A step comes after all earlier waves, and so may write what they wrote.
            needs = pieces.after(before, "done")
            made.append(pieces.work(step.task, name, at=step.where, needs=needs, sample=index, held=held))
            inputs = {"candidate": pieces.output_of(name), "deliverable": pieces.piece(name, ".deliverable")}
            made.append(
                pieces.check(
                    found.check,
                    look,
                    about=task,
                    inputs=inputs,
                    needs=pieces.after([name]),
                    held=held,
                    sample=index,
                )
            )
            pairs.append([name, look])
        told = {
            "pattern": self.name,
            "who": pieces.who(steps, [f"step-{index}" for index in range(1, len(steps) + 1)]),
        }
        result = pieces.join(
            "result",
            "first_passed",
            needs=[name for pair in pairs for name in pair],
            rule="until_passed",
            settings={"pairs": pairs, "waves": waves, "who": told["who"]},
            told=told,
        )
        return Expansion(
            pieces=(*made, result),
            result="result",
            calls=Calls(expected=1, worst=len(steps), model="the first passes"),
            size=len(steps),
        )

    def _steps(self, task: BoundTask, found: CascadeSettings) -> list[Member]:
        if found.steps is not None and found.tiers is None:
            check_members(found.steps)
            if len(found.steps) < 2:
                raise problem(
                    TooFewMembers,
                    f"a cascade has at least 2 steps, and this has {len(found.steps)}",
                    at=("steps",),
                )
            return found.steps
        if found.tiers is None:
            raise problem(
                MissingSetting, "`cascade` needs `steps` or `tiers`", "write `steps: [{run: …}, {run: …}]`"
            )
        if found.steps is not None:
            raise problem(BadSetting, "`steps` and `tiers` exclude each other", at=("tiers",))
        if len(found.tiers) < 2:
            message = f"a cascade has at least 2 tiers, and this has {len(found.tiers)}"
            raise problem(TooFewMembers, message, at=("tiers",))
        return [self._tier(task, tier, index) for index, tier in enumerate(found.tiers)]

    def _tier(self, task: BoundTask, tier: str, index: int) -> Member:
        at = ("tiers", index)
        if tier not in TIERS:
            there = f"there are {in_backticks(TIERS, last='and')}"
            raise problem(BadSetting, f"there is no tier `{tier}`", did_you_mean(tier, TIERS) or there, at)
        if task.agent is None or task.kind != "role":
            message = f"`tiers` are for a task with `role`, and `{task.id}` has none"
            raise problem(BadSetting, message, "write `steps: [{run: …}, {run: …}]`", ("tiers",))
        agent = replace(task.agent, tier=tier, model=None)
        return Member(task=replace(task, agent=agent), keys={"name": tier}, where=at)


def _check_waves(waves: list[int], steps: int) -> None:
    if any(wave < 1 for wave in waves) or sum(waves) > steps:
        raise problem(BadSetting, f"`waves` are numbers from 1 that come to at most {steps}", at=("waves",))


def _earlier(waves: list[int], steps: int) -> list[int]:
    """How many steps lie in earlier waves, for each step; those that no wave names come one by one."""
    found: list[int] = []
    for size in [*waves, *[1] * (steps - sum(waves))]:
        found += [len(found)] * size
    return found
