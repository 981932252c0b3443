"""The filters and tests of expressions that work on one text or number."""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Callable
from typing import Any

from ...schemas.template import as_text
from .kinds import defined, expect, expect_text
from .limits import (
    STEPS_OF_CALL,
    Meter,
    TooLarge,
    bounded_bits,
    bounded_text,
    most_pieces,
    spend,
    spend_on_text,
)


def _read(value: Any) -> str:
    """The text that `value` is; the steps for reading it are taken."""
    text = expect_text(value)
    spend_on_text(len(text))
    return text


def _upper(value: Any) -> str:
    return _read(value).upper()


def _lower(value: Any) -> str:
    return _read(value).lower()


def _trim(value: Any, characters: str | None = None) -> str:
    text = _read(value)
    if characters is None:
        return text.strip()
    # Every character is looked for among these, so each of them needs to stand there once only.
    once = "".join(dict.fromkeys(_read(characters)))
    spend_on_text(len(text) * (1 + len(once) // 64))
    return text.strip(once)


def _split(value: Any, separator: str | None = None) -> list[str]:
    return _pieces(_read(value), separator)


def _lines(value: Any) -> list[str]:
    pieces = _pieces(_read(value), "\n")
    return pieces[:-1] if pieces[-1] == "" else pieces


def _pieces(text: str, separator: str | None) -> list[str]:
    most = most_pieces()
    pieces = text.split(separator, most)
    if len(pieces) > most:
        raise TooLarge(f"it would cut a text into more than {most:,} pieces")
    spend(len(pieces))
    return pieces


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = _read(value), expect_text(old), expect_text(new)
    size = len(text) + text.count(old) * (len(new) - len(old))
    bounded_text(size)
    spend_on_text(size)
    return text.replace(old, new)


def _basename(value: Any) -> str:
    return posixpath.basename(_read(value))


def _dirname(value: Any) -> str:
    return posixpath.dirname(_read(value))


def to_string(value: Any) -> str:
    """A value as it stands inside text."""
    if isinstance(value, str):
        return value
    if type(value) is int:
        return str(value)
    spend(STEPS_OF_CALL)
    Meter().measure(defined(value))
    return as_text(value)


def to_json(value: Any) -> str:
    """A value written as JSON."""
    spend(STEPS_OF_CALL)
    Meter().measure(defined(value))
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _from_json(value: Any) -> Any:
    text = _read(value)
    # Each value but the first has one of these before it.
    spend(sum(text.count(sign) for sign in ",:[{"))
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the text is JSON that nests too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the text is not JSON from its character {error.pos + 1} on") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        try:
            number = int(_read(value).strip())
        except ValueError:
            raise ValueError(f"`{value[:40]}` is not a whole number") from None
    else:
        number = int(expect(value, "a number"))
    bounded_bits(number.bit_length())
    return number


def _to_float(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(_read(value).strip())
        except ValueError:
            raise ValueError(f"`{value[:40]}` is not a number") from None
    return float(expect(value, "a number"))


def _absolute(value: Any) -> Any:
    return abs(expect(value, "a number"))


def _rounded(value: Any, digits: int = 0) -> Any:
    if not 0 <= digits <= 15:
        raise ValueError("`round` keeps 0 to 15 digits")
    found = round(expect(value, "a number"), digits)
    return int(found) if digits == 0 and math.isfinite(found) else found


def _is_divisible(value: Any, number: Any) -> bool:
    # On a text, `%` would put the number into it.
    return bool(expect(value, "a number") % expect(number, "a number") == 0)


def _is_even(value: Any) -> bool:
    return _is_divisible(value, 2)


def _is_odd(value: Any) -> bool:
    return bool(expect(value, "a number") % 2 == 1)


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": _absolute,
    "basename": _basename,
    "dirname": _dirname,
    "float": _to_float,
    "fromjson": _from_json,
    "int": _to_int,
    "lines": _lines,
    "lower": _lower,
    "replace": _replace,
    "round": _rounded,
    "split": _split,
    "string": to_string,
    "tojson": to_json,
    "trim": _trim,
    "upper": _upper,
}

TESTS: dict[str, Callable[..., bool]] = {
    "divisibleby": _is_divisible,
    "endswith": lambda value, end: expect_text(value).endswith(_read(end)),
    "even": _is_even,
    "odd": _is_odd,
    "startswith": lambda value, start: expect_text(value).startswith(_read(start)),
}
