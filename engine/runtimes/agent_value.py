"""From what an agent said last to the value that its task hands on."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ...schemas.bound import OutputForm
from .client import TurnEnd
from .hand_on import WHAT
from .output_contract import LARGEST_VALUE, OutputInvalid, parse, parse_json, too_large

_FENCE: Final = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*\w*[ \t]*\n(.*?)\n[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE
)
_START: Final = re.compile(r"[{\[]")
_MOST_STARTS: Final = 200


def value_of(end: TurnEnd, form: OutputForm) -> Any:
    """The value of an answer, read as `form`; raises `OutputInvalid` where it is none.

    JSON may stand alone, as the only fenced block that holds some, or as the only object or list in a text.
    """
    if form not in ("json", "check"):
        return parse(end.text.strip("\n").encode("utf-8", "surrogatepass"), form, WHAT)
    if end.is_value:
        return _vouched(end.value)
    text = end.text.strip()
    if len(text) > LARGEST_VALUE:
        raise too_large(WHAT)
    try:
        return parse_json(text.encode("utf-8", "surrogatepass"), WHAT)
    except OutputInvalid as problem:
        found = _inside(text)
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            reason = f"{WHAT} is not one JSON value: {len(found)} of them stand in the text"
            raise OutputInvalid(reason) from None
        raise problem from None


def _vouched(value: Any) -> Any:
    """A value that the client read itself, held to what JSON is; it may have been less strict."""
    try:
        data = json.dumps(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as problem:
        raise OutputInvalid(f"{WHAT} is not JSON: {str(problem) or 'it is nested too deeply'}") from None
    return parse_json(data, WHAT)


def _inside(text: str) -> list[Any]:
    blocks = [_parsed(found[2]) for found in _FENCE.finditer(text)]
    values = [block[0] for block in blocks if block]
    return values or _loose(text)


def _loose(text: str) -> list[Any]:
    """The outermost objects and lists in a text, in their order."""
    decoder = json.JSONDecoder()
    values: list[Any] = []
    at, tried = 0, 0
    while (found := _START.search(text, at)) is not None and tried < _MOST_STARTS:
        tried += 1
        try:
            _, at = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.end()
            continue
        values += _parsed(text[found.start() : at])
    return values


def _parsed(text: str) -> list[Any]:
    try:
        return [parse_json(text.strip().encode("utf-8", "surrogatepass"), WHAT)]
    except OutputInvalid:
        return []
