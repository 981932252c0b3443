"""`shadow`: others do the same beside the task, and never delay, fail or change it."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.canonical import digest
from ..schemas.errors.patterns import BadSetting, EffectsRepeated, NothingDiffers, TooFewMembers
from ..schemas.template import Expr, Given, Mapping
from . import pieces
from .examples import Example
from .families import work_key
from .protocol import Calls, Expansion, Formula, check_all, problem
from .settings import Settings, check_members


class ShadowSettings(Settings):
    """Who runs beside the task, and what counts."""

    shadows: list[Member] = Field(
        description="Who runs beside the task: another command, callable, runtime, tier or model."
    )
    compare: str | Member = Field(
        default="schema",
        description="What counts as passing: `schema` (the attempt ended ok, its output meets its schema), an"
        " expression over `output`, or a check: `{run: …}`.",
    )
    margin: float = Field(
        default=0.05, description="By how much less a shadow may pass and still be as good."
    )
    share: float | None = Field(default=None, description="The most that shadows may take of the budget.")


class Shadow:
    """The primary's output alone flows on; comparisons are kept."""

    name: ClassVar[str] = "shadow"
    summary: ClassVar[str] = "others do the same beside the task, and are compared; they never touch it"
    settings: ClassVar[type[Settings]] = ShadowSettings
    guard: ClassVar[str] = "at least one shadow, each of which differs from the task"
    example: ClassVar[Example] = Example(
        settings={"shadows": [{"run": ["./review", "--fast"]}], "compare": {"run": ["./verify"]}}
    )

    def expand(self, task: BoundTask, settings: Any) -> Expansion:
        """The primary, and in the background the shadows, their checks, and the comparison."""
        found: ShadowSettings = settings
        self._check(task, found)
        pieces.refuse_repeated_effects(task, self.name, 1 + len(found.shadows))
        primary = pieces.work(found.work(task), "primary")
        if found.share is not None:
            primary = pieces.refused(primary, "share", ("share",))
        made = [primary]
        names = [f"shadow-{index}" for index in range(1, len(found.shadows) + 1)]
        for index, (name, member) in enumerate(zip(names, found.shadows, strict=True), 1):
            made.append(
                pieces.work(
                    member.task,
                    name,
                    at=member.where,
                    independent=True,
                    sample=index + 1,
                    background=True,
                )
            )
        places = [("shadows",), *(member.where for member in found.shadows)]
        pieces.refuse_shared_files(made, self.name, places)
        checks: list[BoundTask] = []
        inputs = {}
        if isinstance(found.compare, Member):
            check_members([found.compare], frozenset())
            for number, name in enumerate(("primary", *names), 1):
                looked = {
                    "candidate": pieces.output_of(name),
                    "deliverable": pieces.piece(name, ".deliverable"),
                }
                checks.append(
                    pieces.check(
                        found.compare,
                        f"check-{name}",
                        about=task,
                        inputs=looked,
                        needs=pieces.after([name]),
                        background=True,
                        sample=number,
                    )
                )
        elif found.compare != "schema":
            inputs["scores"] = Mapping(
                tuple((name, _score(name, found.compare)) for name in ("primary", *names))
            )
        who = {"primary": "primary", **pieces.who(found.shadows, names)}
        compared = pieces.join(
            "compare",
            "compared",
            needs=["primary", *names, *(one.id for one in checks)],
            rule="everything",
            settings={"pieces": ["primary", *names, *(one.id for one in checks)]},
            told={
                "who": who,
                "margin": found.margin,
                "checks": bool(checks),
                "shadows": names,
                "works": {one.id: digest(work_key(one)) for one in made},
            },
            inputs=inputs,
            reports=False,
            background=True,
        )
        total = 1 + len(names)
        is_formula = isinstance(found.compare, str) and found.compare != "schema"
        return Expansion(
            pieces=(*made, *checks, compared),
            result="primary",
            calls=Calls(expected=total, worst=total),
            formulas=(Formula(str(found.compare), ("output",), ("compare",)),) if is_formula else (),
        )

    def _check(self, task: BoundTask, found: ShadowSettings) -> None:
        if not found.shadows:
            hint = "name at least one under `shadows`"
            raise problem(TooFewMembers, "there is no shadow", hint, ("shadows",))
        check_all(
            lambda: check_members(found.shadows),
            lambda: _check_numbers(found),
            *(partial(_check_shadow, member, task) for member in found.shadows),
        )


def _check_numbers(found: ShadowSettings) -> None:
    if not 0 < found.margin < 1:
        raise problem(BadSetting, "`margin` lies between 0 and 1", at=("margin",))
    if found.share is not None and not 0 < found.share <= 1:
        raise problem(BadSetting, "`share` lies between 0 and 1", at=("share",))


def _check_shadow(member: Member, task: BoundTask) -> None:
    if member.task.effects == "external" and task.effects != "external":
        message = "a shadow has external effects, and would do more than be compared"
        raise problem(EffectsRepeated, message, "let it only say what it would do", member.where)
    told_apart = "runtime" in member.given and member.task.runtime != task.runtime
    if not told_apart and member.task.pattern is None and work_key(member.task) == work_key(task):
        raise problem(
            NothingDiffers,
            f"a shadow of `{task.id}` does not differ from it",
            "give it another `role`, `run`, `python`, `runtime`, `tier` or `model`",
            member.where,
        )


def _score(name: str, expression: str) -> Given:
    return Given(
        f"({expression}) if is_ok else none",
        (("is_ok", Expr(f'pieces["{name}"].status == "ok"')), ("output", pieces.output_of(name))),
    )
