"""The filters, tests and functions of expressions. `catalogue` documents them.

All are pure: same values in, same value out. They take and give JSON values, lists instead of
iterators, and refuse what would grow beyond `limits`. A `TypeError` or `ValueError` that they raise
carries a message for people.
"""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, Undefined, pass_environment

from ...schemas.template import as_text
from .limits import Meter, bounded_bits, bounded_list, bounded_text, size_of_joined


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


def _expect(value: Any, wanted: str) -> Any:
    if kind_of(defined(value)) != wanted:
        raise TypeError(f"expected {wanted}, found {kind_of(value)}")
    return value


def _list(value: Any) -> list[Any]:
    if isinstance(value, str):
        raise TypeError("expected a list, found text: `| lines` or `| split` make a list of it")
    if isinstance(value, tuple):
        return list(value)
    found: list[Any] = _expect(value, "a list")
    return found


def _text(value: Any) -> str:
    text: str = _expect(value, "text")
    return text


def pick(environment: Environment, item: Any, attribute: Any) -> Any:
    """The field `a.b.c` of an item; what does not exist comes out as an undefined value."""
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
    bounded_list(max(0, -(-(numbers.stop - numbers.start) // numbers.step)))
    return list(numbers)


# ---- filters on text


def _upper(value: Any) -> str:
    return _text(value).upper()


def _lower(value: Any) -> str:
    return _text(value).lower()


def _trim(value: Any, characters: str | None = None) -> str:
    return _text(value).strip(characters)


def _split(value: Any, separator: str | None = None) -> list[str]:
    return _text(value).split(separator)


def _lines(value: Any) -> list[str]:
    pieces = _text(value).split("\n")
    return pieces[:-1] if pieces[-1] == "" else pieces


def _replace(value: Any, old: str, new: str) -> str:
    text, old, new = _text(value), _text(old), _text(new)
    bounded_text(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _basename(value: Any) -> str:
    return posixpath.basename(_text(value))


def _dirname(value: Any) -> str:
    return posixpath.dirname(_text(value))


def to_string(value: Any) -> str:
    """A value as it stands inside text."""
    if not isinstance(value, str):
        Meter().measure(defined(value))
    return as_text(value)


def _to_json(value: Any) -> str:
    Meter().measure(defined(value))
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _from_json(value: Any) -> Any:
    try:
        return json.loads(_text(value), parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the text is JSON that nests too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"the text is not JSON from its character {error.pos + 1} on") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


# ---- filters on numbers


def _to_int(value: Any) -> int:
    if isinstance(value, str):
        try:
            number = int(value.strip())
        except ValueError:
            raise ValueError(f"`{value[:40]}` is not a whole number") from None
    else:
        number = int(_expect(value, "a number"))
    bounded_bits(number.bit_length())
    return number


def _to_float(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value.strip())
        except ValueError:
            raise ValueError(f"`{value[:40]}` is not a number") from None
    return float(_expect(value, "a number"))


def _absolute(value: Any) -> Any:
    return abs(_expect(value, "a number"))


def _rounded(value: Any, digits: int = 0) -> Any:
    if not 0 <= digits <= 15:
        raise ValueError("`round` keeps 0 to 15 digits")
    found = round(_expect(value, "a number"), digits)
    return int(found) if digits == 0 and math.isfinite(found) else found


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
    return min(_not_empty(value))


def _largest(value: Any) -> Any:
    return max(_not_empty(value))


def _not_empty(value: Any) -> list[Any]:
    items = _list(value)
    if not items:
        raise ValueError("the list is empty")
    return items


def _total(value: Any) -> Any:
    return sum(_expect(item, "a number") for item in _list(value))


def _join(value: Any, separator: str = "") -> str:
    parts = [to_string(item) for item in _list(value)]
    bounded_text(size_of_joined(parts, _text(separator)))
    return separator.join(parts)


def _unique(value: Any) -> list[Any]:
    seen: set[str] = set()
    found = []
    for item in _list(value):
        # The text tells 1 from true and from "1", which `==` and hashes do not.
        mark = _to_json(item)
        if mark not in seen:
            seen.add(mark)
            found.append(item)
    return found


def _backwards(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else _list(value)[::-1]


def _flatten(value: Any) -> list[Any]:
    found: list[Any] = []
    for item in _list(value):
        found.extend(item if isinstance(item, list | tuple) else [item])
        bounded_list(len(found))
    return found


def _batch(value: Any, size: Any) -> list[list[Any]]:
    if not _is_integer(size) or size < 1:
        raise ValueError("`batch` takes a whole number from 1")
    items = _list(value)
    return [items[start : start + size] for start in range(0, len(items), size)]


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        bounded_list(len(value))
        return list(value)
    return list(_list(value))


def _keys(value: Any) -> list[Any]:
    return list(_expect(value, "an object"))


def _values(value: Any) -> list[Any]:
    return list(_expect(value, "an object").values())


def _items(value: Any) -> list[list[Any]]:
    return [[key, item] for key, item in _expect(value, "an object").items()]


@pass_environment
def _sort(environment: Environment, value: Any, reverse: bool = False, attribute: Any = None) -> list[Any]:
    def rank(item: Any) -> Any:
        return item if attribute is None else pick(environment, item, attribute)

    return sorted(_list(value), key=rank, reverse=bool(reverse))


@pass_environment
def _map_items(
    environment: Environment, value: Any, name: str | None = None, *args: Any, **named: Any
) -> list[Any]:
    if name is not None:
        return [environment.call_filter(name, item, list(args), named) for item in _list(value)]
    if "attribute" not in named or named.keys() - {"attribute", "default"}:
        raise TypeError("`map` takes the name of a filter, or `attribute=` and perhaps `default=`")
    found = [pick(environment, item, named["attribute"]) for item in _list(value)]
    if "default" in named:
        found = [named["default"] if isinstance(item, Undefined) else item for item in found]
    return found


def _holds(environment: Environment, value: Any, name: str | None, args: tuple[Any, ...]) -> bool:
    return bool(environment.call_test(name, value, list(args)) if name is not None else value)


@pass_environment
def _select(environment: Environment, value: Any, name: str | None = None, *args: Any) -> list[Any]:
    return [item for item in _list(value) if _holds(environment, item, name, args)]


@pass_environment
def _reject(environment: Environment, value: Any, name: str | None = None, *args: Any) -> list[Any]:
    return [item for item in _list(value) if not _holds(environment, item, name, args)]


@pass_environment
def _select_by(
    environment: Environment, value: Any, attribute: Any, name: str | None = None, *args: Any
) -> list[Any]:
    found = _list(value)
    return [item for item in found if _holds(environment, pick(environment, item, attribute), name, args)]


@pass_environment
def _reject_by(
    environment: Environment, value: Any, attribute: Any, name: str | None = None, *args: Any
) -> list[Any]:
    found = _list(value)
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


def _is_in(value: Any, container: Any) -> bool:
    return value in container


FUNCTIONS: dict[str, Callable[..., Any]] = {"range": _make_range}

FILTERS: dict[str, Callable[..., Any]] = {
    "abs": _absolute,
    "basename": _basename,
    "batch": _batch,
    "default": _default,
    "dirname": _dirname,
    "first": _first,
    "flatten": _flatten,
    "float": _to_float,
    "fromjson": _from_json,
    "int": _to_int,
    "items": _items,
    "join": _join,
    "keys": _keys,
    "last": _last,
    "length": _length,
    "lines": _lines,
    "list": _as_list,
    "lower": _lower,
    "map": _map_items,
    "max": _largest,
    "min": _smallest,
    "reject": _reject,
    "rejectattr": _reject_by,
    "replace": _replace,
    "reverse": _backwards,
    "round": _rounded,
    "select": _select,
    "selectattr": _select_by,
    "sort": _sort,
    "split": _split,
    "string": to_string,
    "sum": _total,
    "tojson": _to_json,
    "trim": _trim,
    "unique": _unique,
    "upper": _upper,
    "values": _values,
}

TESTS: dict[str, Callable[..., bool]] = {
    "boolean": lambda value: isinstance(value, bool),
    "defined": lambda value: not isinstance(value, Undefined),
    "divisibleby": lambda value, number: value % number == 0,
    "endswith": lambda value, end: _text(value).endswith(_text(end)),
    "eq": lambda value, other: value == other,
    "even": lambda value: value % 2 == 0,
    "float": lambda value: isinstance(value, float),
    "ge": lambda value, other: value >= other,
    "gt": lambda value, other: value > other,
    "in": _is_in,
    "integer": _is_integer,
    "le": lambda value, other: value <= other,
    "lt": lambda value, other: value < other,
    "mapping": lambda value: isinstance(value, Mapping),
    "ne": lambda value, other: value != other,
    "none": lambda value: value is None,
    "number": _is_number,
    "odd": lambda value: value % 2 == 1,
    "sequence": lambda value: isinstance(value, list | tuple),
    "startswith": lambda value, start: _text(value).startswith(_text(start)),
    "string": lambda value: isinstance(value, str),
    "undefined": lambda value: isinstance(value, Undefined),
}
