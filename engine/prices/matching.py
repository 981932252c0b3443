"""Which names a model goes by, as a condition: data in the price table, read by `matches`.

A condition has one key: `is`, `starts`, `ends`, `has` and `regex` are about the name in lower case, `any` and
`all` about a list of conditions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_TEXTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "is": str.__eq__,
    "starts": str.startswith,
    "ends": str.endswith,
    "has": str.__contains__,
    "regex": lambda name, pattern: re.search(pattern, name) is not None,
}
_LISTS: Final[Mapping[str, Callable[..., bool]]] = {"any": any, "all": all}


def matches(condition: Mapping[str, Any], name: str) -> bool:
    """Whether the model of this condition goes by `name`, which is in lower case."""
    ((how, what),) = condition.items()
    if how in _LISTS:
        return _LISTS[how](matches(one, name) for one in what)
    return _TEXTS[how](name, what)


def check_condition(condition: object) -> None:
    """Raise `ValueError` for what is no condition."""
    if not isinstance(condition, Mapping) or len(condition) != 1:
        raise ValueError("a condition has one key")
    ((how, what),) = condition.items()
    if how in _LISTS and isinstance(what, list):
        for one in what:
            check_condition(one)
    elif how in _TEXTS and isinstance(what, str):
        if how == "regex":
            _check_pattern(what)
    else:
        raise ValueError(f"there is no condition `{how}`")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"`{pattern}` is no regular expression: {error}") from error
