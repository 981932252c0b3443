"""One task as many nodes: over items, over a matrix, or again and again."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue, Strict
from pydantic_core import InitErrorDetails

from . import mistakes
from .annotations import Choice, Names
from .line_errors import line_error
from .model import GrammarModel, needs_key
from .values import Expression, Maybe, Name, PositiveCountOr, Several, Text


def _axis_shape(value: Any) -> str:
    if isinstance(value, list):
        return "values"
    if isinstance(value, str) and "{{" in value:
        return "expression"
    raise mistakes.mistake(
        "bad_axis", f"expected a list of values, found {mistakes.kind_of(value)}", f"write `[{value}]`"
    )


_Values = Annotated[tuple[JsonValue, ...], Strict(False), Field(min_length=1)]
Axis = Annotated[
    tuple[JsonValue, ...] | str, Choice(_axis_shape, {"values": _Values, "expression": Expression})
]
Cell = Annotated[dict[str, JsonValue], Names(Name, JsonValue, least=1)]


class Repeat(GrammarModel):
    """Rounds of the same task, each a node of its own, until a condition holds."""

    shorthand: ClassVar[str] = "repeat: {until: '${{ … }}', max: 3}"

    until: Expression = Field(
        description="After each round: stop when this is true. It sees `repeat.index` and"
        " `repeat.last.output`.",
        examples=["${{ repeat.last.output.passed }}"],
    )
    max: PositiveCountOr = Field(
        description="The most rounds. When they are used up and `until` still does not hold, the task fails"
        " with `repeat_exhausted`.",
        examples=[3],
    )


class FanOut(GrammarModel):
    """Keys of a task that make many nodes of it."""

    each: Maybe[Expression] = Field(
        default=None,
        description="A list, known when the task becomes ready: one node per item.",
        examples=["${{ tasks.changed.output }}"],
    )
    as_: Name = Field(
        default="item", alias="as", description="The name that an item has in expressions.", examples=["file"]
    )
    key: Maybe[Text] = Field(
        default=None,
        description="The identity of an item. It names the node, `review[KEY]`, and tells a resume which"
        " items are the same; two equal keys are an error.",
        examples=["${{ file }}"],
        json_schema_extra={"x-default": "the digest of the item"},
    )
    parallel: Maybe[PositiveCountOr] = Field(
        default=None,
        description="How many items may run at the same time.",
        examples=[4],
        json_schema_extra={"x-default": "no limit of its own"},
    )
    rest: Literal["stop", "keep"] = Field(
        default="stop",
        description="What becomes of the items that are left once every consumer has what it needs.",
    )
    matrix: Annotated[dict[str, tuple[JsonValue, ...] | str], Names(Name, Axis)] = Field(
        default_factory=dict,
        description="Lists of values: one node for each combination, made when the file is read.",
        examples=[{"py": ["3.11", "3.12"], "os": ["linux", "macos"]}],
    )
    include: Several[Cell] = Field(
        default=(),
        description="Combinations to add to the matrix.",
        examples=[[{"py": "3.13", "os": "linux"}]],
    )
    exclude: Several[Cell] = Field(
        default=(),
        description="Combinations to leave out: those that agree with every value given here.",
        examples=[[{"py": "3.11", "os": "macos"}]],
    )
    repeat: Maybe[Repeat] = Field(
        default=None,
        description="Do the task again, each time as a new node, until a condition holds.",
        examples=[{"until": "${{ repeat.last.output.passed }}", "max": 3}],
    )


def fan_out_rules(data: dict[Any, Any]) -> list[InitErrorDetails]:
    """What is wrong with the fan-out keys of the task `data`, taken together."""
    problems: list[InitErrorDetails] = []
    for key in ("as", "key", "parallel", "rest"):
        problems += needs_key(data, key, "each", "it is about the items of a dynamic fan-out")
    matrix = data.get("matrix")
    for key in ("include", "exclude"):
        problems += needs_key(data, key, "matrix", "it adds to a matrix, or takes from one")
        cells = matrix.get(key) if isinstance(matrix, dict) else None
        if isinstance(cells, list) and cells and all(isinstance(cell, dict) for cell in cells):
            problem = mistakes.mistake(
                "matrix_cells",
                f"`{key}` stands beside `matrix`, not inside it",
                f"move `{key}` one level up",
                of="key",
            )
            problems.append(line_error(problem, cells, ("matrix", key)))
    return problems
