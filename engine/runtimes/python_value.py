"""What a callable returned, as a JSON value. Standard library only: it also runs in the workers."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable
from typing import Any, Final

DEEPEST: Final = 200
"""So many levels of lists and objects can be handed on."""

_LARGEST_BITS: Final = 13_000
"""Python reads no whole number of more than 4300 digits; this is some 3900."""

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)
_INSTEAD: Final = {
    "set": "return `sorted(...)` of it",
    "frozenset": "return `sorted(...)` of it",
    "bytes": "return `.decode()` of it, or write it to a file",
    "bytearray": "return `.decode()` of it, or write it to a file",
    "generator": "return `list(...)` of it",
    "datetime": "return `.isoformat()` of it",
    "date": "return `.isoformat()` of it",
    "Decimal": "return `str(...)` or `float(...)` of it",
    "UUID": "return `str(...)` of it",
    "PosixPath": "return `str(...)` of it",
    "ndarray": "return `.tolist()` of it",
    "DataFrame": "return `.to_dict('records')` of it, or write it to a file",
}


class NotJson(Exception):
    """A value that JSON cannot hold: where in it, by JSON path, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.steps: list[str | int] = []

    @property
    def path(self) -> str:
        """The place within the value, as `$.items[3].name`."""
        return "$" + "".join(_step(step) for step in reversed(self.steps))

    @property
    def reason(self) -> str:
        """One sentence for people."""
        return f"what the callable returned is not JSON: `{self.path}` {self.message}"


def as_json(value: Any) -> Any:
    """`value` as a JSON value that shares nothing with it. Raises `NotJson`.

    Tuples become lists; dataclasses and pydantic models become objects; what is more than its text or
    number (an enumeration's member that is a `str`, say) becomes that. Nothing else is guessed at: a
    set, bytes, NaN, a key that is no text, a value within itself, half of a surrogate pair, more than
    `DEEPEST` levels are refused, and so that a value reads back as it was.
    """
    try:
        return _plain(value, set())
    except NotJson:
        raise
    except Exception as error:  # a class of the user's that misbehaves when it is looked at
        raise NotJson(f"cannot be looked at: {type(error).__name__}: {error}") from None


def encoded(value: Any) -> bytes:
    """A JSON value, as `as_json` gives it, as text in UTF-8."""
    return _ENCODER.encode(value).encode()


def _plain(value: Any, above: set[int]) -> Any:
    kind = type(value)
    if kind is str or isinstance(value, str):
        return _text(value)
    if kind is bool or value is None:
        return value
    if isinstance(value, int):
        if value.bit_length() > _LARGEST_BITS:
            raise NotJson("is a whole number of thousands of digits, which no reader takes")
        return value if kind is int else int.__int__(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotJson(f"is {float.__repr__(value)}, which JSON does not have")
        return value if kind is float else float.__float__(value)
    if id(value) in above:
        raise NotJson("holds itself")
    if len(above) >= DEEPEST:
        raise NotJson(f"lies more than {DEEPEST} levels deep")
    above.add(id(value))
    try:
        return _container(value, above)
    finally:
        above.discard(id(value))


def _container(value: Any, above: set[int]) -> Any:
    if isinstance(value, dict):
        return _object(value.items(), above)
    if isinstance(value, list | tuple):
        return _array(value, above)
    kind = type(value)
    if hasattr(kind, "__pydantic_core_schema__") and callable(getattr(kind, "model_dump", None)):
        return _plain(value.model_dump(mode="json"), above)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _object(((item.name, getattr(value, item.name)) for item in dataclasses.fields(value)), above)
    instead = _INSTEAD.get(kind.__name__)
    raise NotJson(f"is {_a(kind)}" + (f"; {instead}" if instead else ""))


def _object(pairs: Iterable[tuple[Any, Any]], above: set[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in pairs:
        if not isinstance(key, str):
            raise NotJson(f"has the key {_short(key)}, {_a(type(key))}; the keys of an object are text")
        try:
            found[_text(key)] = _plain(item, above)
        except NotJson as problem:
            problem.steps.append(key)
            raise
    return found


def _array(items: Iterable[Any], above: set[int]) -> list[Any]:
    found: list[Any] = []
    for position, item in enumerate(items):
        try:
            found.append(_plain(item, above))
        except NotJson as problem:
            problem.steps.append(position)
            raise
    return found


def _text(value: str) -> str:
    text = value if type(value) is str else str.__str__(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotJson("holds half of a surrogate pair, which is no text") from None
    return text


def _a(kind: type) -> str:
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} `{name}`"


def _short(key: Any) -> str:
    text = repr(key)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    text = step.encode("utf-8", "backslashreplace").decode()
    return f".{text}" if _WORD.fullmatch(text) else f"[{text!r}]"
