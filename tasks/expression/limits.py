"""What an expression may make and do at most, and the checks that hold it to that.

The limits guard against slips, not against the author of a graph, who may run any command anyway.
They bound what operations make and how long they take; data that an expression merely looks up may be
of any size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
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


STEPS = 2_000_000
"""How much one evaluation may do in all. A step is about what looking at one value takes."""

STEPS_OF_CALL = 5
"""What it takes to call a filter or test for one item of a list."""

ITEMS_PER_STEP = 4
"""How many items of a list can be copied or compared in one step."""

CHARACTERS_PER_STEP = 16
"""How many characters of a text can be read or copied in one step."""


SMALL = frozenset({type(None), bool, int, float})
"""The types of values that take one step, whatever is done with them."""


class TooLarge(Exception):
    """An operation would go over a limit; the message says which, for people."""


class _Steps:
    """The steps that are left in one evaluation."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = STEPS


_STEPS: ContextVar[_Steps | None] = ContextVar("steps", default=None)
"""Outside an evaluation there are none, and nothing is counted."""


@contextmanager
def counted_steps() -> Iterator[None]:
    """Inside it, all operations together may take `STEPS`; the next one raises `TooLarge`."""
    before = _STEPS.set(_Steps())
    try:
        yield
    finally:
        _STEPS.reset(before)


def spend(steps: int) -> None:
    """Take this many steps, at least one; to be called before the work is done."""
    current = _STEPS.get()
    if current is None:
        return
    current.left -= steps or 1
    if current.left < 0:
        raise TooLarge(f"it would take more than {STEPS:,} steps")


def spend_on_text(characters: int) -> None:
    """Take the steps for reading or making a text of this length."""
    spend(characters // CHARACTERS_PER_STEP)


def spend_on_items(count: int) -> None:
    """Take the steps for copying a list of this length."""
    spend(count // ITEMS_PER_STEP)


def most_pieces() -> int:
    """Into how many pieces a text can be cut with the steps that are left."""
    current = _STEPS.get()
    return STEPS if current is None else current.left


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
        characters = 0
        if isinstance(value, str):
            characters = len(value)
        elif isinstance(value, Mapping):
            characters = sum(len(key) for key in value if isinstance(key, str))
        self._add(1, characters)

    def measure(self, value: Any) -> None:
        """Count `value` and all that is in it."""
        self.take(value)
        if isinstance(value, Mapping):
            self._measure_all(value.values())
        elif isinstance(value, list | tuple):
            self._measure_all(value)

    def _measure_all(self, items: Collection[Any]) -> None:
        # Most long lists hold nothing but small values, which can be counted together.
        larger = [item for item in items if type(item) not in SMALL]
        self._add(len(items) - len(larger), 0)
        for item in larger:
            self.measure(item)

    def _add(self, values: int, characters: int) -> None:
        self._values += values
        self._characters += characters
        spend(values + characters // CHARACTERS_PER_STEP)
        if self._values > RESULT_VALUES:
            raise TooLarge(f"it would hold more than {RESULT_VALUES:,} values")
        if self._characters > RESULT_CHARACTERS:
            raise TooLarge(f"it would hold more than {RESULT_CHARACTERS:,} characters")
