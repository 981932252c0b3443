"""The types of values that keys of the grammar take.

All are strict: text is never read as a number, a whole number stands for a float, true and false
for neither.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Field, JsonValue, Strict

from . import mistakes, scalars
from .annotations import Choice, Given, Listed, OrExpression, Spelled, WholeExpression

T = TypeVar("T")

Maybe = Annotated[T | None, Given()]
"""A key that may be absent, which None stands for, and that is never null."""

Several = Annotated[tuple[T, ...], Strict(False), Listed()]
"""A list, kept as a tuple."""

Expression = Annotated[str, WholeExpression()]
Text = Annotated[str, Field(strict=True)]
FullText = Annotated[str, Field(strict=True, min_length=1)]
Line = Annotated[str, Spelled("one line of text", r"\S(.*\S)?", mistakes.bad_line)]
TaskId = Annotated[str, Spelled("a task id", scalars.TASK_ID, mistakes.bad_task_id)]
Name = Annotated[str, Spelled("a name", scalars.NAME, mistakes.bad_name)]
Label = Annotated[str, Spelled("one word", r"\S+", mistakes.bad_label)]
Duration = Annotated[
    str,
    Spelled(
        "a duration",
        scalars.DURATION,
        mistakes.bad_duration,
        parse=scalars.duration_seconds,
        examples=("90s", "10m", "1h30m"),
    ),
]
Backoff = Annotated[
    str,
    Spelled(
        "a span of durations",
        rf"{scalars.DURATION}(\.\.{scalars.DURATION})?",
        mistakes.bad_backoff,
        parse=scalars.backoff_seconds,
        examples=("2s..1m",),
    ),
]
Lines = Annotated[
    str,
    Spelled(
        "a range of lines", scalars.LINES, mistakes.bad_lines, parse=scalars.line_range, examples=("10..40",)
    ),
]
CallableName = Annotated[
    str,
    Spelled("`module:function`", scalars.CALLABLE, mistakes.bad_callable, examples=("steps.clean:run",)),
]
Share = Annotated[
    str,
    Spelled(
        "a share of the items", scalars.SHARE, mistakes.bad_share, parse=scalars.share_of, examples=("2/3",)
    ),
]

Count = Annotated[int, Field(strict=True, ge=0)]
PositiveCount = Annotated[int, Field(strict=True, ge=1)]
Whole = Annotated[int, Field(strict=True)]
Usd = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]

DurationOr = Annotated[str, OrExpression(Duration)]
BackoffOr = Annotated[str, OrExpression(Backoff)]
CountOr = Annotated[int | str, OrExpression(Count)]
PositiveCountOr = Annotated[int | str, OrExpression(PositiveCount)]
WholeOr = Annotated[int | str, OrExpression(Whole)]
UsdOr = Annotated[float | str, OrExpression(Usd)]

_TokenText = Annotated[
    str,
    Spelled(
        "a number of tokens",
        scalars.TOKENS,
        mistakes.bad_tokens,
        parse=scalars.token_count,
        examples=("400k", "1.5M"),
    ),
]


def _token_shape(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return "count"
    return "expression" if isinstance(value, str) and "${{" in value else "text"


TokenCountOr = Annotated[
    int | str, Choice(_token_shape, {"count": Count, "text": _TokenText, "expression": Expression})
]


def _schema_shape(value: Any) -> str:
    if isinstance(value, dict):
        return "inline"
    if isinstance(value, str):
        return "file"
    raise mistakes.mistake(
        "bad_schema",
        f"expected a JSON Schema, found {mistakes.kind_of(value)}",
        "name a file such as `schemas/verdict.json`, or write the schema here as a map",
    )


_Inline = Annotated[dict[str, JsonValue], Field(strict=True, title="a JSON Schema")]
_SchemaFile = Annotated[str, Field(strict=True, min_length=1, title="the path of a JSON Schema file")]
JsonSchema = Annotated[
    str | dict[str, JsonValue], Choice(_schema_shape, {"inline": _Inline, "file": _SchemaFile})
]
"""A JSON Schema (2020-12 unless it says otherwise): the path of its file, or the schema itself."""


def _command_shape(value: Any) -> str:
    if isinstance(value, str):
        return "shell"
    if isinstance(value, list):
        return "argv"
    raise mistakes.mistake(
        "bad_command",
        f"expected a command, found {mistakes.kind_of(value)}",
        "write text for `sh -c`, or a list of words for a program without a shell",
    )


def _word_shape(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        value = "true" if value else "false"
    if isinstance(value, str | int | float):
        raise mistakes.mistake(
            "bad_word", f"the words of a command are text, and `{value}` is not", f'quote it: `"{value}"`'
        )
    raise mistakes.mistake(
        "bad_word", f"the words of a command are text, found {mistakes.kind_of(value)}", "write it in quotes"
    )


_Word = Annotated[str, Choice(_word_shape, {"text": Text})]
_Shell = Annotated[str, Field(strict=True, min_length=1, title="text for `sh -c`")]
_Argv = Annotated[tuple[_Word, ...], Strict(False), Field(min_length=1, title="a list of words, no shell")]
Command = Annotated[str | tuple[str, ...], Choice(_command_shape, {"shell": _Shell, "argv": _Argv})]
"""A command: text goes to `sh -c`, a list is a program and its arguments."""


def _scalar_shape(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "whole"
    if isinstance(value, float):
        return "number"
    if isinstance(value, str):
        return "text"
    raise mistakes.mistake(
        "bad_scalar",
        f"expected text, a number or true/false, found {mistakes.kind_of(value)}",
        "write structured values as JSON text, or pass them through `with`",
    )


ScalarValue = Annotated[
    str | int | float | bool,
    Choice(
        _scalar_shape,
        {
            "text": Text,
            "whole": Whole,
            "number": Annotated[float, Field(strict=True, allow_inf_nan=False)],
            "boolean": Annotated[bool, Field(strict=True)],
        },
    ),
]
"""Text, a number, or true/false."""


def _number_shape(value: Any) -> str:
    return "whole" if isinstance(value, int) and not isinstance(value, bool) else "number"


Number = Annotated[
    int | float,
    Choice(
        _number_shape,
        {"whole": Whole, "number": Annotated[float, Field(strict=True, allow_inf_nan=False)]},
    ),
]
"""A whole number or one with a fraction, as it was written."""
