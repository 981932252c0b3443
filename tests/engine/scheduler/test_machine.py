"""The scheduler, event by event."""

from __future__ import annotations

import pytest

from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    DispatchOpened,
    NodesReopened,
    PrincipalAnswered,
    StopRequested,
    TimerFired,
)
from metaensemble.engine.scheduler.graph import NodeSpec
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.errors import IllegalTransition
from support.node_specs import limits, specs
from support.play import FAIL, OK, Player

DIAMOND = "a:\nb: a\nc: a\nd: b c"


def test_a_diamond_runs_in_order() -> None:
    player = Player(specs(DIAMOND), limits()).open()
    assert player.started == ["a"]
    player.finish("a")
    assert player.started == ["a", "b", "c"]
    player.finish("c")
    assert "d" not in player.started
    player.finish("b")
    player.finish("d")
    assert player.scheduler.verdict() == ("ok", "4 nodes ok")


def test_nothing_starts_before_dispatch_is_open() -> None:
    player = Player(specs(DIAMOND), limits())
    assert player.started == []
    player.open()
    assert player.started == ["a"]


def test_the_maximum_bounds_what_runs() -> None:
    player = Player(specs("a:\nb:\nc:"), limits(2)).open()
    assert player.started == ["a", "b"]
    player.finish("a")
    assert player.started == ["a", "b", "c"]


def test_a_full_pool_holds_back_only_its_own() -> None:
    nodes = specs("a:\nb:\nc:", a={"pools": ("gpu",)}, b={"pools": ("gpu",)})
    player = Player(nodes, limits(4, gpu=1)).open()
    assert player.started == ["a", "c"]
    player.finish("a")
    assert player.started == ["a", "c", "b"]


def test_priority_comes_before_path_length_and_declaration() -> None:
    nodes = specs("short:\nlong:\nlast:\nurgent:\ntail: long", urgent={"priority": 1})
    player = Player(nodes, limits(1)).open()
    player.run_all()
    assert player.started == ["urgent", "long", "short", "last", "tail"]


def test_a_failure_blocks_what_needs_it_and_names_the_root() -> None:
    player = Player(specs("a:\nb: a\nc: b\nd:"), limits()).open()
    player.finish("a", FAIL)
    player.finish("d")
    assert player.states() == {"a": "failed", "b": "blocked", "c": "blocked", "d": "ok"}
    assert player.scheduler.nodes["b"].reason == "blocked because `a` failed: exit_status happened"
    assert player.scheduler.nodes["c"].reason == (
        "blocked because `b` was blocked: `a` failed: exit_status happened"
    )
    assert player.ends == [("b", "blocked"), ("c", "blocked")]
    assert player.scheduler.verdict() == ("failed", "1 node failed (`a`), 2 nodes blocked")


def test_the_verdict_on_needs_waits_for_all_of_them() -> None:
    player = Player(specs("a:\nb:\nc: a b"), limits()).open()
    player.finish("a", FAIL)
    assert player.states()["c"] == "pending"
    player.finish("b", FAIL)
    assert player.scheduler.nodes["c"].reason.startswith("blocked because `a` failed")


def test_done_accepts_a_failure_which_then_does_not_spoil_the_run() -> None:
    player = Player(specs("a:\nb: a?done"), limits()).open()
    player.finish("a", FAIL)
    player.finish("b")
    assert player.states() == {"a": "failed", "b": "ok"}
    assert player.scheduler.verdict()[0] == "ok"


def test_a_failure_taken_knowingly_by_one_consumer_only_spoils_the_run() -> None:
    player = Player(specs("a:\nb: a?done\nc: a"), limits()).open()
    player.finish("a", FAIL)
    player.finish("b")
    assert player.scheduler.verdict()[0] == "failed"


def test_failed_needs() -> None:
    nodes = "a:\nhandler: a?failed\nafter: handler"
    player = Player(specs(nodes), limits()).open()
    player.finish("a", FAIL)
    player.run_all()
    assert player.states() == {"a": "failed", "handler": "ok", "after": "ok"}
    player = Player(specs(nodes), limits()).open()
    player.run_all()
    assert player.states() == {"a": "ok", "handler": "skipped", "after": "skipped"}
    assert player.scheduler.nodes["handler"].reason == "skipped because `a` did not fail: it ended `ok`"
    assert player.scheduler.verdict()[0] == "ok"


