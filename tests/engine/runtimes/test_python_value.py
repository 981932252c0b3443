"""What counts as JSON among the things that callables return."""

from __future__ import annotations

import datetime as dt
import enum
import json
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel
from pydantic.dataclasses import dataclass as pydantic_dataclass

from metaensemble.engine.runtimes.python_value import DEEPEST, NotJson, as_json, encoded

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


class Pair(NamedTuple):
    left: int
    right: int


class Colour(enum.StrEnum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Plain(enum.Enum):
    ONE = 1


class Share(float):
    def __repr__(self) -> str:
        return "a share"


@dataclass
class Row:
    name: str
    tags: tuple[str, ...] = ()
    inner: Row | None = None
    hidden: str = field(default="shown too", repr=False)


class Model(BaseModel):
    when: dt.date
    rows: list[Row] = []


class Score(BaseModel):
    share: float


@pydantic_dataclass
class Checked:
    count: int


class Odd:
    def __repr__(self) -> str:
        raise ValueError("no")


class Broken(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError("broken")


@given(JSON)
def test_a_json_value_comes_back_as_it_was(value: Any) -> None:
    found = as_json(value)
    assert found == value
    assert json.loads(encoded(found)) == value
    assert repr(json.loads(encoded(found))) == repr(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (Pair(1, 2), [1, 2]),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (defaultdict(list, a=[1]), {"a": [1]}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (Colour.RED, "red"),
        ({Colour.RED: Level.HIGH}, {"red": 3}),
        (Share(0.5), 0.5),
        (10**3000, 10**3000),
        (-0.0, -0.0),
        (
            Row("x", ("a",), Row("y")),
            {
                "name": "x",
                "tags": ["a"],
                "inner": {"name": "y", "tags": [], "inner": None, "hidden": "shown too"},
                "hidden": "shown too",
            },
        ),
        (Model(when=dt.date(2020, 1, 2)), {"when": "2020-01-02", "rows": []}),
        ([RootModel[list[int]]([1, 2])], [[1, 2]]),
        (Checked(3), {"count": 3}),
        ([[]] * 3, [[], [], []]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_near_json_becomes_json(value: Any, expected: Any) -> None:
    found = as_json(value)
    assert found == expected
    assert json.loads(encoded(found)) == expected
    assert {type(item) for item in _all(found)} <= {dict, list, str, int, float, bool, type(None)}


def _all(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value, *(item for part in inner for item in _all(part))]


def _deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


def _cycle() -> Any:
    value: dict[str, Any] = {"a": [1]}
    value["a"].append(value)
    return value


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ({1}, "$", "is a `set`; return `sorted(...)` of it"),
        ({"tags": {"a"}}, "$.tags", "`set`"),
        ([0, {"a b": [b"x"]}], "$[1]['a b'][0]", "is a `bytes`"),
        (float("nan"), "$", "is nan"),
        ([1.0, float("-inf")], "$[1]", "is -inf"),
        ({"by id": {3: "x"}}, "$['by id']", "has the key 3, an `int`"),
        ({None: 1}, "$", "has the key None, a `NoneType`"),
        ({True: 1}, "$", "has the key True, a `bool`"),
        ({("a",): 1}, "$", "has the key ('a',), a `tuple`"),
        (object(), "$", "is an `object`"),
        (Plain.ONE, "$", "test_python_value.Plain`"),
        (Odd(), "$", "test_python_value.Odd`"),
        ({Odd(): 1}, "$", "cannot be looked at"),
        (Broken(), "$", "cannot be looked at: RuntimeError: broken"),
        (Path("x"), "$", "return `str(...)` of it"),
        (Decimal(1), "$", "return `str(...)` or `float(...)` of it"),
        (dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "$", "return `.isoformat()` of it"),
        ((item for item in ()), "$", "is a `generator`; return `list(...)` of it"),
        (Row, "$", "is a `type`"),
        (Row("x", inner={1}), "$.inner", "`set`"),
        (Score(share=float("nan")), "$.share", "is nan"),
        ("half \ud800", "$", "half of a surrogate pair"),
        ({"half \ud800": 1}, r"$['half \\ud800']", "half of a surrogate pair"),
        (10**5000, "$", "thousands of digits"),
        (_cycle(), "$.a[1]", "holds itself"),
        (_deep(DEEPEST + 1), "$" + "[0]" * DEEPEST, f"more than {DEEPEST} levels deep"),
        (_deep(100_000), "$" + "[0]" * DEEPEST, "levels deep"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) and value.isascii() else type(value).__name__,
)
def test_what_json_cannot_hold_is_told_with_its_place(value: Any, path: str, words: str) -> None:
    with pytest.raises(NotJson) as caught:
        as_json(value)
    assert caught.value.path == path
    assert words in caught.value.message
    assert caught.value.reason == f"what the callable returned is not JSON: `{path}` {caught.value.message}"
    assert caught.value.reason.encode()


def test_the_deepest_value_can_be_written() -> None:
    assert json.loads(encoded(as_json(_deep(DEEPEST)))) == _deep(DEEPEST)


def test_what_comes_out_shares_nothing_with_what_went_in() -> None:
    value = {"a": [1]}
    found = as_json(value)
    value["a"].append(2)
    assert found == {"a": [1]}


def test_one_thing_in_two_places_is_no_cycle() -> None:
    shared = ["x"]
    assert as_json({"a": shared, "b": shared}) == {"a": ["x"], "b": ["x"]}
