"""Evaluates one expression over a scope of JSON values."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import TemplateError

from ...schemas.errors.expression import EvaluationFailed, ExpressionError, ExpressionTooLarge, UnknownName
from .analysis import RESERVED, Analysis, analyse, spell
from .kinds import defined, kind_of
from .limits import Meter, TooLarge, counted_steps
from .sandbox import ENVIRONMENT, absence

_FAILURES = (
    TemplateError,
    ArithmeticError,
    TypeError,
    ValueError,
    LookupError,
    AttributeError,
    RecursionError,
    MemoryError,
)
_SHOWN = 400
"""How much of a message is shown that may have a value in it."""

_WORDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "dict": "object",
    "NoneType": "null",
    "bool": "boolean",
}


def evaluate(source: str, scope: Mapping[str, object]) -> Any:
    """The value of the expression `source`, a JSON value, where `scope` gives the bare names.

    The scope must hold JSON values only. Raises an `ExpressionError`: for bad syntax as `analyse`
    tells it, `EvaluationFailed` when there is no value, `ExpressionTooLarge` beyond the limits.
    Nothing but the scope has an influence on the result.
    """
    analysis = analyse(source)
    if analysis.problems:
        first = analysis.problems[0]
        raise first.error(first.message, hint=first.hint, start=first.start, end=first.end)
    for reference in analysis.references:
        # Jinja2 gives names of its own a meaning (`self`), so nothing outside the scope gets there.
        if reference.root not in scope or reference.root in RESERVED:
            raise UnknownName(
                f"`{_short(reference.root)}` is not known here", start=reference.start, end=reference.end
            )
    try:
        with counted_steps():
            value = defined(_compiled(source)(scope))
        return value if analysis.plain else _plain_json(value, Meter())
    except TooLarge as error:
        raise ExpressionTooLarge(f"`{_short(source)}` is too large: {error}", hint=_TOO_LARGE_HINT) from None
    except _FAILURES as error:
        raise _failure(source, analysis, scope, error) from None


@lru_cache(maxsize=4_096)
def _compiled(source: str) -> Callable[..., Any]:
    return ENVIRONMENT.compile_expression(source, undefined_to_none=False)


_TOO_LARGE_HINT = "expressions choose and shape values; work of this size belongs in a command"


def _failure(
    source: str, analysis: Analysis, scope: Mapping[str, object], error: BaseException
) -> ExpressionError:
    missing = _first_missing(analysis, scope) if isinstance(error, TemplateError) else None
    if missing is not None:
        hint = "`| default(…)` gives a value for what may be missing"
        return EvaluationFailed(f"`{_short(source)}` has no value: {missing}", hint=hint)
    return EvaluationFailed(f"`{_short(source)}` has no value: {_worded(error)}")


def _first_missing(analysis: Analysis, scope: Mapping[str, object]) -> str | None:
    """The sentence about the first reference that leads to nothing."""
    for reference in analysis.references:
        value: Any = scope[reference.root]
        for depth, step in enumerate(reference.path):
            try:
                value = value[step]
            except (LookupError, TypeError):
                return absence(value, step, f"`{spell(reference.root, reference.path[:depth])}`")
    return None


def _worded(error: BaseException) -> str:
    if isinstance(error, ZeroDivisionError):
        return "it divides by zero"
    if isinstance(error, OverflowError):
        return "a number is too large"
    if isinstance(error, RecursionError | MemoryError):
        return "it nests too deeply"
    text = (str(error)[:_SHOWN] or type(error).__name__).rstrip(".")
    text = re.sub(r"'(\w+)' object", lambda match: f"{_WORDS.get(match[1], match[1])}", text)
    text = re.sub(r"instances of ", "", text)
    text = re.sub(r"'(\w+)'", lambda match: f"{_WORDS[match[1]]}" if match[1] in _WORDS else match[0], text)
    return re.sub(r"'([^'\s]+)'", r"`\1`", text)


def _plain_json(value: Any, meter: Meter) -> Any:
    """`value` as plain JSON types: copies lists and objects, and refuses everything else."""
    meter.take(defined(value))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the result is not a finite number")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"the keys of an object are text, found {kind_of(key)}")
        return {key: _plain_json(item, meter) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_json(item, meter) for item in value]
    raise TypeError("the result is not a JSON value")


def _short(source: str) -> str:
    text = " ".join(source.split())
    return text if len(text) <= 60 else text[:59] + "…"
