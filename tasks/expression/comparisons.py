"""Comparing and ordering JSON values, with the steps that it takes counted before.

Two lists that hold the same long list many times over are small in memory, and yet comparing them
takes as long as if each had been written out.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from .kinds import defined
from .limits import CHARACTERS_PER_STEP, ITEMS_PER_STEP, SMALL, spend, spend_on_text

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
"""The comparisons by the names that Jinja2 has for them; `in` and `notin` are `contains`."""


def compare(name: str, left: Any, right: Any) -> bool:
    """The result of one comparison."""
    if name == "in":
        return contains(left, right)
    if name == "notin":
        return not contains(left, right)
    defined(left)
    defined(right)
    spend(_cost(name, left, right))
    return bool(OPERATORS[name](left, right))


def contains(value: Any, container: Any) -> bool:
    """Whether a list has this item, an object this key, a text this part."""
    defined(value)
    if isinstance(defined(container), str):
        spend_on_text(len(container))
    elif isinstance(container, list | tuple):
        spend(len(container) * size(value) // ITEMS_PER_STEP)
    elif isinstance(value, str):
        spend_on_text(len(value))
    return value in container


def ordered(ranks: list[Any]) -> None:
    """Take the steps that sorting these values takes."""
    total = size(ranks)
    spend(total * len(ranks).bit_length() // ITEMS_PER_STEP)


def size(value: Any) -> int:
    """How many steps it takes at most to compare a value with another one; as many are taken."""
    steps = 1
    larger: list[Any] = []
    if isinstance(value, str):
        steps += len(value) // CHARACTERS_PER_STEP
    elif isinstance(value, Mapping | list | tuple):
        items = value.values() if isinstance(value, Mapping) else value
        larger = [item for item in items if type(item) not in SMALL]
        steps += len(items) - len(larger)
    spend(steps)
    return steps + sum(size(item) for item in larger)


def _cost(name: str, left: Any, right: Any) -> int:
    """What is still to be taken; equality of values of different lengths is told at once."""
    for kind in (str, Mapping, list | tuple):
        if not (isinstance(left, kind) and isinstance(right, kind)):
            continue
        if name in ("eq", "ne") and len(left) != len(right):
            return 1
        # Both are walked through together, up to the end of the smaller one.
        size(left if len(left) <= len(right) else right)
    return 1
