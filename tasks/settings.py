"""Settings that a file gives as values or as expressions: their values, once parameters are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..schemas.errors.expression import MisplacedReference, WrongExpressionValue
from ..schemas.scalars import backoff_seconds, duration_seconds, share_of
from ..schemas.span import Path
from ..schemas.template import Literal
from .expression.scanner import has_expression
from .templates import Binder

T = TypeVar("T")


def setting(binder: Binder, value: Any, path: Path, read: Callable[[Any], T], wanted: str) -> T | None:
    """The setting `value` that stands at `path`, read by `read`; None when it is absent or wrong.

    An expression is evaluated first. `read` raises `ValueError` for what is not `wanted`. What
    depends on the cell of a matrix stays open, as None, where the binder lets it.
    """
    if value is None:
        return None
    if isinstance(value, str) and has_expression(value):
        template = binder.template(value, path)
        if type(template) is not Literal:
            if not binder.may_wait:
                binder.add(comes_late(), path)
            return None
        if template.value is None:
            return None
        value = template.value
        try:
            return read(value)
        except ValueError as error:
            shown = f"`{value}`" if isinstance(value, str | int | float) else "a list or an object"
            message = f"the value of this expression must be {wanted}, and is {shown}"
            binder.add(WrongExpressionValue(message, hint=_hint(error)), path)
            return None
    return read(value)


def comes_late() -> MisplacedReference:
    """The error for a setting that uses a parameter which only the run will tell."""
    return MisplacedReference(
        "this is fixed before anything runs, and only the run tells the parameter that it depends on",
        hint="give the parameter a value that depends on no item and on no output of a task",
    )


def _hint(error: ValueError) -> str | None:
    return str(error.args[1]) if len(error.args) > 1 else None


def duration(value: Any) -> float:
    """The seconds of a duration."""
    if not isinstance(value, str):
        raise ValueError("not a duration", "write a duration with a unit, such as `90s` or `10m`")
    return duration_seconds(value)


def backoff(value: Any) -> tuple[float, float]:
    """The shortest and longest wait of a span of durations."""
    if not isinstance(value, str):
        raise ValueError("not a span of durations", "write a span such as `2s..1m`")
    return backoff_seconds(value)


def whole_number(value: Any) -> int:
    """A whole number."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("not a whole number")
    return value


def count(value: Any) -> int:
    """A whole number from 0."""
    if whole_number(value) < 0:
        raise ValueError("less than 0")
    return int(value)


def positive(value: Any) -> int:
    """A whole number from 1."""
    if whole_number(value) < 1:
        raise ValueError("less than 1")
    return int(value)


def quorum(value: Any) -> tuple[int, int | None]:
    """The two numbers of a count `N` or a share `N/M`; M is None for a count."""
    return share_of(value) if isinstance(value, str) else (positive(value), None)


def text(value: Any) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError("not a text")
    return value


BY_KEY: dict[tuple[str, ...], tuple[Callable[[Any], Any], str]] = {
    ("timeout",): (duration, "a duration"),
    ("idle_timeout",): (duration, "a duration"),
    ("priority",): (whole_number, "a whole number"),
    ("retry", "max"): (count, "a whole number from 0"),
    ("retry", "backoff"): (backoff, "a span of durations"),
    ("parallel",): (positive, "a whole number from 1"),
    ("repeat", "max"): (positive, "a whole number from 1"),
    ("graph",): (text, "the path of a graph file"),
    ("model",): (text, "the name of a model"),
    ("reask",): (count, "a whole number from 0"),
    ("max_turns",): (positive, "a whole number from 1"),
}
"""How the settings of a task are read, and what they must be."""
