"""Did-you-mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.suggest import closest, did_you_mean, distance, in_backticks


@pytest.mark.parametrize(
    ("left", "right", "wanted"),
    [
        ("", "", 0),
        ("needs", "needs", 0),
        ("need", "needs", 1),
        ("nedes", "needs", 1),  # a swap of neighbours is one mistake
        ("timeuot", "timeout", 1),
        ("tiemuot", "timeout", 2),
        ("kitten", "sitting", 3),
        ("abc", "xyz", 3),
        ("a", "abcdef", 3),
    ],
)
def test_distance(left: str, right: str, wanted: int) -> None:
    assert distance(left, right) == wanted


@given(st.text("ab-", max_size=8), st.text("ab-", max_size=8))
def test_distance_is_symmetric_and_zero_only_for_equals(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)


@given(st.text("abc", max_size=8), st.data())
def test_one_typo_is_at_most_one_away(word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(word)))
    typed = data.draw(
        st.sampled_from(
            [word[:at] + "x" + word[at:], word[:at] + word[at + 1 :], word[:at] + "x" + word[at + 1 :]]
        )
    )
    assert distance(word, typed) <= 1


@pytest.mark.parametrize(
    ("name", "candidates", "wanted"),
    [
        ("need", ["env", "needs"], "needs"),
        ("on-lost", ["on_lost"], "on_lost"),
        ("Timeout", ["timeout"], "timeout"),
        ("cwd", ["env", "run"], None),
        ("if", ["in", "as"], "in"),
        ("xyzzy", ["needs"], None),
        ("z", ["b", "c"], None),
        ("A", ["b", "a"], "a"),
        ("tets", ["test", "tests"], "test"),
        ("anything", [], None),
    ],
)
def test_closest(name: str, candidates: list[str], wanted: str | None) -> None:
    assert closest(name, candidates) == wanted


def test_the_hint_is_a_question() -> None:
    assert did_you_mean("need", ["needs"]) == "did you mean `needs`?"
    assert did_you_mean("need", []) is None


def test_lists_read_like_a_sentence() -> None:
    assert in_backticks([]) == ""
    assert in_backticks(["a"]) == "`a`"
    assert in_backticks(["a", "b"]) == "`a` or `b`"
    assert in_backticks(["a", "b", "c"], last="and") == "`a`, `b` and `c`"
    assert in_backticks("abcd", limit=2) == "`a`, `b` and 2 more"
