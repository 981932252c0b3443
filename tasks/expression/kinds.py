"""What kind of JSON value something is, and whether it is there at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Undefined


def kind_of(value: object) -> str:
    """What a JSON value is, in plain words with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
    return "a value"


def defined(value: Any) -> Any:
    """`value`; one that does not exist raises its own error."""
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    return value


def expect(value: Any, wanted: str) -> Any:
    """`value`, when it is of the kind that is wanted."""
    if kind_of(defined(value)) != wanted:
        raise TypeError(f"expected {wanted}, found {kind_of(value)}")
    return value


def expect_text(value: Any) -> str:
    """`value`, when it is text."""
    text: str = expect(value, "text")
    return text
