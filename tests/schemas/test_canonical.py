"""Canonical JSON and digests."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.canonical import canonical, canonical_bytes, digest

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(values)
def test_it_reads_back_as_the_same_value(value: object) -> None:
    assert json.loads(canonical_bytes(value)) == value


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_plays_no_part(value: dict[str, int]) -> None:
    assert digest(value) == digest(dict(reversed(value.items())))


def test_one_spelling() -> None:
    assert canonical({"b": [1, 2.5, None], "a": "é\n"}) == '{"a":"é\\n","b":[1,2.5,null]}'
    assert digest([]) == hashlib.sha256(b"[]").hexdigest()


def test_a_lone_surrogate_is_escaped() -> None:
    assert canonical_bytes("\ud800") == b'"\\ud800"'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_json_lacks_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical(value)
