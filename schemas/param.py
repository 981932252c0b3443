"""A parameter of a task graph."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue, Strict
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import mistakes
from .model import GrammarModel, key_error
from .values import Maybe, Number, Text

ParamType = Literal["string", "integer", "number", "boolean", "path", "json"]


class Param(GrammarModel):
    """A value that whoever starts the graph may give, with `--param NAME=VALUE`."""

    shorthand: ClassVar[str] = "{type: string, default: hello}"

    type: ParamType = Field(
        default="string",
        description="What the value is. A `path` given as default is relative to the graph file, a typed one"
        " to the shell's directory; `json` takes any JSON value.",
        examples=["integer"],
    )
    default: JsonValue = Field(
        default=None,
        description="The value when none is given. Without a default the parameter must be given.",
        examples=[3],
        json_schema_extra={"x-default": "none: the parameter must be given"},
    )
    description: Maybe[Text] = Field(default=None, description="What the parameter is for, in a sentence.")
    minimum: Maybe[Number] = Field(
        default=None, description="The smallest value, for `integer` and `number`.", examples=[1]
    )
    maximum: Maybe[Number] = Field(
        default=None, description="The largest value, for `integer` and `number`.", examples=[9]
    )
    choices: Maybe[Annotated[tuple[JsonValue, ...], Strict(False), Field(min_length=1)]] = Field(
        default=None, description="The only values that are allowed.", examples=[["fast", "full"]]
    )
    pattern: Maybe[Text] = Field(
        default=None,
        description="A regular expression that a `string` must match from end to end.",
        examples=["[a-z]+"],
    )

    @property
    def is_required(self) -> bool:
        """Whether the parameter has no default, so that it must be given."""
        return "default" not in self.model_fields_set

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """A value alone is taken to mean a default, the name of a type to mean that type."""
        if value in ("string", "integer", "number", "boolean", "path", "json"):
            hint = f"write `{{type: {value}}}`"
        elif isinstance(value, str | int | float) or value == []:
            hint = f"write `{{type: {_type_of(value)}, default: {mistakes.shown(value).strip('`')}}}`"
        else:
            hint = f"write `{cls.shorthand}`"
        return mistakes.mistake("param_map", f"a parameter is a map, found {mistakes.kind_of(value)}", hint)

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """The limits fit the type and one another."""
        kind = data.get("type", "string")
        problems = []
        for key, kinds in (
            ("minimum", ("integer", "number")),
            ("maximum", ("integer", "number")),
            ("pattern", ("string",)),
        ):
            if key in data and kind not in kinds and kind in _TYPES:
                words = " or ".join(f"`type: {name}`" for name in kinds)
                problem = mistakes.mistake(
                    "param_limit",
                    f"`{key}` means nothing for `type: {kind}`",
                    f"it goes with {words}",
                    of="key",
                )
                problems.append(key_error(problem, data, key))
        low, high = data.get("minimum"), data.get("maximum")
        if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
            problem = mistakes.mistake(
                "param_limit", f"`minimum` {low} is above `maximum` {high}", "no value could be given"
            )
            problems.append(key_error(problem, data, "minimum"))
        pattern = data.get("pattern")
        if isinstance(pattern, str) and (why := _why_no_pattern(pattern)):
            problem = mistakes.mistake("bad_pattern_text", f"`pattern` is not a regular expression: {why}")
            problems.append(key_error(problem, data, "pattern"))
        return problems


_TYPES = ("string", "integer", "number", "boolean", "path", "json")


def _why_no_pattern(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None


def _type_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float) else "string"
