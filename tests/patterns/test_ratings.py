"""When two labels are the same vote."""

from __future__ import annotations

import math
from typing import Any

import pytest

from metaensemble.patterns.ratings import Label, Undefined, label_key, tally


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        (True, 1, False),
        (False, 0, False),
        (True, 1.0, False),
        (True, "true", False),
        (1, "1", False),
        (1, 1.0, True),
        (0.0, -0.0, True),
        (2**53, 2**53 + 1, False),
        ("yes", "Yes", False),
        (True, True, True),
    ],
)
def test_same_vote(one: Label, two: Label, same: bool) -> None:
    assert (label_key(one) == label_key(two)) is same
    assert len(tally([[one, two]])[0]) == (1 if same else 2)


@pytest.mark.parametrize("label", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_no_vote(label: float) -> None:
    with pytest.raises(Undefined, match="not a finite number"):
        label_key(label)


@pytest.mark.parametrize("label", [["yes"], {"vote": 1}, None, 1j])
def test_other_values_are_no_labels(label: Any) -> None:
    with pytest.raises(TypeError, match="a label is text, a boolean or a number"):
        label_key(label)


def test_missing_votes_are_not_counted() -> None:
    assert tally([["a", None, "a"], [None, None, None]]) == [{("text", "a"): 2}, {}]


def test_rows_have_one_place_per_rater() -> None:
    with pytest.raises(ValueError, match="one place per rater"):
        tally([["a", "b"], ["a"]])
