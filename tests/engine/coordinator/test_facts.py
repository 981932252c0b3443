"""What is written of an event is what a replay reads back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from metaensemble.engine.coordinator.facts import event_of
from metaensemble.engine.scheduler.events import AttemptFinished


@dataclass(frozen=True)
class Written:
    """The part of a record that a replay reads."""

    kind: str
    entity_id: str
    payload: dict[str, Any]
    seq: int = 7


def finished(**more: Any) -> AttemptFinished:
    payload = {"node_id": "a", "generation": 1, "outcome": "cancelled", "cancelled_for": "stop", **more}
    event = event_of(Written("attempt.finished", "run", payload))
    assert isinstance(event, AttemptFinished)
    return event


@pytest.mark.parametrize("on_lost", ["rerun", "ask", "fail"])
def test_what_was_said_about_a_stopped_attempt_is_read_back(on_lost: str) -> None:
    event = finished(on_lost=on_lost, reason="it was asked to stop")
    assert (event.node, event.generation, event.run_id, event.cause) == ("a", 1, "run", 7)
    assert (event.cancelled_for, event.on_lost, event.reason) == ("stop", on_lost, "it was asked to stop")


def test_a_record_from_before_that_was_asked_says_nothing_of_it() -> None:
    assert finished().on_lost is None


def test_a_kind_that_this_version_does_not_know_is_no_event() -> None:
    assert event_of(Written("note.of.a.later.version", "x", {})) is None
