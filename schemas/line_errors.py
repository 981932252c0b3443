"""Taking a `ValidationError` apart and putting it together again with other places or more errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

Place = tuple[int | str, ...]


def line_error(error: PydanticCustomError, value: object, place: Place = ()) -> InitErrorDetails:
    """`error` about `value`, at `place` below the value that is being validated."""
    return InitErrorDetails(type=error, loc=place, input=value)


def lines_of(
    error: ValidationError, move: Callable[[Place], Place] = lambda place: place
) -> list[InitErrorDetails]:
    """The single errors within `error`, each at the place that `move` gives for its own."""
    return [_line(details, move) for details in error.errors(include_url=False)]


def _line(details: Any, move: Callable[[Place], Place]) -> InitErrorDetails:
    kind: str | PydanticCustomError = details["type"]
    context: dict[str, Any] = details.get("ctx", {})
    if details["type"].startswith("me."):
        kind = PydanticCustomError(details["type"], "{message}", context)
        context = {}
    return InitErrorDetails(type=kind, loc=move(details["loc"]), input=details["input"], ctx=context)


def joined(title: str, lines: Sequence[InitErrorDetails]) -> ValidationError:
    """One `ValidationError` that holds all `lines`."""
    return ValidationError.from_exception_data(title, list(lines))
