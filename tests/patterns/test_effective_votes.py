"""Entropy of votes, and what correlated votes are worth."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.effective_votes import (
    effective_votes,
    error_correlation,
    normalised_entropy,
    vote_correlation,
)
from metaensemble.patterns.ratings import Label, Undefined

Rows = list[list[Label | None]]


@pytest.mark.parametrize(
    ("counts", "classes", "entropy"),
    [
        ([5], None, 0),
        ([5, 0], None, 0),
        ([5], 3, 0),
        ([2, 2], None, 1),
        ([1, 1, 1], None, 1),
        ([2, 2, 0, 0], None, 0.5),
        ([2, 2], 4, 0.5),
        # Shannon 1948, section 7: probabilities 1/2, 1/4, 1/8, 1/8 have 7/4 bits, of 2 that four classes allow.
        ([4, 2, 1, 1], None, 7 / 8),
    ],
)
def test_entropy(counts: list[int], classes: int | None, entropy: float) -> None:
    assert normalised_entropy(counts, classes) == pytest.approx(entropy)


def test_entropy_without_votes() -> None:
    for counts in ([], [0, 0]):
        with pytest.raises(Undefined, match="there are no votes"):
            normalised_entropy(counts)


def test_entropy_of_what_cannot_be() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        normalised_entropy([1, -1])
    with pytest.raises(ValueError, match="2 classes were chosen, more than the 1 said to exist"):
        normalised_entropy([1, 1], classes=1)


@given(counts=st.lists(st.integers(0, 1000), min_size=1, max_size=9).filter(any), data=st.data())
def test_entropy_lies_between_none_and_one(counts: list[int], data: st.DataObject) -> None:
    entropy = normalised_entropy(counts)
    assert 0 <= entropy <= 1
    assert (entropy == 0) is (sum(count > 0 for count in counts) == 1)
    assert normalised_entropy(data.draw(st.permutations(counts))) == entropy


@pytest.mark.parametrize(
    ("n", "rho", "votes"),
    [
        (5, 0, 5),
        (5, 1, 1),
        (3, 0.5, 1.5),
        (9, 0.6, 9 / 5.8),
        (5, -0.2, 5),
        (5, -1, 5),
        (5, 1.5, 1),
        (1, 0.7, 1),
        (0, 0.7, 0),
    ],
)
def test_effective_votes(n: int, rho: float, votes: float) -> None:
    assert effective_votes(n, rho) == pytest.approx(votes)


@given(n=st.integers(1, 1000), rho=st.floats(-2, 2))
def test_effective_votes_lie_between_one_and_all(n: int, rho: float) -> None:
    assert 1 - 1e-12 <= effective_votes(n, rho) <= n


def test_no_effective_votes_of_nonsense() -> None:
    with pytest.raises(ValueError, match="cannot be negative"):
        effective_votes(-1, 0.5)
    with pytest.raises(ValueError, match="rho is not a number"):
        effective_votes(3, math.nan)


def _votes(*raters: str) -> Rows:
    """One text per rater, one character per item; `.` is missing."""
    return [[None if vote == "." else vote for vote in item] for item in zip(*raters, strict=True)]


@pytest.mark.parametrize(
    ("raters", "correlation"),
    [
        # `a` is right throughout. 2 both wrong, 1 and 1 one wrong, 4 both right: (2*4 - 1*1) / (3 * 5).
        (("bbbaaaaa", "bbabaaaa"), 7 / 15),
        # Wrong together though never by the same vote.
        (("bbaa", "ccaa"), 1),
        (("bbaa", "aabb"), -1),
        (("baba", "bbaa"), 0),
        # The third rater is never wrong, so only one pair has a phi.
        (("bbbaaaaa", "bbabaaaa", "aaaaaaaa"), 7 / 15),
        # Items that one of the pair missed are left out.
        (("bbbaaaaa.b", "bbabaaaab."), 7 / 15),
        # The mean of 1, -1 and -1.
        (("bbaa", "bbaa", "aabb"), -1 / 3),
        (("aaaa", "aaaa"), None),
        (("bbbb", "abab"), None),
        (("ab..", "..ab"), None),
        (("abab",), None),
    ],
)
def test_error_correlation(raters: tuple[str, ...], correlation: float | None) -> None:
    found = error_correlation(_votes(*raters), ["a"] * len(raters[0]))
    assert found == (None if correlation is None else pytest.approx(correlation))


def test_items_without_truth_are_left_out() -> None:
    rows = _votes("bbbaaaaabb", "bbabaaaaab")
    assert error_correlation(rows, ["a"] * 8 + [None] * 2) == pytest.approx(7 / 15)
    assert error_correlation(rows, [None] * 10) is None
    assert error_correlation([], []) is None


def test_truth_is_compared_as_votes_are() -> None:
    rows: Rows = [[True, True], [1, 1], [True, True], [1, 1]]
    assert error_correlation(rows, [1, 1, 1, 1]) == 1
    with pytest.raises(ValueError, match="4 items, and 3 true labels"):
        error_correlation(rows, [1, 1, 1])


@pytest.mark.parametrize(
    ("raters", "correlation"),
    [
        (("aabb", "aabb"), 1),
        (("aabb", "bbaa"), -1),
        (("aabb", "abab"), 0),
        (("aaaa", "aabb"), 0),
        (("aaaa", "bbbb"), 0),
        (("aabb", "aabb", "bbaa"), -1 / 3),
        (("aabb.a", "aabba."), 1),
        (("aaaa", "aaaa"), None),
        (("a...", "b..."), None),
        (("abab",), None),
    ],
)
def test_vote_correlation(raters: tuple[str, ...], correlation: float | None) -> None:
    found = vote_correlation(_votes(*raters))
    assert found == (None if correlation is None else pytest.approx(correlation))


def test_vote_correlation_of_two_is_cohens_kappa() -> None:
    # `cont3x3abstractors` of Gwet's package irrCAC; the vignette prints Cohen's kappa 0.7964094.
    cells = {("e", "e"): 13, ("a", "a"): 20, ("a", "n"): 7, ("n", "a"): 4, ("n", "n"): 56}
    rows: Rows = [list(pair) for pair, count in cells.items() for _ in range(count)]
    assert vote_correlation(rows) == pytest.approx(0.7964094, abs=0.0000001)


tables = st.integers(1, 4).flatmap(
    lambda raters: st.lists(
        st.lists(st.sampled_from([True, 1, "a", None]), min_size=raters, max_size=raters), max_size=9
    )
)


@given(rows=tables, data=st.data())
def test_neither_the_order_of_items_nor_of_raters_matters(rows: Rows, data: st.DataObject) -> None:
    truth = data.draw(st.lists(st.sampled_from([True, 1, None]), min_size=len(rows), max_size=len(rows)))
    order = data.draw(st.permutations(range(len(rows))))
    raters = data.draw(st.permutations(range(len(rows[0]) if rows else 0)))
    moved = [[rows[item][rater] for rater in raters] for item in order]
    assert vote_correlation(moved) == vote_correlation(rows)
    found = error_correlation(rows, truth)
    assert error_correlation(moved, [truth[item] for item in order]) == found
    for value in (found, vote_correlation(rows)):
        assert value is None or abs(value) <= 1 + 1e-12


def test_raters_who_copy_are_worth_fewer_votes() -> None:
    source = random.Random(11)
    items, raters = 4000, 4

    def rho(copying: float) -> float:
        rows: Rows = []
        for _ in range(items):
            shared = source.random() < 0.3
            errors = [shared if source.random() < copying else source.random() < 0.3 for _ in range(raters)]
            rows.append(["wrong" if error else "right" for error in errors])
        found = error_correlation(rows, ["right"] * items)
        assert found is not None
        return found

    # Two raters share an error's cause when both copy: the correlation is the square of the share.
    found = [rho(copying) for copying in (0.0, 0.5, 0.9)]
    assert found == pytest.approx([0, 0.25, 0.81], abs=0.03)
    assert all(more > less for more, less in pairwise(effective_votes(raters, each) for each in found))
