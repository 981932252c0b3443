"""A DAG run with groups in it is cancelled: gracefully, at once, and while a group grows or is judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.engine.scheduler.events import CancelRequested
from metaensemble.engine.scheduler.graph import Quorum
from support.node_specs import limits, specs
from support.play import FAIL, Player

Play = Callable[..., Player]

ITEMS: dict[str, Any] = {"kind": "group", "grows": "items"}
ROUNDS: dict[str, Any] = {"kind": "group", "grows": "rounds", "most": 3}
GRAPH: dict[str, Any] = {"kind": "group", "grows": "graph"}
CANCELLED = ("cancelled", None)


def cancel(player: Player, *, now: bool = False) -> None:
    player.feed(CancelRequested(now=now, by="ana"))


@pytest.mark.parametrize("parallel", [None, 1, 2])
@pytest.mark.parametrize("now", [False, True])
def test_items_are_stopped_or_never_start(play: Play, parallel: int | None, now: bool) -> None:
    player = play(specs("each:\nafter: each", each={**ITEMS, "parallel": parallel}), limits(2))
    player.items("each", "a b c d")
    cancel(player, now=now)
    assert {(c.hard, c.why) for c in player.cancelled} == {(now, "cancel")}
    for node in list(player.running):
        player.finish(node, CANCELLED, why="cancel")
    assert set(player.states().values()) == {"cancelled"}
    assert player.reason("each") == "4 of 4 items cancelled"
    assert player.scheduler.verdict()[0] == "cancelled"


def test_what_had_ended_stays(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits(2))
    player.items("each", "a b c")
    player.finish("each[a]")
    cancel(player)
    player.finish("each[b]", CANCELLED, why="cancel")
    player.finish("each[c]")
    assert player.states() == {
        "each": "cancelled", "each[a]": "ok", "each[b]": "cancelled", "each[c]": "ok",
    }  # fmt: skip


def test_a_group_that_waits_for_its_members_is_cancelled_and_does_not_grow(play: Play) -> None:
    player = play(specs("each:\nafter: each", each=ITEMS), limits())
    cancel(player)
    assert player.states() == {"each": "cancelled", "after": "cancelled"}
    player.items("each", "a b")
    assert list(player.states()) == ["each", "after"]


@pytest.mark.parametrize("now", [False, True])
def test_between_two_rounds(play: Play, now: bool) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    cancel(player, now=now)
    player.round("fix")  # too late
    assert player.states() == {"fix": "cancelled", "fix#1": "ok"}
    assert player.started == ["fix#1"]


@pytest.mark.parametrize(
    ("holds", "state", "reason"),
    [
        (False, "cancelled", "cancelled before the next round"),
        (True, "ok", "`until` held after round 1"),
    ],
)
def test_while_a_round_is_judged(play: Play, holds: bool, state: str, reason: str) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    cancel(player)
    player.judge("fix", holds)
    assert player.states() == {"fix": state, "fix#1": "ok"}
    assert player.reason("fix") == reason
    assert player.growing == {}


def test_while_a_sub_graph_is_judged(play: Play) -> None:
    player = play(specs("g:\nafter: g", g=GRAPH), limits())
    player.tasks("g", "a:")
    player.finish("g/a")
    cancel(player)
    player.judge("g")
    assert player.states() == {"g": "ok", "after": "cancelled", "g/a": "ok"}


def test_a_cancel_that_comes_before_the_next_round_was_asked_for(play: Play) -> None:
    # As a resume may find it: the judgement is on record, and so is the cancel.
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    resumed = player.replayed()
    resumed.handle(CancelRequested(by="ana"))
    resumed.validate()
    assert resumed.nodes["fix"].state == "cancelled"
    assert resumed.is_done


def test_done_tasks_run_even_when_they_are_groups(play: Play) -> None:
    text = "work:\nclean: work?done\nsweep: work?done\nagain: work?done\nreport: clean"
    player = play(specs(text, clean=ITEMS, sweep=GRAPH, again=ROUNDS), limits(9))
    cancel(player)
    player.finish("work", CANCELLED, why="cancel")
    assert set(player.growing) == {"clean", "sweep", "again"}
    player.items("clean", "a b")
    player.tasks("sweep", "x:\ny: x")
    player.finish(player.round("again"))
    player.judge("again", holds=False)
    player.finish(player.round("again"))
    player.judge("again", holds=True)
    for node in ("clean[a]", "clean[b]", "sweep/x", "sweep/y"):
        player.finish(node)
    player.judge("sweep")
    assert player.states()["clean"] == player.states()["sweep"] == player.states()["again"] == "ok"
    assert player.state("report") == "cancelled", "a task behind a `done` task is none itself"


def test_done_tasks_inside_a_sub_graph_run_too(play: Play) -> None:
    player = play(specs("g:\nafter: g", g=GRAPH), limits(9))
    player.tasks("g", "work:\nnext: work\nclean: work?done\nlist: work?done", list=ITEMS)
    cancel(player)
    player.finish("g/work", CANCELLED, why="cancel")
    player.items("g/list", "1")
    player.finish("g/clean")
    player.finish("g/list[1]")
    assert player.states() == {
        "g": "cancelled", "after": "cancelled", "g/work": "cancelled", "g/next": "cancelled",
        "g/clean": "ok", "g/list": "ok", "g/list[1]": "ok",
    }  # fmt: skip


def test_now_spares_no_done_task(play: Play) -> None:
    player = play(specs("work:\nclean: work?done", clean=ITEMS), limits(1))
    cancel(player)
    player.finish("work", CANCELLED, why="cancel")
    player.items("clean", "a b")
    cancel(player, now=True)
    player.finish("clean[a]", CANCELLED, why="cancel")
    assert set(player.states().values()) == {"cancelled"}


def test_failures_count_for_more_than_cancelled_items(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "a b")
    cancel(player)
    player.finish("each[a]", FAIL)
    player.finish("each[b]", CANCELLED, why="cancel")
    assert player.state("each") == "failed"


def test_a_quorum_that_is_lost_by_a_cancel_cancels_its_consumer(play: Play) -> None:
    text = "each:\nship: each\nclean: each?done"
    player = play(specs(text, each=ITEMS, ship={"quorums": {"each": Quorum(2)}}), limits())
    player.items("each", "a b")
    player.finish("each[a]")
    cancel(player)
    player.finish("each[b]", CANCELLED, why="cancel")
    assert player.states()["ship"] == "cancelled"
    assert player.running.keys() == {"clean"}


def test_questions_and_conditions_of_members_are_dropped(play: Play) -> None:
    player = play(specs("g:", g=GRAPH), limits())
    player.tasks("g", "ask:\nmaybe:\nafter: maybe", ask={"kind": "ask"}, maybe={"has_condition": True})
    cancel(player)
    assert set(player.states().values()) == {"cancelled"}
    player.decide(True)
    player.answer("g/ask", "yes")
    assert set(player.states().values()) == {"cancelled"}


def test_nested_groups_end_from_the_inside(play: Play) -> None:
    player = play(specs("m:\nafter: m", m=ITEMS), limits(9))
    player.items("m", "x y", kind="group", grows="rounds", most=2)
    player.round("m[x]", kind="group", grows="graph")
    player.tasks("m[x]#1", "a:\nlist: a", list={**ITEMS, "parallel": 1})
    player.finish("m[x]#1/a")
    player.items("m[x]#1/list", "1 2 3")
    cancel(player)
    player.finish("m[x]#1/list[1]", CANCELLED, why="cancel")
    states = player.states()
    assert states.pop("m[x]#1/a") == "ok"
    assert set(states.values()) == {"cancelled"}
