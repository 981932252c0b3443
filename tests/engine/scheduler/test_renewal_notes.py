"""New generations: what is noted of work that is sent back."""

from __future__ import annotations

import pytest

from metaensemble.engine.scheduler.commands import NodeEnd, RecordEnds, RecordRenewal, StartAttempt
from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    DispatchOpened,
    Event,
    PrincipalAnswered,
)
from metaensemble.engine.scheduler.machine import Scheduler
from support.node_specs import limits, specs

SENT_BACK = (
    RecordEnds((NodeEnd("publish", 0, "failed", "rejected: ana said no"),)),
    RecordRenewal(nodes=(("draft", 1), ("publish", 1)), dropped=()),
    StartAttempt("draft", 1, 1),
)


@pytest.mark.parametrize("replayed", [True, False])
def test_work_that_is_sent_back_is_noted_even_when_the_no_was_given_elsewhere(replayed: bool) -> None:
    nodes = specs("draft:\npublish: draft", publish={"kind": "ask", "rewind_to": "draft"})
    scheduler = Scheduler(nodes, limits())
    facts: list[Event] = [
        AttemptStarted(node="draft", generation=0, run_id="r"),
        AttemptFinished(node="draft", generation=0, run_id="r", outcome="ok"),
        PrincipalAnswered(node="publish", generation=0, answer="no", by="ana"),
    ]
    facts.insert(3 if replayed else 0, DispatchOpened())
    for fact in facts:
        commands = scheduler.handle(fact)
        scheduler.validate()
    assert tuple(commands) == SENT_BACK
