"""The join of `fanout` and `team`: what becomes of the results of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import BadSetting
from ..schemas.suggest import did_you_mean
from ..schemas.template import Expr, Given, Mapping
from . import pieces
from .protocol import Formula, PatternProblem, problem
from .settings import Settings, no_member
from .words import SYNTHESIS

_PLAIN = ("collect", "first_ok")
_NEEDS = {
    "best": ("an expression", "`join: {best: output.score}`"),
    "synthesise": ("a Role or a member", "`join: {synthesise: docs}`"),
}
"""The joins that are not one word: what each needs, and how that is written."""


class Gathering(Settings):
    """The setting that says what becomes of the results."""

    join: str | dict[str, Any] = Field(
        default="collect",
        description="`collect`: a list of all; `first_ok`: the first that ended ok; `{best: EXPR}`: where an"
        " expression over `output` is greatest; `{synthesise: …}`: a Role or a member makes one of them.",
    )


def formulas_of(settings: Gathering) -> tuple[Formula, ...]:
    """The expression of `best`, where the join is one."""
    best = settings.join.get("best") if isinstance(settings.join, dict) else None
    return (Formula(best, ("output",), ("join", "best")),) if isinstance(best, str) else ()


def gathered(
    task: BoundTask, settings: Gathering, members: Sequence[Member], ids: Sequence[str], name: str
) -> tuple[list[BoundTask], str]:
    """The pieces that join those called `ids`, which are about `task`, and the one that speaks for all.
    Raises `PatternProblem`."""
    told: dict[str, Any] = {"pattern": name, "who": pieces.who(members, ids)}
    chosen = settings.join
    if isinstance(chosen, str):
        if chosen in _NEEDS:
            raise problem(
                BadSetting, f"`{chosen}` needs {_NEEDS[chosen][0]}", f"write {_NEEDS[chosen][1]}", ("join",)
            )
        if chosen not in _PLAIN:
            hint = did_you_mean(chosen, (*_PLAIN, *_NEEDS))
            raise problem(
                BadSetting,
                f"there is no join `{chosen}`",
                hint or "write `collect`, `first_ok`, `{best: EXPR}` or `{synthesise: …}`",
                ("join",),
            )
        rule = "first_ok" if chosen == "first_ok" else "everything"
        return [
            pieces.join("join", chosen, needs=ids, rule=rule, settings={"pieces": list(ids)}, told=told)
        ], "join"
    if len(chosen) != 1 or next(iter(chosen)) not in _NEEDS:
        raise problem(BadSetting, "a join is `{best: EXPR}` or `{synthesise: …}`", at=("join",))
    ((kind, value),) = chosen.items()
    at = ("join", kind)
    if kind == "best":
        return [_best(value, ids, told)], "join"
    inputs = {"candidates": Mapping(tuple((one, pieces.piece(one)) for one in ids))}
    after = pieces.join(
        "gathered", "collect", needs=ids, rule="everything", settings={"pieces": list(ids)}, told=told
    )
    needs = (*pieces.after(["gathered"]), *pieces.after(ids, "done"))
    if isinstance(value, str):
        value = pieces.by_role(task, value, at)
    if not isinstance(value, Member):
        raise PatternProblem(*((error, (*at, *below)) for error, below in no_member(value)))
    made = pieces.looking(value, "synthesis", SYNTHESIS, about=task, inputs=inputs, needs=needs)
    return [after, made], "synthesis"


def _best(expression: Any, ids: Sequence[str], told: dict[str, Any]) -> BoundTask:
    if not isinstance(expression, str) or not expression.strip():
        raise problem(
            BadSetting, "`best` is an expression over `output`, such as `output.score`", at=("join", "best")
        )
    scores = Mapping(
        tuple(
            (
                one,
                Given(
                    f"({expression}) if is_ok else none",
                    (
                        ("is_ok", Expr(f'pieces["{one}"].status == "ok"')),
                        ("output", pieces.output_of(one)),
                    ),
                ),
            )
            for one in ids
        )
    )
    return pieces.join(
        "join",
        "best",
        needs=ids,
        rule="everything",
        settings={"pieces": list(ids)},
        told={**told, "expression": expression},
        inputs={"scores": scores},
    )
