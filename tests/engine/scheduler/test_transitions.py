"""The table is total, its ended rows are empty, and what is not in it raises with the story."""

from __future__ import annotations

from typing import get_args

import pytest

from metaensemble.engine.scheduler.transitions import TRANSITIONS, EventKind, next_state
from metaensemble.schemas.errors import IllegalTransition
from metaensemble.schemas.states import ENDED, NODE_STATES


def test_every_state_has_a_row() -> None:
    assert set(TRANSITIONS) == set(NODE_STATES)


def test_every_kind_of_event_is_used_and_known() -> None:
    used = {kind for row in TRANSITIONS.values() for kind in row}
    assert used == set(get_args(EventKind))


@pytest.mark.parametrize("state", sorted(ENDED))
def test_an_ended_state_is_never_left(state: str) -> None:
    assert TRANSITIONS[state] == {}  # type: ignore[index]


def test_every_open_state_can_reach_an_end() -> None:
    reaching = set(ENDED)
    while True:
        more = {s for s, row in TRANSITIONS.items() if set(row.values()) & reaching} - reaching
        if not more:
            break
        reaching |= more
    assert reaching == set(NODE_STATES)


def test_a_pair_that_is_not_listed_raises_with_the_story() -> None:
    with pytest.raises(IllegalTransition) as caught:
        next_state("ok", "attempt_started", node="a", story=["#1 needs_met", "#2 attempt_ok"])
    assert caught.value.story == ("#1 needs_met", "#2 attempt_ok")
    assert "`a` is `ok`" in caught.value.message
    assert caught.value.exit_code == 70
