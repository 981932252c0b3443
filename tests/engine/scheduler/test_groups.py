"""Fan-outs, matrices and sub-graphs as the scheduler sees them: groups that end by their members."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    AttemptStarted,
    GraphGrew,
    GroupJudged,
    GrowthFailed,
    NodeReused,
    StopRequested,
)
from metaensemble.engine.scheduler.graph import NodeSpec, Quorum
from metaensemble.schemas.errors import IllegalTransition
from support.node_specs import limits, specs
from support.play import FAIL, Player

Play = Callable[..., Player]

ITEMS = {"kind": "group", "grows": "items"}
ROUNDS = {"kind": "group", "grows": "rounds", "most": 3}
GRAPH = {"kind": "group", "grows": "graph"}


# ---- fan-outs


def test_a_fan_out_grows_once_its_needs_are_met(play: Play) -> None:
    player = play(specs("a:\neach: a\nafter: each", each=ITEMS), limits())
    assert player.growing == {}
    player.finish("a")
    assert list(player.growing) == ["each"]
    assert player.state("each") == "ready"
    player.items("each", "x y")
    assert player.started == ["a", "each[x]", "each[y]"]
    assert player.state("each") == "running"
    player.finish("each[y]")
    player.finish("each[x]")
    assert player.started[-1] == "after"
    assert player.reason("each") == "2 items ended ok"
    player.finish("after")
    assert player.scheduler.verdict() == ("ok", "3 nodes ok")
    assert player.ends == [("each", "ok")], "the items' ends stand in the records of their attempts"


def test_a_fan_out_takes_no_slot(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits(1))
    player.items("each", "x y")
    assert player.started == ["each[x]"]
    player.finish("each[x]")
    assert player.started == ["each[x]", "each[y]"]


def test_no_items_are_a_good_end(play: Play) -> None:
    player = play(specs("each:\nafter: each", each=ITEMS), limits())
    player.items("each", "")
    assert player.state("each") == "ok"
    assert player.reason("each") == "it has no items"
    assert player.started == ["after"]


def test_items_that_failed_fail_the_fan_out_once_all_have_ended(play: Play) -> None:
    player = play(specs("each:\nafter: each\nhandler: each?failed", each=ITEMS), limits(9))
    player.items("each", "a b c d e f g")
    for key in "abcdef":
        player.finish(f"each[{key}]", FAIL)
    assert player.state("each") == "running"
    player.finish("each[g]")
    assert player.reason("each") == (
        "6 of 7 items failed: `each[a]`, `each[b]`, `each[c]`, `each[d]`, `each[e]` and 1 more"
    )
    assert player.states()["after"] == "blocked"
    assert player.started[-1] == "handler"
    player.finish("handler")
    assert player.scheduler.verdict()[0] == "failed"


def test_an_item_with_retries_left_keeps_the_fan_out_open(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "x y", retry_max=1)
    player.finish("each[x]", FAIL)
    player.finish("each[y]")
    assert player.state("each") == "running"
    player.fire("each[x]")
    player.finish("each[x]")
    assert player.state("each") == "ok"


def test_skipped_items_do_not_spoil_the_fan_out(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "x y z", has_condition=True)
    player.decide(True)
    player.decide(False)
    player.decide(False)
    player.finish("each[x]")
    assert player.state("each") == "ok"
    assert player.reason("each") == "1 of 3 items ended ok, the rest was skipped"


def test_a_condition_of_an_item_that_cannot_be_evaluated_fails_that_item(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "x y", has_condition=True)
    player.decide(None, "no `name`")
    player.decide(True)
    player.finish("each[y]")
    assert player.states() == {"each": "failed", "each[x]": "failed", "each[y]": "ok"}


def test_a_condition_of_the_fan_out_is_asked_before_it_grows(play: Play) -> None:
    player = play(specs("each:\nafter: each", each={**ITEMS, "has_condition": True}), limits())
    assert player.growing == {}
    player.decide(False)
    assert player.states() == {"each": "skipped", "after": "skipped"}
    player = play(specs("each:", each={**ITEMS, "has_condition": True}), limits())
    player.decide(True)
    assert list(player.growing) == ["each"]


def test_a_fan_out_that_cannot_grow_fails_with_the_reason(play: Play) -> None:
    player = play(specs("each:\nafter: each", each=ITEMS), limits())
    player.cannot_grow("each", "items 1 and 3 are equal")
    assert player.reason("each") == "items 1 and 3 are equal"
    assert player.states()["after"] == "blocked"
    assert "items 1 and 3 are equal" in player.reason("after")


def test_a_reused_item_counts_as_ok(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits(1))
    player.items("each", "x y")
    player.feed(NodeReused(node="each[y]", generation=0, run_id="earlier"))
    assert player.state("each[y]") == "ok"
    player.finish("each[x]")
    assert player.state("each") == "ok"


@pytest.mark.parametrize("parallel", [1, 2, 3, 7])
def test_parallel_bounds_the_items_at_work(play: Play, parallel: int) -> None:
    player = play(specs("each:\nother:", each={**ITEMS, "parallel": parallel}), limits(9))
    player.items("each", "a b c d e", retry_max=1)
    assert player.started == ["other", *(f"each[{key}]" for key in "abcde"[:parallel])]
    # A retry keeps its place.
    player.finish("each[a]", FAIL)
    assert len(player.started) == 1 + min(parallel, 5)
    player.fire("each[a]")
    player.run_all()
    assert player.states() == dict.fromkeys(player.states(), "ok")


def test_parallel_holds_back_groups_too(play: Play) -> None:
    player = play(specs("each:", each={**ITEMS, "parallel": 1}), limits(9))
    player.items("each", "a b", kind="group", grows="items")
    assert list(player.growing) == ["each[a]"]
    player.items("each[a]", "1 2")
    player.finish("each[a][1]")
    assert player.state("each[b]") == "held"
    player.finish("each[a][2]")
    assert list(player.growing) == ["each[b]"]
    player.items("each[b]", "")
    assert player.state("each") == "ok"


def test_growth_that_nobody_waits_for_is_ignored(play: Play) -> None:
    player = play(specs("each:\nwork:", each=ITEMS), limits())
    player.items("each", "x")
    again = GraphGrew(group="each", generation=0, specs=(NodeSpec(id="each[y]", group="each"),))
    assert player.feed(again) == []
    assert player.feed(GrowthFailed(group="each", generation=0, reason="late")) == []
    assert player.feed(GroupJudged(group="each", generation=0, holds=True)) == []
    player.finish("each[x]")
    assert player.feed(again) == []
    assert player.feed(GraphGrew(group="work", generation=0, specs=())) == []
    assert player.feed(GraphGrew(group="each", generation=4, specs=())) == []
    assert player.states() == {"each": "ok", "work": "running", "each[x]": "ok"}


@pytest.mark.parametrize(
    "members",
    [
        [NodeSpec(id="each[x]", group="each"), NodeSpec(id="each[x]", group="each")],
        [NodeSpec(id="work", group="each")],
        [NodeSpec(id="each[x]", group="each", needs=(("work", "ok"),))],
    ],
)
def test_members_that_cannot_stand_are_refused_and_change_nothing(
    play: Play, members: list[NodeSpec]
) -> None:
    player = play(specs("each:\nwork:", each=ITEMS), limits())
    with pytest.raises(ValueError, match="graph has"):
        player.scheduler.handle(GraphGrew(group="each", generation=0, specs=tuple(members)))
    assert player.states() == {"each": "ready", "work": "running"}
    player.items("each", "x")
    assert player.state("each[x]") == "running"


def test_an_attempt_of_a_group_is_illegal(play: Play) -> None:
    player = play(specs("each:", each=ITEMS), limits())
    player.items("each", "x")
    with pytest.raises(IllegalTransition):
        player.scheduler.handle(AttemptStarted(node="each", generation=0, run_id="r"))
    assert player.states() == {"each": "running", "each[x]": "running"}
    assert player.feed(AttemptFinished(node="each", generation=0, run_id="r", outcome="ok")) == []


# ---- sub-graphs


def test_a_sub_graph_runs_its_tasks_and_is_judged(play: Play) -> None:
    player = play(specs("build:\nship: build", build=GRAPH), limits())
    player.tasks("build", "lint:\ncompile: lint\ntest: compile")
    assert player.started == ["build/lint"]
    player.run_all()
    assert player.started == ["build/lint", "build/compile", "build/test"]
    assert list(player.judging) == ["build"]
    assert player.state("build") == "running"
    player.judge("build")
    assert player.state("build") == "ok"
    assert player.reason("build") == "all of it ended ok"
    player.finish("ship")
    assert player.scheduler.verdict() == ("ok", "2 nodes ok")


def test_outputs_that_cannot_be_evaluated_fail_the_sub_graph(play: Play) -> None:
    player = play(specs("build:", build=GRAPH), limits())
    player.tasks("build", "a:")
    player.finish("build/a")
    player.judge("build", None, "no such field")
    assert player.state("build") == "failed"
    assert player.reason("build") == "its `outputs` could not be evaluated: no such field"


@pytest.mark.parametrize(
    ("text", "failing", "state"),
    [
        ("a:\nb: a", {"a"}, "failed"),
        ("a:\nb: a?done", {"a"}, "ok"),
        ("a:\nb: a?failed", {"a"}, "ok"),
        ("a:\nb: a?failed", set(), "ok"),
        ("a:\nb: a?done\nc: a", {"a"}, "failed"),
    ],
)
def test_a_sub_graph_ends_as_a_dag_run_would(play: Play, text: str, failing: set[str], state: str) -> None:
    player = play(specs("g:", g=GRAPH), limits())
    player.tasks("g", text)
    player.run_all(lambda node: FAIL if node.removeprefix("g/") in failing else ("ok", None))
    if state == "ok":
        player.judge("g")
    assert player.judging == {}
    assert player.state("g") == state


def test_a_failed_sub_graph_says_which_node_failed(play: Play) -> None:
    player = play(specs("g:\nafter: g", g=GRAPH), limits())
    player.tasks("g", "a:\nb: a")
    player.finish("g/a", FAIL)
    assert player.reason("g") == "1 node failed (`g/a`), 1 node blocked"
    assert player.reason("after") == "blocked because `g` failed: 1 node failed (`g/a`), 1 node blocked"


def test_a_quorum_inside_a_sub_graph_makes_its_failed_items_harmless(play: Play) -> None:
    player = play(specs("g:", g=GRAPH), limits())
    player.tasks("g", "each:\nship: each", each=ITEMS, ship={"quorums": {"each": Quorum(1)}})
    player.items("g/each", "x y")
    player.finish("g/each[x]", FAIL)
    player.finish("g/each[y]")
    player.finish("g/ship")
    player.judge("g")
    assert player.states()["g/each"] == "failed"
    assert player.state("g") == "ok"


def test_a_sub_graph_brings_pools_of_its_own(play: Play) -> None:
    player = play(specs("g:\nother:", g=GRAPH), limits(9))
    members = specs("a:\nb:\nc:")
    named = [
        NodeSpec(id=f"g/{spec.id}", group="g", pools=("g/",) if spec.id != "c" else ()) for spec in members
    ]
    player.grow("g", named, **{"g/": 1})
    assert player.started == ["other", "g/a", "g/c"]
    player.finish("g/a")
    assert player.started[-1] == "g/b"


# ---- repeats


def test_rounds_follow_one_another_until_it_holds(play: Play) -> None:
    player = play(specs("fix:\nafter: fix", fix=ROUNDS), limits())
    for number in (1, 2):
        assert player.round("fix") == f"fix#{number}"
        player.finish(f"fix#{number}")
        player.judge("fix", number == 2)
    assert player.growing == {}
    assert player.state("fix") == "ok"
    assert player.reason("fix") == "`until` held after round 2"
    assert player.running.keys() == {"after"}


def test_rounds_are_bounded(play: Play) -> None:
    player = play(specs("fix:\nafter: fix", fix=ROUNDS), limits())
    for _ in range(3):
        player.finish(player.round("fix"))
        player.judge("fix", holds=False)
    assert player.growing == {}
    assert player.state("fix") == "failed"
    assert player.reason("fix") == "repeat_exhausted: `until` did not hold after 3 rounds"
    assert player.state("after") == "blocked"


def test_a_round_that_fails_fails_the_repeat(play: Play) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    player.finish(player.round("fix"), FAIL)
    assert player.judging == {}
    assert player.reason("fix") == "round 2 failed: exit_status happened"


def test_an_until_that_cannot_be_evaluated_fails_the_repeat(play: Play) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", None, "no such field")
    assert player.reason("fix") == "`until` could not be evaluated: no such field"
    assert player.state("fix") == "failed"


def test_a_first_round_that_is_skipped_skips_the_repeat(play: Play) -> None:
    player = play(specs("fix:\nafter: fix", fix=ROUNDS), limits())
    player.round("fix", has_condition=True)
    player.decide(False)
    assert player.states() == {"fix": "skipped", "after": "skipped", "fix#1": "skipped"}


def test_a_later_round_that_is_skipped_ends_the_repeat_well(play: Play) -> None:
    player = play(specs("fix:\nafter: fix", fix=ROUNDS), limits())
    player.round("fix", has_condition=True)
    player.decide(True)
    player.finish("fix#1")
    player.judge("fix", holds=False)
    player.round("fix", has_condition=True)
    player.decide(False)
    assert player.state("fix") == "ok"
    assert player.reason("fix") == "round 2 was skipped: its condition was false"
    assert player.running.keys() == {"after"}


def test_a_next_round_that_cannot_grow_fails_the_repeat(play: Play) -> None:
    player = play(specs("fix:", fix=ROUNDS), limits())
    player.finish(player.round("fix"))
    player.judge("fix", holds=False)
    player.cannot_grow("fix", "no more")
    assert player.states() == {"fix": "failed", "fix#1": "ok"}


# ---- one inside another


def test_three_deep(play: Play) -> None:
    player = play(specs("m:\nafter: m", m=ITEMS), limits(9))
    player.items("m", "os=a os=b", kind="group", grows="rounds", most=2)
    for cell in ("m[os=a]", "m[os=b]"):
        player.round(cell, kind="group", grows="graph")
        player.tasks(f"{cell}#1", "x:\ny: x")
    player.run_all()
    assert set(player.judging) == {"m[os=a]#1", "m[os=b]#1"}
    player.judge("m[os=a]#1")
    player.judge("m[os=b]#1")
    player.judge("m[os=a]")
    player.judge("m[os=b]", holds=False)
    player.round("m[os=b]", kind="group", grows="graph")
    player.tasks("m[os=b]#2", "x:\ny: x")
    player.finish("m[os=b]#2/x", FAIL)
    assert player.reason("m[os=b]") == "round 2 failed: 1 node failed (`m[os=b]#2/x`), 1 node blocked"
    assert player.reason("m") == "1 of 2 items failed: `m[os=b]`"
    assert player.state("after") == "blocked"


def test_a_stop_leaves_groups_for_a_resume(play: Play) -> None:
    player = play(specs("each:\ng:", each=ITEMS, g=GRAPH), limits(1))
    player.items("each", "x y")
    player.feed(StopRequested())
    player.tasks("g", "a:")
    player.finish("each[x]", ("cancelled", None), why="stop")
    assert player.states() == {
        "each": "running", "g": "running", "each[x]": "ready", "each[y]": "ready", "g/a": "ready",
    }  # fmt: skip
    resumed = player.replayed()
    assert not resumed.is_done
