"""What a task waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import mistakes
from .annotations import Choice, Names
from .line_errors import line_error
from .model import GrammarModel
from .scalars import share_of
from .span import Path
from .suggest import did_you_mean
from .values import Expression, PositiveCount, Share, TaskId

MODES = ("ok", "done", "failed")


def _count_shape(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return "count"
    if isinstance(value, str):
        return "expression" if "${{" in value else "share"
    raise mistakes.bad_share(value)


class Quorum(GrammarModel):
    """How many items of a fan-out must have ended `ok`; the others may end as they like."""

    shorthand: ClassVar[str] = "{ok: 2/3}"

    ok: Annotated[
        int | str,
        Choice(_count_shape, {"count": PositiveCount, "share": Share, "expression": Expression}),
        Field(
            description="How many items must have ended `ok`: a count, or a share `N/M` of them, rounded up.",
            examples=[2, "2/3"],
        ),
    ]

    @property
    def count(self) -> int | None:
        """N of `N` and of `N/M`; None for an expression."""
        if isinstance(self.ok, int):
            return self.ok
        return None if "${{" in self.ok else share_of(self.ok)[0]

    @property
    def of(self) -> int | None:
        """M of `N/M`, else None."""
        return None if isinstance(self.ok, int) or "${{" in self.ok else share_of(self.ok)[1]


def _mode_shape(value: Any) -> str:
    if isinstance(value, dict):
        return "quorum"
    if isinstance(value, str) and value in MODES:
        return "mode"
    raise bad_mode(value)


def bad_mode(value: object) -> PydanticCustomError:
    """The error for a need that asks for no known end."""
    hint = "write `ok`, `done`, `failed`, or `{ok: 2/3}` for a share of a fan-out's items"
    if isinstance(value, str):
        hint = did_you_mean(value, MODES) or hint
    return mistakes.mistake(
        "bad_need", f"{mistakes.shown(value)} is not an end that a need can ask for", hint
    )


NeedValue = Annotated[
    Literal["ok", "done", "failed"] | Quorum,
    Choice(_mode_shape, {"mode": Literal["ok", "done", "failed"], "quorum": Quorum}),
]


def _needs_shape(value: Any) -> str:
    if isinstance(value, list):
        return "list"
    if isinstance(value, dict):
        return "map"
    hint = "write a list, such as `[build, test]`, or a map, such as `{build: done}`"
    if isinstance(value, str) and "${{" not in value:
        names = [name for name in value.replace(",", " ").split() if name]
        hint = f"write a list: `[{', '.join(names)}]`" if names else hint
    raise mistakes.mistake(
        "needs_list", f"expected the ids of tasks in a list, found {mistakes.kind_of(value)}", hint
    )


_List = Annotated[tuple[TaskId, ...], Strict(False)]
_Map = Annotated[dict[str, NeedValue], Names(TaskId, NeedValue)]
Needs = Annotated[
    tuple[str, ...] | dict[str, Literal["ok", "done", "failed"] | Quorum],
    Choice(_needs_shape, {"list": _List, "map": _Map}),
]


def repeated_needs(data: dict[Any, Any]) -> list[InitErrorDetails]:
    """The errors for ids that stand twice in the list `needs` of the map `data`."""
    needs = data.get("needs")
    if not isinstance(needs, list):
        return []
    seen: set[str] = set()
    problems = []
    for index, name in enumerate(needs):
        if not isinstance(name, str):
            continue
        if name in seen:
            problem = mistakes.mistake(
                "repeated_need", f"`{name}` is listed twice in `needs`", "drop one of them"
            )
            problems.append(line_error(problem, name, ("needs", index)))
        seen.add(name)
    return problems


@dataclass(frozen=True, slots=True)
class WrittenNeed:
    """One entry of `needs`: `place` is where it stands below the task, `asks` what it asks for."""

    task: str
    place: Path
    asks: Literal["ok", "done", "failed"] | Quorum = "ok"


def written_needs(needs: tuple[str, ...] | dict[str, Any]) -> Iterator[WrittenNeed]:
    """The entries of `needs`, whichever of its two shapes was written, in the order of the file."""
    if isinstance(needs, dict):
        for task, asks in needs.items():
            yield WrittenNeed(task, ("needs", task), asks)
    else:
        for index, task in enumerate(needs):
            yield WrittenNeed(task, ("needs", index))
