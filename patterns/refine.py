"""`refine`: a draft, an outside check, and a bounded number of revisions."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting, NoOutsideCheck
from ..schemas.template import Expr, Template
from . import pieces
from .checks import check_is_outside
from .examples import Example
from .protocol import Calls, Expansion, check_all, problem
from .settings import Settings, check_members
from .words import REDRAFT

MOST_ROUNDS = 100


class RefineSettings(Settings):
    """The check, and how often the draft may be revised."""

    check: Member | None = Field(default=None, description="What says whether a draft will do.")
    rounds: int = Field(default=2, description="How many revisions there may be after the first draft.")


class Refine:
    """The last draft, if it passes."""

    name: ClassVar[str] = "refine"
    summary: ClassVar[str] = "a draft is revised, a bounded number of times, until an outside check passes"
    settings: ClassVar[type[Settings]] = RefineSettings
    guard: ClassVar[str] = "a check from outside: revising without one does not help (arXiv 2310.01798)"
    example: ClassVar[Example] = Example(
        settings={"check": {"run": ["./verify"]}, "rounds": 1}, task="draft", run=("./draft",)
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """A draft and its check for each round, and the one that takes the draft that passed."""
        found: RefineSettings = settings
        if found.check is None:
            raise problem(
                NoOutsideCheck,
                "`refine` needs a check from outside: revising without one does not help (arXiv 2310.01798)",
                "add `check: {run: …}`, which exits with 0 when it passes, or `check: {role: …}`",
            )
        check = found.check
        check_all(
            lambda: check_members([check], frozenset()),
            lambda: check_rounds(found.rounds),
            lambda: check_is_outside(check, [task], self.name),
            lambda: pieces.refuse_repeated_effects(task, self.name, found.rounds + 1),
        )
        made: list[BoundTask] = []
        pairs: list[list[str]] = []
        for number in range(found.rounds + 1):
            draft, look = named("draft", number), named("check", number)
            inputs: dict[str, Template] = {}
            needs = pieces.after([])
            if pairs:
                before, seen = pairs[-1]
                needs = pieces.after([before, seen], "done")
                inputs = {
                    "draft": pieces.output_of(before),
                    "findings": Expr(
                        f'pieces["{seen}"].output.findings if pieces["{seen}"].status == "ok"'
                        f' and pieces["{seen}"].output is mapping else pieces["{seen}"].output'
                        f' if pieces["{seen}"].status == "ok" else none'
                    ),
                }
            held = number > 0
            made.append(
                pieces.work(
                    found.work(task),
                    draft,
                    inputs=inputs,
                    needs=needs,
                    words=REDRAFT if number else "",
                    held=held,
                    sample=number + 1,
                )
            )
            made.append(
                pieces.check(
                    check,
                    look,
                    about=task,
                    inputs={
                        "candidate": pieces.output_of(draft),
                        "deliverable": pieces.piece(draft, ".deliverable"),
                    },
                    needs=pieces.after([draft]),
                    held=held,
                    sample=number + 1,
                )
            )
            pairs.append([draft, look])
        who = {draft: draft for draft, _ in pairs}
        result = pieces.join(
            "result",
            "first_passed",
            needs=[name for pair in pairs for name in pair],
            rule="until_passed",
            settings={"pairs": pairs, "waves": [], "who": who},
            told={"pattern": self.name},
        )
        return Expansion(
            pieces=(*made, result),
            result="result",
            calls=Calls(expected=1, worst=found.rounds + 1, model="the first draft passes"),
        )


def check_rounds(rounds: int) -> None:
    """Refuse a number of rounds that is none, or too large to be meant."""
    if not 0 <= rounds <= MOST_ROUNDS:
        raise problem(BadSetting, f"`rounds` lies between 0 and {MOST_ROUNDS}", at=("rounds",))


def named(name: str, number: int) -> str:
    """The id of a piece in a round, the first of which is number 0: `draft`, `draft#2`, `draft#3`."""
    return name if number == 0 else f"{name}#{number + 1}"
