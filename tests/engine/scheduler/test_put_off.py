"""A start that is put off: the node waits without a slot, and every way out of a wait is open to it."""

from __future__ import annotations

from metaensemble.engine.scheduler.commands import Command, StartAttempt
from metaensemble.engine.scheduler.events import (
    AttemptStarted,
    CancelRequested,
    DispatchOpened,
    Event,
    StartPutOff,
    StopRequested,
    TimerFired,
)
from metaensemble.engine.scheduler.graph import Limits
from metaensemble.engine.scheduler.machine import Scheduler
from support.node_specs import specs

BUSY = StartPutOff(node="a", generation=0, reason="who is to do it is busy")


def opened(text: str, maximum: int = 1) -> tuple[Scheduler, list[Command]]:
    scheduler = Scheduler(specs(text), Limits(maximum=maximum, pools={}))
    return scheduler, scheduler.handle(DispatchOpened())


def fed(scheduler: Scheduler, event: Event) -> list[Command]:
    commands = scheduler.handle(event)
    scheduler.validate()
    return commands


def starts(commands: list[Command]) -> list[str]:
    return [command.node for command in commands if isinstance(command, StartAttempt)]


def test_its_slot_goes_to_the_next_one_and_it_starts_when_the_wait_is_over() -> None:
    scheduler, first = opened("a:\nb:")
    assert starts(first) == ["a"]
    assert starts(fed(scheduler, BUSY)) == ["b"]
    node = scheduler.nodes["a"]
    assert (node.state, node.reason, node.attempts) == ("waiting", BUSY.reason, 0)
    assert scheduler.waits_for_person() == []
    assert starts(fed(scheduler, TimerFired(node="a", generation=0))) == [], "the slot is taken"
    assert node.state == "ready"


def test_it_may_be_put_off_more_than_once() -> None:
    scheduler, _ = opened("a:")
    for _ in range(2):
        fed(scheduler, BUSY)
        assert starts(fed(scheduler, TimerFired(node="a", generation=0))) == ["a"]
    fed(scheduler, AttemptStarted(node="a", generation=0, run_id="r"))
    assert scheduler.nodes["a"].attempts == 1


def test_a_cancel_ends_it() -> None:
    scheduler, _ = opened("a:")
    fed(scheduler, BUSY)
    fed(scheduler, CancelRequested(by="ana"))
    assert (scheduler.nodes["a"].state, scheduler.is_done) == ("cancelled", True)


def test_a_cancel_that_came_before_it_was_put_off_ends_it() -> None:
    scheduler, _ = opened("a:")
    fed(scheduler, CancelRequested(by="ana"))
    assert scheduler.nodes["a"].state == "ready", "it was about to start"
    fed(scheduler, BUSY)
    assert scheduler.nodes["a"].state == "cancelled"


def test_after_a_stop_nothing_starts() -> None:
    scheduler, _ = opened("a:")
    fed(scheduler, BUSY)
    fed(scheduler, StopRequested())
    assert starts(fed(scheduler, TimerFired(node="a", generation=0))) == []


def test_what_is_not_about_to_start_cannot_be_put_off() -> None:
    scheduler, _ = opened("a:")
    fed(scheduler, AttemptStarted(node="a", generation=0, run_id="r"))
    assert fed(scheduler, BUSY) == []
    assert scheduler.nodes["a"].state == "running"
