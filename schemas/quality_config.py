"""The file `quality.yaml`: what the quality gate of a project, or of a user, is to go by."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict

from . import mistakes
from .annotations import Choice, Names, Spelled
from .model import GrammarModel
from .values import Duration, Maybe, PositiveCount

_Percent = Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]
_Never = Literal["never"]


def _limit_shape(value: Any) -> str:
    return "never" if isinstance(value, str) else "count"


def _percent_shape(value: Any) -> str:
    return "never" if isinstance(value, str) else "percent"


CountLimit = Annotated[int | str, Choice(_limit_shape, {"count": PositiveCount, "never": _Never})]
PercentLimit = Annotated[float | str, Choice(_percent_shape, {"percent": _Percent, "never": _Never})]


class AxisSettings(GrammarModel):
    """What all axes have in common."""

    shorthand: ClassVar[str] = "{timeout: 60s}"

    timeout: Maybe[Duration] = Field(default=None, description="How long the tool may take.", examples=["2m"])


class Counted(AxisSettings):
    """An axis on which more is worse."""

    shorthand: ClassVar[str] = "{notify: 6, block: 16}"

    notify: Maybe[CountLimit] = Field(
        default=None, description="From this value on the axis notifies; `never`: it does not.", examples=[6]
    )
    block: Maybe[CountLimit] = Field(
        default=None, description="From this value on the axis blocks; `never`: it does not.", examples=[16]
    )


class Security(AxisSettings):
    """The worst severity among the findings."""

    shorthand: ClassVar[str] = "{notify: medium, block: high}"

    notify: Maybe[Literal["low", "medium", "high", "never"]] = Field(
        default=None, description="From this severity on the axis notifies.", examples=["medium"]
    )
    block: Maybe[Literal["low", "medium", "high", "never"]] = Field(
        default=None, description="From this severity on the axis blocks.", examples=["high"]
    )
    audit: Maybe[Annotated[bool, Field(strict=True)]] = Field(
        default=None,
        description="Whether `pip-audit` looks up known weaknesses of the installed packages as well; it asks"
        " the network.",
        examples=[True],
    )


class Coverage(AxisSettings):
    """The share of each file's statements that its tests execute."""

    shorthand: ClassVar[str] = "{drop: 5, least: 80}"

    drop: Maybe[PercentLimit] = Field(
        default=None,
        description="From this fall on, in points against the last time that the file was measured, the axis"
        " notifies.",
        examples=[5],
    )
    least: Maybe[PercentLimit] = Field(
        default=None, description="Below this percentage the axis blocks.", examples=[80]
    )


class AxisCommandSettings(GrammarModel):
    """A program that looks at files of other languages."""

    shorthand: ClassVar[str] = "{run: [eslint, '{files}']}"

    run: Annotated[tuple[Annotated[str, Field(strict=True, min_length=1)], ...], Strict(False)] = Field(
        min_length=1,
        description="The program and its words; no shell reads them. `{files}` stands for the files.",
        examples=[["eslint", "{files}"]],
    )
    timeout: Duration = Field(default="5m", description="How long it may take.", examples=["2m"])
    state_on_fail: Literal["notify", "block"] = Field(
        default="notify", description="The state of the axis when the program ends with anything but 0."
    )


def _axis_shape(value: Any) -> str:
    if isinstance(value, str):
        return "off"
    if isinstance(value, dict):
        return "on"
    raise mistakes.mistake(
        "map_expected",
        f"expected the settings of an axis, found {mistakes.kind_of(value)}",
        "write its limits as a map, or `off`",
    )


def _bad_suffix(value: object) -> Any:
    return mistakes.mistake(
        "bad_suffix",
        f"{mistakes.shown(value)} does not end the name of a file",
        "write it with its dot: `.ts`",
    )


_CountedAxis = Annotated[Counted | str, Choice(_axis_shape, {"on": Counted, "off": Literal["off"]})]
_SecurityAxis = Annotated[Security | str, Choice(_axis_shape, {"on": Security, "off": Literal["off"]})]
_CoverageAxis = Annotated[Coverage | str, Choice(_axis_shape, {"on": Coverage, "off": Literal["off"]})]
_Suffix = Annotated[str, Spelled("the end of a file's name", r"\.[\w.+-]*[\w+-]", _bad_suffix)]


class AxisCommands(GrammarModel):
    """For files of one kind, a command per axis."""

    shorthand: ClassVar[str] = "{maintainability: {run: [eslint, '{files}']}}"

    correctness: Maybe[AxisCommandSettings] = Field(default=None, description="Runs their tests, say.")
    security: Maybe[AxisCommandSettings] = Field(default=None, description="Looks for weaknesses, say.")
    maintainability: Maybe[AxisCommandSettings] = Field(default=None, description="A linter, say.")
    complexity: Maybe[AxisCommandSettings] = Field(default=None, description="Bounds the complexity, say.")
    coverage: Maybe[AxisCommandSettings] = Field(default=None, description="Bounds the coverage, say.")


class QualityConfig(GrammarModel):
    """`quality.yaml`. What is not said is as in the layer below: the project's file goes before the user's,
    and that before what the program brings."""

    shorthand: ClassVar[str] = "coverage: {least: 90}"

    correctness: Maybe[_CountedAxis] = Field(
        default=None,
        description="Failed tests of the files, by pytest; `off`: not looked at.",
        examples=[{"notify": 1, "block": 3, "timeout": "10m"}],
    )
    security: Maybe[_SecurityAxis] = Field(
        default=None,
        description="Weaknesses in the files, by bandit; `off`: not looked at.",
        examples=[{"notify": "medium", "block": "high"}],
    )
    maintainability: Maybe[_CountedAxis] = Field(
        default=None,
        description="Issues in the files, by ruff; `off`: not looked at.",
        examples=[{"notify": 6, "block": 16}],
    )
    complexity: Maybe[_CountedAxis] = Field(
        default=None,
        description="The complexity of functions (McCabe), by radon; `off`: not looked at.",
        examples=[{"notify": 11, "block": 16}],
    )
    coverage: Maybe[_CoverageAxis] = Field(
        default=None,
        description="What the tests execute of each file, by coverage.py; `off`: not looked at.",
        examples=[{"drop": 5, "least": 80}],
    )
    axis_commands: Annotated[dict[str, AxisCommands], Names(_Suffix, AxisCommands)] = Field(
        default_factory=dict,
        description="Commands for files of other languages, by the end of their names.",
        examples=[{".ts": {"maintainability": {"run": ["eslint", "{files}"]}}}],
    )
    checks_timeout: Maybe[Duration] = Field(
        default=None, description="How long one of a task's `checks` may take.", examples=["10m"]
    )
    parallel: Maybe[PositiveCount] = Field(
        default=None, description="How many tools run at a time.", examples=[4]
    )