def test_failed_is_met_by_blocked() -> None:
    player = Player(specs("a:\nb: a\nc: b?failed"), limits()).open()
    player.finish("a", FAIL)
    player.run_all()
    assert player.states()["c"] == "ok"


def test_conditions() -> None:
    nodes = specs("a:\nb: a\nc: b", b={"has_condition": True})
    player = Player(nodes, limits()).open()
    player.finish("a")
    assert player.started == ["a"]
    player.decide(False)
    assert player.states() == {"a": "ok", "b": "skipped", "c": "skipped"}
    assert player.scheduler.nodes["c"].reason == "skipped because `b` was skipped: its condition was false"
    assert player.scheduler.verdict()[0] == "ok"


def test_a_condition_that_cannot_be_evaluated_fails_the_node() -> None:
    player = Player(specs("a:", a={"has_condition": True}), limits()).open()
    player.decide(None, "no key `x`")
    assert player.states() == {"a": "failed"}
    assert "no key `x`" in player.scheduler.nodes["a"].reason


def test_retries_wait_and_are_counted() -> None:
    player = Player(specs("a:", a={"retry_max": 2}), limits()).open()
    player.finish("a", FAIL, backoff=3)
    assert player.states()["a"] == "waiting"
    assert player.timers["a"].seconds == 3
    player.fire("a")
    player.finish("a", FAIL)
    player.fire("a")
    player.finish("a", FAIL)
    assert player.states()["a"] == "failed"
    assert player.scheduler.nodes["a"].reason == "exit_status happened (attempt 3)"


def test_a_waiting_node_holds_no_slot() -> None:
    player = Player(specs("a:\nb:", a={"retry_max": 1}), limits(1)).open()
    player.finish("a", FAIL)
    assert player.started == ["a", "b"]


def test_a_throttled_attempt_costs_no_retry() -> None:
    player = Player(specs("a:", a={"retry_max": 1}), limits()).open()
    for _ in range(5):
        player.finish("a", ("failed", "rate_limited"))
        player.fire("a")
    player.finish("a", FAIL)
    player.fire("a")
    player.finish("a", OK)
    assert player.states()["a"] == "ok"


@pytest.mark.parametrize("reason", ["auth", "invalid_request", "refused", "quarantined", "rejected"])
def test_what_cannot_succeed_is_not_repeated(reason: str) -> None:
    player = Player(specs("a:", a={"retry_max": 5}), limits()).open()
    player.finish("a", ("failed", reason))
    assert player.states()["a"] == "failed"


def test_retry_on_narrows_the_reasons() -> None:
    player = Player(specs("a:", a={"retry_max": 5, "retry_on": frozenset({"timeout"})}), limits()).open()
    player.finish("a", ("failed", "timeout"))
    player.fire("a")
    player.finish("a", FAIL)
    assert player.states()["a"] == "failed"


@pytest.mark.parametrize("outcome", ["partial", "budget_exceeded"])
def test_partial_ends_are_failures_without_retry(outcome: str) -> None:
    player = Player(specs("a:", a={"retry_max": 5}), limits()).open()
    player.finish("a", (outcome, None))
    assert player.states()["a"] == "failed"


@pytest.mark.parametrize(("on_lost", "state"), [("rerun", "ready"), ("ask", "waiting"), ("fail", "failed")])
def test_a_lost_attempt(on_lost: str, state: str) -> None:
    player = Player(specs("a:\nb:", a={"on_lost": on_lost}), limits(1))
    player.feed(AttemptStarted(node="a", generation=0, run_id="old"))
    player.running["a"] = "old"
    player.finish("a", ("interrupted", None))
    assert player.states()["a"] == state
    player.open()
    assert player.asked == (["a"] if on_lost == "ask" else [])
    assert player.started == (["a"] if on_lost == "rerun" else ["b"])


@pytest.mark.parametrize(("answer", "state"), [("rerun", "running"), ("fail", "failed")])
def test_a_person_answers_for_a_lost_attempt(answer: str, state: str) -> None:
    player = Player(specs("a:", a={"on_lost": "ask"}), limits())
    player.feed(AttemptStarted(node="a", generation=0, run_id="old"))
    player.running["a"] = "old"
    player.finish("a", ("interrupted", None))
    player.open()
    assert [node.spec.id for node in player.scheduler.waits_for_person()] == ["a"]
    player.feed(PrincipalAnswered(node="a", generation=0, answer=answer, by="me"))  # type: ignore[arg-type]
    assert player.states()["a"] == state
    assert player.scheduler.waits_for_person() == []
    player.feed(PrincipalAnswered(node="a", generation=0, answer="fail", by="me"))
    assert player.states()["a"] == state


