"""Pieces that wait for one another are found; the rest of what is refused is shown with a package."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from metaensemble.patterns.foreign import Foreign
from metaensemble.patterns.protocol import Expansion, PatternProblem
from metaensemble.schemas.bound import BoundTask, CommandSpec, Need

NAMES = ["a", "b", "c", "d", "e"]


def foreign(edges: set[tuple[str, str]]) -> Foreign:
    """A pattern whose pieces have these needs."""

    class Pattern:
        summary = ""
        settings = BaseModel

        def expand(self, task: BoundTask, settings: Any) -> Expansion:
            pieces = (
                BoundTask(
                    id=name,
                    command=CommandSpec(shell=name),
                    needs=tuple(Need(task=need) for one, need in sorted(edges) if one == name),
                )
                for name in NAMES
            )
            return Expansion(pieces=tuple(pieces), result="a")

    return Foreign("knots", "sailing", Pattern, ())


@given(st.sets(st.sampled_from([(one, two) for one in NAMES for two in NAMES if one < two])))
def test_needs_in_one_direction_are_no_cycle(edges: set[tuple[str, str]]) -> None:
    assert len(foreign(edges).expand(BoundTask(id="t"), None).pieces) == len(NAMES)


@given(
    st.sets(st.sampled_from([(one, two) for one in NAMES for two in NAMES if one != two])),
    st.permutations(NAMES),
    st.integers(2, 5),
)
def test_every_cycle_is_found_and_shown(edges: set[tuple[str, str]], order: list[str], long: int) -> None:
    ring = order[:long]
    edges |= set(zip(ring, [*ring[1:], ring[0]], strict=True))
    with pytest.raises(PatternProblem) as caught:
        foreign(edges).expand(BoundTask(id="t"), None)
    said = str(caught.value).rpartition("one another: ")[2].split(" -> ")
    assert said[0] == said[-1]
    assert set(pairwise(said)) <= edges
