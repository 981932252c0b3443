"""What an expression may make at most, and the checks that hold it to that.

The limits guard against slips, not against the author of a graph, who may run any command anyway.
They bound what operations make; data that an expression merely looks up may be of any size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SOURCE_CHARACTERS = 8_000
"""The longest expression."""

NESTING = 30
"""How deep brackets may nest in an expression."""

TREE_DEPTH = 80
"""How deep operators may nest, such as the terms of one long sum."""

TEXT_CHARACTERS = 1_000_000
"""The longest text that one operation may make."""

LIST_ITEMS = 100_000
"""The longest list that one operation may make."""

NUMBER_BITS = 4_096
"""The size of a whole number."""

RESULT_VALUES = 1_000_000
"""How many values a result may hold, each list, object and scalar counted."""

RESULT_CHARACTERS = 64_000_000
"""How much text a result may hold in all."""


class TooLarge(Exception):
    """An operation would go over a limit; the message says which, for people."""


def bounded_text(size: int) -> None:
    """Refuse to make a text of `size` characters when that is too many."""
    if size > TEXT_CHARACTERS:
        raise TooLarge(f"it would make a text of more than {TEXT_CHARACTERS:,} characters")


def bounded_list(size: int) -> None:
    """Refuse to make a list of `size` items when that is too many."""
    if size > LIST_ITEMS:
        raise TooLarge(f"it would make a list of more than {LIST_ITEMS:,} items")


def bounded_bits(bits: int) -> None:
    """Refuse to make a whole number of `bits` binary digits when that is too many."""
    if bits > NUMBER_BITS:
        raise TooLarge("it would make a number of more than 1,200 digits")


def size_of_joined(parts: Iterable[str], separator: str = "") -> int:
    """The length of `separator.join(parts)`."""
    count = total = 0
    for part in parts:
        count += 1
        total += len(part)
    return total + len(separator) * max(0, count - 1)


class Meter:
    """Counts what a value holds, so that one that is shared many times over cannot be written out."""

    def __init__(self) -> None:
        self._values = 0
        self._characters = 0

    def take(self, value: Any) -> None:
        """Count one value, a list or object without what is in it."""
        self._values += 1
        if isinstance(value, str):
            self._characters += len(value)
        elif isinstance(value, Mapping):
            self._characters += sum(len(key) for key in value if isinstance(key, str))
        if self._values > RESULT_VALUES:
            raise TooLarge(f"it would hold more than {RESULT_VALUES:,} values")
        if self._characters > RESULT_CHARACTERS:
            raise TooLarge(f"it would hold more than {RESULT_CHARACTERS:,} characters")

    def measure(self, value: Any) -> None:
        """Count `value` and all that is in it."""
        self.take(value)
        if isinstance(value, Mapping):
            for item in value.values():
                self.measure(item)
        elif isinstance(value, list | tuple):
            for item in value:
                self.measure(item)