def test_late_events_are_ignored() -> None:
    player = Player(specs("a:", a={"retry_max": 1}), limits()).open()
    old = player.running["a"]
    player.finish("a", FAIL)
    player.fire("a")
    new = player.running["a"]
    assert new != old
    late = AttemptFinished(node="a", generation=0, run_id=old, outcome="ok")
    assert player.feed(late) == []
    assert player.states()["a"] == "running"
    player.finish("a")
    assert player.feed(AttemptFinished(node="a", generation=0, run_id=new, outcome="ok")) == []
    assert player.feed(TimerFired(node="a", generation=0)) == []
    assert player.feed(AttemptStarted(node="a", generation=0, run_id=new)) == []


def test_a_second_start_of_a_running_node_is_illegal_and_changes_nothing() -> None:
    player = Player(specs("a:"), limits()).open()
    before = player.scheduler.story("a")
    with pytest.raises(IllegalTransition) as caught:
        player.scheduler.handle(AttemptStarted(node="a", generation=0, run_id="another"))
    assert list(caught.value.story) == before
    assert player.states()["a"] == "running"
    player.scheduler.validate()


def test_a_stop_starts_nothing_more_and_leaves_the_rest_for_a_resume() -> None:
    player = Player(specs("a:\nb: a\nclean: a?done"), limits()).open()
    player.feed(StopRequested())
    assert [(c.node, c.hard, c.why) for c in player.cancelled] == [("a", False, "stop")]
    player.feed(StopRequested(hard=True))
    assert player.cancelled[-1].hard
    player.finish("a", ("cancelled", None), why="stop")
    assert player.states() == {"a": "ready", "b": "pending", "clean": "pending"}
    assert player.started == ["a"]


@pytest.mark.parametrize(
    ("on_lost", "state", "reason"),
    [
        (None, "ready", "cancelled happened"),
        ("rerun", "ready", "cancelled happened"),
        ("ask", "waiting", "it was stopped before its end, and `on_lost` is `ask`"),
        ("fail", "failed", "it was stopped before its end, and `on_lost` is `fail`"),
    ],
)
def test_what_becomes_of_a_stopped_attempt_stands_in_its_event(
    on_lost: str | None, state: str, reason: str
) -> None:
    # The graph says something else: what was recorded counts, also where nothing was.
    nodes = specs("a:\nb: a", a={"on_lost": "fail" if on_lost != "fail" else "ask"})
    player = Player(nodes, limits()).open()
    player.feed(StopRequested())
    player.finish("a", ("cancelled", None), why="stop", on_lost=on_lost)
    assert player.states() == {"a": state, "b": "blocked" if state == "failed" else "pending"}
    assert player.scheduler.nodes["a"].reason == reason
    assert [node.spec.id for node in player.scheduler.waits_for_person()] == (
        ["a"] if on_lost == "ask" else []
    )
    assert player.started == ["a"]


@pytest.mark.parametrize(("answer", "state"), [("rerun", "running"), ("fail", "failed")])
def test_a_person_answers_for_a_stopped_attempt(answer: str, state: str) -> None:
    player = Player(specs("a:\nb:"), limits())
    player.feed(AttemptStarted(node="a", generation=0, run_id="old"))
    player.running["a"] = "old"
    player.finish("a", ("cancelled", None), why="stop", on_lost="ask")
    player.open()
    assert player.asked == ["a"]
    assert player.started == ["b"], "what waits for a person holds nobody else back"
    player.feed(PrincipalAnswered(node="a", generation=0, answer=answer, by="ana"))  # type: ignore[arg-type]
    assert player.states()["a"] == state
    if answer == "fail":
        assert player.scheduler.nodes["a"].reason == "it was stopped before its end, and ana let it fail"


def test_an_attempt_that_was_stopped_while_the_run_is_cancelled_ends_cancelled() -> None:
    player = Player(specs("a:"), limits()).open()
    player.feed(CancelRequested(by="a person"))
    player.finish("a", ("cancelled", None), why="stop", on_lost="ask")
    assert player.states()["a"] == "cancelled"


