"""A DAG run that did not end well is taken up again: which nodes are made anew, and what they go on with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.engine.coordinator.recover import reopenable
from metaensemble.engine.scheduler.events import AttemptFinished, CancelRequested, GraphGrew, NodesReopened
from metaensemble.engine.scheduler.graph import NodeSpec, Quorum
from metaensemble.schemas.settling import Settlement, Standing
from support.node_specs import limits, specs
from support.play import FAIL, Player, sub_graph

Play = Callable[..., Player]

ITEMS: dict[str, Any] = {"kind": "group", "grows": "items"}
ROUNDS: dict[str, Any] = {"kind": "group", "grows": "rounds", "most": 2}
GRAPH: dict[str, Any] = {"kind": "group", "grows": "graph"}


def reopen(player: Player) -> list[str]:
    """Take the ended DAG run up again, as a resume does; the nodes that are made anew."""
    assert player.scheduler.is_done
    player.started.clear()
    player.ends.clear()
    found = reopenable(player.scheduler)
    player.feed(NodesReopened(nodes=tuple(found)))
    return [name for name, _ in found]


def test_failed_items_run_again_and_the_others_stay(play: Play) -> None:
    player = play(specs("each:\nafter: each", each=ITEMS), limits())
    player.items("each", "a b c")
    player.run_all(lambda node: FAIL if node == "each[b]" else ("ok", None))
    assert reopen(player) == ["each", "after", "each[b]"]
    assert player.growing == {}, "the items are known"
    assert player.started == ["each[b]"]
    player.run_all()
    assert player.started == ["each[b]", "after"]
    assert player.states() == dict.fromkeys(player.states(), "ok")
    assert [node.generation for node in player.scheduler.nodes.values()] == [0, 0, 1, 1, 1]
    assert player.reason("each") == "3 items ended ok"


def test_a_fan_out_whose_need_failed_grows_when_its_turn_comes(play: Play) -> None:
    player = play(specs("a:\neach: a", each=ITEMS), limits())
    player.finish("a", FAIL)
    assert reopen(player) == ["a", "each"]
    player.finish("a")
    player.items("each", "x")
    player.finish("each[x]")
    assert player.state("each") == "ok"


def test_a_fan_out_that_could_not_grow_tries_again(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.cannot_grow("each", "no list")
    reopen(player)
    player.items("each", "x")
    player.run_all()
    assert player.state("each") == "ok"


def test_members_wait_until_their_group_may_begin_again(play: Play) -> None:
    text = "a:\neach: a?done"
    player = play(specs(text, each=ITEMS), limits())
    player.finish("a", FAIL)
    player.items("each", "x y")
    player.finish("each[x]", FAIL)
    player.finish("each[y]")
    assert reopen(player) == ["a", "each", "each[x]"]
    assert player.started == ["a"]
    assert player.state("each[x]") == "pending"
    player.finish("a")
    assert player.started == ["a", "each[x]"]
    player.finish("each[x]")
    assert player.state("each") == "ok"


@pytest.mark.parametrize("parallel", [1, 2])
def test_parallel_holds_after_a_retry_too(play: Play, parallel: int) -> None:
    player = play(specs("each:", each={**ITEMS, "parallel": parallel}), limits(9))
    player.items("each", "a b c d e")
    player.run_all(lambda node: ("ok", None) if node == "each[c]" else FAIL)
    assert reopen(player) == ["each", "each[a]", "each[b]", "each[d]", "each[e]"]
    assert player.started == ["each[a]", "each[b]"][:parallel]
    player.run_all()
    assert player.states() == dict.fromkeys(player.states(), "ok")


@pytest.mark.parametrize("parallel", [1, 2])
def test_parallel_holds_where_the_group_has_to_wait(play: Play, parallel: int) -> None:
    player = play(specs("a:\neach: a?done", each={**ITEMS, "parallel": parallel}), limits(9))
    player.finish("a", FAIL)
    player.items("each", "a b c d")
    player.run_all(lambda _node: FAIL)
    reopen(player)
    assert player.started == ["a"]
    player.finish("a")
    assert player.started == ["a", "each[a]", "each[b]"][: 1 + parallel]
    player.run_all()
    assert player.states() == dict.fromkeys(player.states(), "ok")


def test_items_that_were_not_needed_come_back_with_their_group(play: Play) -> None:
    player = play(specs("each:\nship: each", each=ITEMS, ship={"quorums": {"each": Quorum(3)}}), limits(2))
    player.items("each", "a b c d")
    player.finish("each[a]", FAIL)
    player.finish("each[b]", FAIL)
    for node in list(player.running):
        player.finish(node, ("cancelled", None), why="unneeded")
    assert player.states()["each[d]"] == "skipped"
    assert player.states()["ship"] == "blocked"
    assert reopen(player) == ["each", "ship", "each[a]", "each[b]", "each[c]", "each[d]"]
    player.run_all()
    assert player.states()["ship"] == "ok"


def test_groups_that_were_not_needed_come_back_with_all_that_is_in_them(play: Play) -> None:
    player = play(specs("each:\nship: each", each=ITEMS, ship={"quorums": {"each": Quorum(2)}}), limits(9))
    player.items("each", "a b", kind="group", grows="graph")
    player.grow("each[a]", sub_graph("each[a]", "x:"))
    player.grow("each[b]", sub_graph("each[b]", "x:\ny: x\nno:", no={"has_condition": True}))
    player.decide(False)
    player.finish("each[a]/x", FAIL)
    player.finish("each[b]/x", ("cancelled", None), why="unneeded")
    assert player.states()["each[b]"] == "skipped"
    back = ["each", "ship", "each[a]", "each[b]", "each[a]/x", "each[b]/x", "each[b]/y"]
    assert reopen(player) == back, "a false condition stays false"
    player.run_all()
    player.judge("each[a]")
    player.judge("each[b]")
    player.finish("ship")
    assert player.states() == {**dict.fromkeys(player.states(), "ok"), "each[b]/no": "skipped"}


def test_a_quorum_that_was_met_asks_for_no_more(play: Play) -> None:
    text = "each:\nship: each\nlast: ship"
    player = play(specs(text, each=ITEMS, ship={"quorums": {"each": Quorum(1)}}), limits(9))
    player.items("each", "a b")
    player.finish("each[a]", FAIL)
    player.finish("each[b]")
    player.finish("ship")
    player.finish("last", FAIL)
    reopen(player)
    assert player.started == ["last"], "nobody waits for the item that failed"
    assert player.states()["each[a]"] == "skipped"
    player.finish("last")
    assert player.scheduler.verdict()[0] == "ok"


def test_an_exhausted_repeat_goes_on_with_as_many_rounds_again(play: Play) -> None:
    player = play(specs("fix:\nafter: fix", fix=ROUNDS), limits())
    for _ in range(2):
        player.finish(player.round("fix"))
        player.judge("fix", holds=False)
    assert reopen(player) == ["fix", "after"]
    player.judge("fix", holds=False)
    assert player.round("fix") == "fix#3"
    player.finish("fix#3")
    player.judge("fix", holds=False)
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    assert player.reason("fix") == "repeat_exhausted: `until` did not hold after 4 rounds"
    reopen(player)
    player.judge("fix", holds=False)
    player.finish(player.round("fix"))
    player.judge("fix", holds=True)
    player.finish("after")
    assert player.states() == dict.fromkeys(player.states(), "ok")
    assert [node.spec.id for node in player.scheduler.past] == ["fix", "after", "fix", "after"]


def test_a_round_that_failed_is_done_again(play: Play) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    player.finish(player.round("fix"), FAIL)
    assert reopen(player) == ["fix", "fix#2"]
    assert player.started == ["fix#2"]
    player.finish("fix#2")
    player.judge("fix", holds=True)
    assert player.state("fix") == "ok"


def test_a_sub_graph_goes_on_where_it_failed(play: Play) -> None:
    player = play(specs("g:\nafter: g", g=GRAPH), limits())
    player.tasks("g", "a:\nb: a\nc: b\nd:")
    player.run_all(lambda node: FAIL if node == "g/b" else ("ok", None))
    assert reopen(player) == ["g", "after", "g/b", "g/c"]
    assert player.started == ["g/b"]
    player.run_all()
    player.judge("g")
    player.finish("after")
    assert player.scheduler.verdict()[0] == "ok"


def test_a_sub_graph_whose_outputs_failed_is_judged_again(play: Play) -> None:
    player = play(specs("g:", g=GRAPH), limits())
    player.tasks("g", "a:")
    player.finish("g/a")
    player.judge("g", None, "no such field")
    assert reopen(player) == ["g"]
    assert player.started == []
    player.judge("g")
    assert player.state("g") == "ok"


def test_what_a_sub_graph_that_ended_well_knew_of_stays_as_it_is(play: Play) -> None:
    player = play(specs("g:\nlast: g", g=GRAPH), limits())
    player.tasks("g", "a:\nb: a?done")
    player.finish("g/a", FAIL)
    player.finish("g/b")
    player.judge("g")
    player.finish("last", FAIL)
    assert reopen(player) == ["last"]
    assert player.started == ["last"]


def test_joins_wait_for_their_group_as_others_do(play: Play) -> None:
    def never(standing: Standing) -> Settlement:
        return Settlement(release=standing.held)

    player = play(specs("a:\ng: a?done", g=GRAPH), limits(), {"never": never})
    player.finish("a", FAIL)
    player.tasks("g", "v:\njoin: v", join={"settles": "never"})
    player.finish("g/v")
    player.finish("g/join", FAIL)
    assert reopen(player) == ["a", "g", "g/join"]
    assert player.started == ["a"]
    assert player.state("g/join") == "pending"
    player.finish("a")
    assert player.started == ["a", "g/join"]
    player.finish("g/join")
    player.judge("g")
    assert player.scheduler.verdict()[0] == "ok"


def test_nested_groups_are_taken_up_from_the_outside(play: Play) -> None:
    player = play(specs("m:\nafter: m", m=ITEMS), limits(9))
    player.items("m", "x y", kind="group", grows="rounds", most=2)
    for cell in ("m[x]", "m[y]"):
        player.round(cell, kind="group", grows="graph")
        player.tasks(f"{cell}#1", "a:\nlist: a", list=ITEMS)
        player.finish(f"{cell}#1/a")
        player.items(f"{cell}#1/list", "1 2")
    player.run_all(lambda node: FAIL if node == "m[x]#1/list[2]" else ("ok", None))
    player.judge("m[y]#1")
    player.judge("m[y]")
    assert reopen(player) == ["m", "after", "m[x]", "m[x]#1", "m[x]#1/list", "m[x]#1/list[2]"]
    assert player.started == ["m[x]#1/list[2]"]
    player.run_all()
    player.judge("m[x]#1")
    player.judge("m[x]", holds=False)
    player.round("m[x]", kind="group", grows="graph")
    player.tasks("m[x]#2", "a:")
    player.run_all()
    player.judge("m[x]#2")
    player.judge("m[x]")
    player.finish("after")
    assert set(player.states().values()) == {"ok"}


def test_events_of_earlier_generations_are_ignored(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "a b")
    old = player.running["each[a]"]
    player.finish("each[a]", FAIL)
    player.finish("each[b]")
    reopen(player)
    late = [
        AttemptFinished(node="each[a]", generation=0, run_id=old, outcome="ok"),
        GraphGrew(group="each", generation=0, specs=(NodeSpec(id="each[z]", group="each"),)),
    ]
    for event in late:
        assert player.feed(event) == []
    assert player.states() == {"each[b]": "ok", "each": "running", "each[a]": "running"}


def test_what_was_made_anew_can_fail_and_be_made_anew_again(play: Play) -> None:
    player = play(specs("each:", each={**ITEMS, "parallel": 1}), limits())
    player.items("each", "a b")
    player.run_all(lambda _node: FAIL)
    for generation in (1, 2, 3):
        assert reopen(player) == ["each", "each[a]", "each[b]"]
        assert player.scheduler.nodes["each"].generation == generation
        player.run_all(lambda node, last=generation == 3: ("ok", None) if last else FAIL)
    assert set(player.states().values()) == {"ok"}


def test_members_end_with_a_group_that_does_not_begin_again(play: Play) -> None:
    text = "a:\nmop: a?failed\nlast: mop?done"
    player = play(specs(text, mop=GRAPH), limits(9))
    player.finish("a", FAIL)
    player.tasks("mop", "x:\ny: x\nlist: x", list={**ITEMS, "parallel": 1})
    player.finish("mop/x")
    player.items("mop/list", "1 2")
    player.run_all(lambda _node: FAIL)
    assert reopen(player)[:3] == ["a", "mop", "last"]
    player.finish("a")
    reason = "skipped because `a` did not fail: it ended `ok`"
    for name in ("mop", "mop/y", "mop/list", "mop/list[1]", "mop/list[2]"):
        assert (player.state(name), player.reason(name)) == ("skipped", reason)
    player.finish("last", FAIL)
    assert reopen(player) == ["last"], "the group that was skipped stays so, with what is in it"


def test_members_that_ended_with_their_blocked_group_come_back_with_it(play: Play) -> None:
    player = play(specs("a:\ng: a?done\nb: g?done\nh: b?done", g=GRAPH, h=GRAPH), limits(9))
    player.finish("a", FAIL)
    player.tasks("g", "x:")
    player.finish("g/x", FAIL)
    player.finish("b", FAIL)
    player.tasks("h", "y:\nz: y", y={"has_condition": True})
    player.decide(True)
    player.finish("h/y", FAIL)
    assert reopen(player) == ["a", "g", "b", "h", "g/x", "h/y", "h/z"]
    player.feed(CancelRequested(by="ana"))
    for node in list(player.running):
        player.finish(node, ("cancelled", None), why="cancel")
    player.run_all(lambda _node: ("cancelled", None))
    assert reopen(player)[-2:] == ["h/y", "h/z"]
    player.run_all()
    player.judge("g")
    player.run_all()
    player.judge("h")
    assert set(player.states().values()) == {"ok"}
