"""A person sends work back: that task and everything behind it are made anew, the old ones stay beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    CancelRequested,
    DispatchOpened,
    GraphGrew,
    PrincipalAnswered,
)
from metaensemble.engine.scheduler.graph import NodeSpec, Quorum
from support.node_specs import limits, specs
from support.play import FAIL, Player

Play = Callable[..., Player]

ITEMS: dict[str, Any] = {"kind": "group", "grows": "items"}
ROUNDS: dict[str, Any] = {"kind": "group", "grows": "rounds", "most": 3}
GRAPH: dict[str, Any] = {"kind": "group", "grows": "graph"}


def asks(target: str | None = None) -> dict[str, Any]:
    return {"kind": "ask", "rewind_to": target}


def test_a_question_takes_no_slot_and_a_yes_lets_the_work_go_on(play: Play) -> None:
    player = play(specs("draft:\nask: draft\nother:\nsend: ask", ask=asks("draft")), limits(1))
    player.finish("draft")
    assert player.asked == ["ask"]
    assert player.state("ask") == "waiting"
    player.finish("other")
    player.answer("ask", "yes")
    assert player.reason("ask") == "ana said yes"
    player.finish("send")
    assert player.scheduler.verdict() == ("ok", "4 nodes ok")


def test_a_no_without_a_way_back_fails_the_question(play: Play) -> None:
    player = play(specs("ask:\nsend: ask\nmop: ask?failed", ask=asks()), limits())
    player.answer("ask", "no")
    assert player.reason("ask") == "rejected: ana said no"
    assert player.state("send") == "blocked"
    assert player.running.keys() == {"mop"}


def test_only_the_first_answer_counts_and_only_to_what_was_asked(play: Play) -> None:
    player = play(specs("ask:\nwork:", ask=asks()), limits())
    for answer in ("rerun", "fail"):
        player.feed(PrincipalAnswered(node="ask", generation=0, answer=answer))  # type: ignore[arg-type]
    player.feed(PrincipalAnswered(node="work", generation=0, answer="yes"))
    assert player.states() == {"ask": "waiting", "work": "running"}
    player.answer("ask", "yes")
    player.feed(PrincipalAnswered(node="ask", generation=0, answer="no"))
    assert player.state("ask") == "ok"


def test_the_task_and_all_behind_it_are_made_anew(play: Play) -> None:
    text = "before:\ndraft: before\nedit: draft\nask: edit\nsend: ask\nbeside: draft\nfar:"
    player = play(specs(text, ask=asks("draft")), limits(9))
    for node in ("before", "draft", "edit"):
        player.finish(node)
    player.finish("beside", FAIL)
    player.started.clear()
    player.answer("ask", "no")
    assert player.started == ["draft"]
    generations = {name: node.generation for name, node in player.scheduler.nodes.items()}
    assert generations == {"before": 0, "draft": 1, "edit": 1, "ask": 1, "send": 1, "beside": 1, "far": 0}
    assert [(node.spec.id, node.state, node.reason) for node in player.scheduler.past] == [
        ("draft", "ok", "its attempt ended ok"),
        ("edit", "ok", "its attempt ended ok"),
        ("ask", "failed", "rejected: ana said no"),
        ("send", "pending", ""),
        ("beside", "failed", "exit_status happened"),
    ]
    assert ("ask", "failed") in player.ends
    assert player.renewals[0].nodes == (("draft", 1), ("edit", 1), ("ask", 1), ("send", 1), ("beside", 1))
    assert player.renewals[0].dropped == ()
    assert {player.scheduler.nodes[name].rewinds for name in ("draft", "ask")} == {1}
    player.run_all()
    player.answer("ask", "no")
    assert player.scheduler.nodes["draft"].rewinds == 2
    player.run_all()
    player.answer("ask", "yes")
    player.run_all()
    assert player.scheduler.verdict() == ("ok", "7 nodes ok")


def test_what_runs_of_it_is_stopped_and_keeps_its_slot_until_it_has_ended(play: Play) -> None:
    player = play(specs("draft:\nslow: draft\nask: draft", ask=asks("draft")), limits(1))
    player.finish("draft")
    old = player.running["slow"]
    player.answer("ask", "no")
    assert [(c.node, c.run_id, c.hard, c.why) for c in player.cancelled] == [("slow", old, False, "unneeded")]
    assert player.states() == {"draft": "ready", "slow": "pending", "ask": "pending"}
    assert player.scheduler.in_flight == 1
    player.feed(AttemptFinished(node="slow", generation=0, run_id=old, outcome="ok"))
    assert player.states() == {"draft": "running", "slow": "pending", "ask": "pending"}
    player.finish("draft")
    assert player.states() == {"draft": "ok", "slow": "running", "ask": "waiting"}
    assert player.scheduler.nodes["slow"].generation == 1


def test_waiting_and_questioned_descendants_start_over(play: Play) -> None:
    text = "draft:\nflaky: draft\nother: draft\nask: draft"
    player = play(specs(text, ask=asks("draft"), other=asks(), flaky={"retry_max": 1}), limits(9))
    player.finish("draft")
    player.finish("flaky", FAIL)
    assert player.state("flaky") == "waiting"
    player.answer("ask", "no")
    assert player.states() == {"draft": "running", "flaky": "pending", "other": "pending", "ask": "pending"}
    player.fire("flaky")  # its timer was not told
    assert player.state("flaky") == "pending"
    player.finish("draft")
    player.finish("flaky", FAIL)
    player.fire("flaky")
    player.finish("flaky")
    assert player.asked.count("other") == 2, "the first time of asking is forgotten"


def test_groups_behind_it_grow_again(play: Play) -> None:
    text = "draft:\neach: draft\ng: draft\nfix: draft\nask: draft\nend: each g fix ask"
    player = play(
        specs(text, each={**ITEMS, "parallel": 1}, g=GRAPH, fix=ROUNDS, ask=asks("draft")), limits(9)
    )
    player.finish("draft")
    player.items("each", "a b")
    player.tasks("g", "x:\ndeep: x", deep=ITEMS)
    player.finish("g/x")
    player.items("g/deep", "1 2")
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    running = dict(player.running)
    player.answer("ask", "no")
    assert list(player.states()) == ["draft", "each", "g", "fix", "ask", "end"]
    assert {(c.node, c.why) for c in player.cancelled} == {
        ("each[a]", "unneeded"), ("g/deep[1]", "unneeded"), ("g/deep[2]", "unneeded"),
    }  # fmt: skip
    dropped = dict(player.renewals[0].dropped)
    assert dropped.keys() == {"each[a]", "each[b]", "g/x", "g/deep", "g/deep[1]", "g/deep[2]", "fix#1"}
    player.feed(GraphGrew(group="fix", generation=0, specs=(NodeSpec(id="fix#2", group="fix"),)))
    assert "fix#2" not in player.states(), "that growth is of the old generation"
    player.growing.clear()
    player.finish("draft")
    # Other items than before, and one that has the name of an old one.
    player.items("each", "b c")
    assert player.scheduler.nodes["each[b]"].generation == 1
    assert player.scheduler.nodes["each[c]"].generation == 0
    for node, run_id in running.items():
        player.feed(AttemptFinished(node=node, generation=0, run_id=run_id, outcome="cancelled"))
    assert player.state("each[b]") == "running"
    player.tasks("g", "x:")
    player.finish(player.round("fix"))
    player.judge("fix")
    player.finish("each[b]")
    player.finish("each[c]")
    player.finish("g/x")
    player.judge("g")
    player.answer("ask", "yes")
    player.finish("end")
    assert player.scheduler.verdict() == ("ok", "6 nodes ok")
    assert player.scheduler.in_flight == 0


def test_inside_a_sub_graph(play: Play) -> None:
    player = play(specs("g:\nafter: g", g=GRAPH), limits(9))
    player.tasks("g", "draft:\nlist: draft\nask: draft", list=ITEMS, ask=asks("g/draft"))
    player.finish("g/draft")
    player.items("g/list", "1")
    player.finish("g/list[1]")
    assert player.state("g/list") == "ok"
    player.answer("g/ask", "no")
    assert player.states() == {
        "g": "running", "after": "pending", "g/draft": "running", "g/list": "pending", "g/ask": "pending",
    }  # fmt: skip
    player.finish("g/draft")
    player.items("g/list", "1 2")
    player.answer("g/ask", "yes")
    player.run_all()
    player.judge("g")
    player.finish("after")
    assert player.scheduler.verdict() == ("ok", "2 nodes ok")


def test_a_question_for_every_item(play: Play) -> None:
    player = play(specs("draft:\neach: draft\nsend: each", each=ITEMS), limits(9))
    player.finish("draft")
    player.items("each", "a b", kind="ask", rewind_to="draft")
    player.answer("each[a]", "yes")
    player.answer("each[b]", "no")
    assert player.states() == {"draft": "running", "each": "pending", "send": "pending"}
    assert ("each[b]", "failed") in player.ends
    player.finish("draft")
    player.asked.clear()
    player.items("each", "a b", kind="ask", rewind_to="draft")
    player.asked[:] = ["each[a]", "each[b]"]
    player.answer("each[a]", "yes")
    player.answer("each[b]", "yes")
    assert player.state("send") == "running"


def test_a_quorum_that_was_reached_before_holds_for_the_new_consumer(play: Play) -> None:
    text = "each:\nship: each\nask: ship"
    player = play(
        specs(text, each={**ITEMS, "rest": "keep"}, ship={"quorums": {"each": Quorum(1)}}, ask=asks("ship")),
        limits(9),
    )
    player.items("each", "a b")
    player.finish("each[a]")
    player.finish("ship")
    player.answer("ask", "no")
    assert player.state("ship") == "running", "it need not wait for another item to end"
    player.finish("ship")
    player.answer("ask", "yes")
    player.finish("each[b]")
    assert set(player.states().values()) == {"ok"}


@pytest.mark.parametrize("asked_before", [True, False])
def test_a_cancel_asks_nobody_and_a_no_that_comes_then_sends_nothing_back(
    asked_before: bool, play: Play
) -> None:
    text = "draft:\nfail:\nask: draft fail?done"
    player = play(specs(text, ask=asks("draft")), limits(9))
    player.finish("draft")
    if asked_before:
        player.finish("fail")
        assert player.state("ask") == "waiting"
    player.feed(CancelRequested(by="bob"))
    if not asked_before:
        player.finish("fail", ("cancelled", None), why="cancel")
    player.feed(PrincipalAnswered(node="ask", generation=0, answer="no"))
    fail = "ok" if asked_before else "cancelled"
    assert player.states() == {"draft": "ok", "fail": fail, "ask": "cancelled"}


def test_a_question_within_a_graph_behind_done_is_cancelled_too(play: Play) -> None:
    player = play(specs("work:\ntidy: work?done", tidy=GRAPH), limits(9))
    player.finish("work", FAIL)
    player.tasks("tidy", "ask:\nmore: ask?done", ask=asks())
    assert player.state("tidy/ask") == "waiting"
    player.feed(CancelRequested(by="bob"))
    assert player.state("tidy/ask") == "cancelled"


def test_a_renewal_that_nobody_recorded_is_asked_for_again() -> None:
    nodes = specs("draft:\nask: draft", ask=asks("draft"))
    player = Player(nodes, limits()).open()
    player.finish("draft")
    player.answer("ask", "no")
    resumed = Player(nodes, limits())
    for fact in player.facts:
        resumed.feed(fact)
    assert resumed.renewals == [], "a replay only takes note"
    resumed.feed(DispatchOpened())
    assert resumed.renewals == player.renewals
    assert ("ask", "failed") in resumed.ends


def test_a_start_that_comes_after_the_work_was_sent_back_is_stopped_at_once() -> None:
    player = Player(specs("draft:\nask: draft\nlate: draft", ask=asks("draft")), limits(9))
    player.feed(AttemptStarted(node="draft", generation=0, run_id="d"))
    player.feed(AttemptFinished(node="draft", generation=0, run_id="d", outcome="ok"))
    commands = player.scheduler.handle(DispatchOpened())
    assert any(getattr(command, "node", "") == "late" for command in commands)
    player.scheduler.handle(PrincipalAnswered(node="ask", generation=0, answer="no"))
    player.scheduler.validate()
    player.feed(AttemptStarted(node="late", generation=0, run_id="l"))
    assert [(c.run_id, c.hard) for c in player.cancelled] == [("l", True)]
    player.feed(AttemptFinished(node="late", generation=0, run_id="l", outcome="cancelled"))
    assert player.state("late") == "pending"
