"""The filters, tests and functions of expressions. `catalogue` documents them.

All are pure: same values in, same value out. They take and give JSON values, lists instead of
iterators, and refuse what would grow beyond `limits`. A `TypeError` or `ValueError` that they raise
carries a message for people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Environment, Undefined, pass_environment

from . import scalars
from .comparisons import compare, contains, ordered
from .kinds import defined, expect, expect_text, kind_of
from .limits import (
    CHARACTERS_PER_STEP,
    STEPS_OF_CALL,
    bounded_list,
    bounded_text,
    size_of_joined,
    spend,
    spend_on_items,
    spend_on_text,
)
from .scalars import to_json, to_string


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        raise TypeError("expected a list, found text: `| lines` or `| split` make a list of it")
    if isinstance(value, tuple):
        return list(value)
    found: list[Any] = expect(value, "a list")
    return found


def _each(value: Any) -> Iterator[Any]:
    """The items of a list, for each of which something is called."""
    for item in _list(value):
        spend(STEPS_OF_CALL)
        yield item


def pick(environment: Environment, item: Any, attribute: Any) -> Any:
    """The field `a.b.c` of an item; what does not exist comes out as an undefined value."""
    if isinstance(attribute, str):
        spend(len(attribute) // CHARACTERS_PER_STEP + attribute.count("."))
    steps = attribute.split(".") if isinstance(attribute, str) else [attribute]
    for step in steps:
        index = (
            int(step)
            if isinstance(step, str) and step.isdecimal() and not isinstance(item, Mapping)
            else step
        )
        item = environment.getitem(item, index)
    return item


# ---- functions


def _make_range(*bounds: int) -> list[int]:
    if not 1 <= len(bounds) <= 3:
        raise TypeError("`range` takes one to three whole numbers")
    for bound in bounds:
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise TypeError(f"`range` takes whole numbers, found {kind_of(bound)}")
    if bounds[2:] == (0,):
        raise ValueError("the step of `range` cannot be 0")
    numbers = range(*bounds)
    # len() of a huge range overflows, so the size is computed.
    size = max(0, -(-(numbers.stop - numbers.start) // numbers.step))
    bounded_list(size)
    spend_on_items(size)
    return list(numbers)


# ---- filters on lists and objects


def _length(value: Any) -> int:
    if isinstance(value, Undefined | int | float | None):
        raise TypeError(f"{kind_of(defined(value))} has no length")
    return len(value)


def _first(value: Any) -> Any:
    return _end_of(value, 0)


def _last(value: Any) -> Any:
    return _end_of(value, -1)


def _end_of(value: Any, index: int) -> Any:
    items = value if isinstance(value, str) else _list(value)
    if not items:
        raise ValueError("the list is empty")
    return items[index]


def _smallest(value: Any) -> Any:
    return min(_comparable(value))


def _largest(value: Any) -> Any:
    return max(_comparable(value))


def _comparable(value: Any) -> list[Any]:
    items = _list(value)
    if not items:
        raise ValueError("the list is empty")
    ordered(items)
    return items


def _total(value: Any) -> Any:
    items = _list(value)
    spend(len(items))
    return sum(expect(item, "a number") for item in items)


def _join(value: Any, separator: str = "") -> str:
    items = _list(value)
    spend(len(items))
    parts = [to_string(item) for item in items]
    size = size_of_joined(parts, expect_text(separator))
    bounded_text(size)
    spend_on_text(size)
    return separator.join(parts)


def _unique(value: Any) -> list[Any]:
    seen: set[str] = set()
    found = []
    for item in _list(value):
        # The text tells 1 from true and from "1", which `==` and hashes do not.
        mark = to_json(item)
        if mark not in seen:
            seen.add(mark)
            found.append(item)
    return found


def _backwards(value: Any) -> Any:
    if isinstance(value, str):
        spend_on_text(len(value))
        return value[::-1]
    return _copied(value)[::-1]


def _copied(value: Any) -> list[Any]:
    """The list that `value` is; the steps for copying it are taken."""
    items = _list(value)
    spend_on_items(len(items))
    return items


def _flatten(value: Any) -> list[Any]:
    found: list[Any] = []
    items = _list(value)
    spend(len(items))
    for item in items:
        inner = item if isinstance(item, list | tuple) else [item]
        bounded_list(len(found) + len(inner))
        spend_on_items(len(inner))
        found.extend(inner)
    return found


def _batch(value: Any, size: Any) -> list[list[Any]]:
    if not _is_integer(size) or size < 1:
        raise ValueError("`batch` takes a whole number from 1")
    items = _copied(value)
    spend(len(items) // size)
    return [items[start : start + size] for start in range(0, len(items), size)]


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        bounded_list(len(value))
        spend(len(value))
        return list(value)
    return list(_copied(value))


def _keys(value: Any) -> list[Any]:
    return list(_object(value))


def _object(value: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = expect(value, "an object")
    spend(len(found))
    return found


def _values(value: Any) -> list[Any]:
    return list(_object(value).values())


def _items(value: Any) -> list[list[Any]]:
    return [[key, item] for key, item in _object(value).items()]


@pass_environment
def _sort(environment: Environment, value: Any, reverse: bool = False, attribute: Any = None) -> list[Any]:
    items = _copied(value)
    ranks = items if attribute is None else [pick(environment, item, attribute) for item in _each(items)]
    ordered(ranks)
    places = sorted(range(len(items)), key=ranks.__getitem__, reverse=bool(reverse))
    return [items[place] for place in places]


@pass_environment
def _map_items(
    environment: Environment, value: Any, name: str | None = None, *args: Any, **named: Any
) -> list[Any]:
    if name is not None:
        return [environment.call_filter(name, item, list(args), named) for item in _each(value)]
    if "attribute" not in named or named.keys() - {"attribute", "default"}:
        raise TypeError("`map` takes the name of a filter, or `attribute=` and perhaps `default=`")
    found = [pick(environment, item, named["attribute"]) for item in _each(value)]
    if "default" in named:
        found = [named["default"] if isinstance(item, Undefined) else item for item in found]
    return found


def _holds(environment: Environment, value: Any, name: str | None, args: tuple[Any, ...]) -> bool:
    return bool(environment.call_test(name, value, list(args)) if name is not None else value)


@pass_environment
def _select(environment: Environment, value: Any, name: str | None = None, *args: Any) -> list[Any]:
    return [item for item in _each(value) if _holds(environment, item, name, args)]


@pass_environment
def _reject(environment: Environment, value: Any, name: str | None = None, *args: Any) -> list[Any]:
    return [item for item in _each(value) if not _holds(environment, item, name, args)]


@pass_environment
def _select_by(
    environment: Environment, value: Any, attribute: Any, name: str | None = None, *args: Any
) -> list[Any]:
    found = _each(value)
    return [item for item in found if _holds(environment, pick(environment, item, attribute), name, args)]


@pass_environment
def _reject_by(
    environment: Environment, value: Any, attribute: Any, name: str | None = None, *args: Any
) -> list[Any]:
    found = _each(value)
    return [item for item in found if not _holds(environment, pick(environment, item, attribute), name, args)]


def _default(value: Any, other: Any = "", falsy: bool = False) -> Any:
    if isinstance(value, Undefined):
        return other
    return other if falsy and not value else value


# ---- tests


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _comparison(name: str) -> Callable[[Any, Any], bool]:
    return lambda value, other: compare(name, value, other)


FUNCTIONS: dict[str, Callable[..., Any]] = {"range": _make_range}

FILTERS: dict[str, Callable[..., Any]] = {
    **scalars.FILTERS,
    "batch": _batch,
    "default": _default,
    "first": _first,
    "flatten": _flatten,
    "items": _items,
    "join": _join,
    "keys": _keys,
    "last": _last,
    "length": _length,
    "list": _as_list,
    "map": _map_items,
    "max": _largest,
    "min": _smallest,
    "reject": _reject,
    "rejectattr": _reject_by,
    "reverse": _backwards,
    "select": _select,
    "selectattr": _select_by,
    "sort": _sort,
    "sum": _total,
    "unique": _unique,
    "values": _values,
}

TESTS: dict[str, Callable[..., bool]] = {
    **scalars.TESTS,
    "boolean": lambda value: isinstance(value, bool),
    "defined": lambda value: not isinstance(value, Undefined),
    "eq": _comparison("eq"),
    "float": lambda value: isinstance(value, float),
    "ge": _comparison("gteq"),
    "gt": _comparison("gt"),
    "in": contains,
    "integer": _is_integer,
    "le": _comparison("lteq"),
    "lt": _comparison("lt"),
    "mapping": lambda value: isinstance(value, Mapping),
    "ne": _comparison("ne"),
    "none": lambda value: value is None,
    "number": _is_number,
    "sequence": lambda value: isinstance(value, list | tuple),
    "string": lambda value: isinstance(value, str),
    "undefined": lambda value: isinstance(value, Undefined),
}