def test_cancel_ends_what_waits_for_a_person() -> None:
    player = Player(specs("a:\nb: a"), limits())
    player.feed(AttemptStarted(node="a", generation=0, run_id="old"))
    player.running["a"] = "old"
    player.finish("a", ("cancelled", None), why="stop", on_lost="ask")
    player.open()
    player.feed(CancelRequested(by="a person"))
    assert player.states() == {"a": "cancelled", "b": "cancelled"}
    assert player.scheduler.waits_for_person() == []


def test_cancel_ends_the_run_but_lets_done_tasks_run() -> None:
    player = Player(specs("a:\nb: a\nclean: a?done\nlate: clean"), limits()).open()
    player.feed(CancelRequested(by="a person"))
    assert [(c.node, c.hard, c.why) for c in player.cancelled] == [("a", False, "cancel")]
    player.finish("a", ("cancelled", None), why="cancel")
    assert player.states() == {"a": "cancelled", "b": "cancelled", "clean": "running", "late": "cancelled"}
    player.finish("clean")
    assert player.scheduler.verdict()[0] == "cancelled"


def test_cancel_now_spares_nothing() -> None:
    player = Player(specs("a:\nb: a\nclean: a?done"), limits()).open()
    player.feed(CancelRequested(by="a person"))
    player.finish("a", ("cancelled", None), why="cancel")
    player.feed(CancelRequested(now=True, by="the deadline"))
    assert [(c.node, c.hard) for c in player.cancelled][-1] == ("clean", True)
    player.finish("clean", ("cancelled", None), why="cancel")
    assert set(player.states().values()) == {"cancelled"}


def test_a_failed_attempt_is_not_retried_while_the_run_is_cancelled() -> None:
    player = Player(specs("a:", a={"retry_max": 3}), limits()).open()
    player.feed(CancelRequested(by="a person"))
    player.finish("a", FAIL)
    assert player.states()["a"] == "failed"


def test_reopening_makes_a_new_generation_and_keeps_the_old() -> None:
    player = Player(specs("a:\nb: a\nc:"), limits()).open()
    player.finish("a", FAIL)
    player.finish("c")
    assert player.scheduler.is_done
    fresh = Player(specs("a:\nb: a\nc:"), limits())
    fresh.scheduler = player.scheduler
    fresh.feed(NodesReopened(nodes=(("b", 1), ("a", 1))))
    assert fresh.started == ["a"]
    assert [(node.spec.id, node.state) for node in player.scheduler.past] == [
        ("b", "blocked"),
        ("a", "failed"),
    ]
    fresh.finish("a")
    fresh.finish("b")
    assert fresh.states() == {"a": "ok", "b": "ok", "c": "ok"}
    assert "c" not in fresh.started
    late = AttemptFinished(node="a", generation=0, run_id="run-1", outcome="ok")
    assert fresh.feed(late) == []


def test_reopening_what_has_not_ended_is_illegal() -> None:
    player = Player(specs("a:"), limits()).open()
    with pytest.raises(IllegalTransition):
        player.scheduler.handle(NodesReopened(nodes=(("a", 1),)))
    assert player.states()["a"] == "running"


def test_the_same_events_give_the_same_commands() -> None:
    nodes = specs("a:\nb:\nc: a b\nd: a\ne: c d")
    first = Player(nodes, limits(2)).open()
    first.run_all()
    second = Player(nodes, limits(2)).open()
    second.run_all()
    assert first.started == second.started


@pytest.mark.parametrize(
    "nodes",
    [
        [NodeSpec(id="a", needs=(("a", "ok"),))],
        [NodeSpec(id="a", needs=(("b", "ok"),)), NodeSpec(id="b", needs=(("a", "ok"),))],
        [NodeSpec(id="a"), NodeSpec(id="a")],
    ],
)
def test_a_graph_that_cannot_run_is_refused(nodes: list[NodeSpec]) -> None:
    with pytest.raises(ValueError, match="cycle"):
        Scheduler(nodes, limits())


def test_a_long_chain_of_blocked_nodes_needs_no_deep_stack() -> None:
    lines = ["n0:"] + [f"n{i}: n{i - 1}" for i in range(1, 5000)]
    scheduler = Scheduler(specs("\n".join(lines)), limits())
    scheduler.handle(DispatchOpened())
    scheduler.handle(AttemptStarted(node="n0", generation=0, run_id="r"))
    scheduler.handle(
        AttemptFinished(node="n0", generation=0, run_id="r", outcome="failed", failure_reason="auth")
    )
    assert scheduler.is_done
    assert scheduler.nodes["n4999"].state == "blocked"
    assert len(scheduler.nodes["n4999"].reason) < 100
