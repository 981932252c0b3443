"""What a plain YAML scalar means: the core schema of YAML 1.2, section 10.3.2."""

from __future__ import annotations

import math
import re

from .limits import MAXIMUM_DIGITS

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC_START = frozenset("0123456789+-.")
_WHOLE = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


class NotJson(ValueError):
    """The scalar is a number that JSON cannot hold; the message says which."""


def resolve_scalar(text: str) -> Scalar:
    """The value of the plain scalar `text`.

    `yes`, `on`, `1_000`, `12:30` and dates are text; `0o17` is 15 and `017` is 17. Raises `NotJson`
    for `.inf`, `.nan`, a float that is too large, and a whole number of more than 300 digits.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_START:
        return text
    if _WHOLE.fullmatch(text):
        return int(_short(text, text), 10)
    if _OCTAL.fullmatch(text):
        return int(_short(text, text[2:]), 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(_short(text, text[2:]), 16)
    if _NUMBER.fullmatch(text):
        value = float(text)
        if math.isinf(value):
            raise NotJson(f"`{_cut(text)}` is too large for a number")
        return value
    if _NOT_FINITE.fullmatch(text):
        raise NotJson(f"`{text}` is no number that JSON can hold")
    return text


def _short(text: str, digits: str) -> str:
    if len(digits) > MAXIMUM_DIGITS:
        raise NotJson(f"`{_cut(text)}` has {len(digits)} digits, and a number may have {MAXIMUM_DIGITS}")
    return digits


def _cut(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:12]}…{text[-4:]}"
