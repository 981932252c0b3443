"""Needs that ask for a number of items, and what becomes of the items that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.engine.scheduler.events import AttemptFinished, CancelRequested
from metaensemble.engine.scheduler.graph import NodeSpec, Quorum
from support.node_specs import limits, specs
from support.play import FAIL, Player, sub_graph

Play = Callable[..., Player]

ITEMS: dict[str, Any] = {"kind": "group", "grows": "items"}
NOT_NEEDED = "not needed: 2 of 5 ended ok, which settles it for `ship`"


def asking(count: int, of: int | None = None, *, whole: bool = False, **fields: Any) -> dict[str, Any]:
    return {"quorums": {"each": Quorum(count, of, whole=whole)}, **fields}


def started(
    play: Play,
    *,
    each: dict[str, Any] | None = None,
    keys: str = "a b c d e",
    slots: int = 2,
    text: str = "each:\nship: each",
    items: dict[str, Any] | None = None,
    **fields: Any,
) -> Player:
    player = play(specs(text, each={**ITEMS, **(each or {})}, **fields), limits(slots))
    player.items("each", keys, **(items or {}))
    return player


# ---- met


def test_a_quorum_that_is_met_starts_its_consumer_and_stops_the_rest(play: Play) -> None:
    player = started(play, slots=3, ship=asking(2))
    player.finish("each[a]")
    assert player.state("ship") == "pending"
    player.finish("each[b]")
    assert [(c.node, c.hard, c.why) for c in player.cancelled] == [
        ("each[c]", False, "unneeded"),
        ("each[d]", False, "unneeded"),
    ]
    assert player.state("each[e]") == "skipped"
    assert player.reason("each[e]") == NOT_NEEDED
    assert player.running.keys() == {"each[c]", "each[d]", "ship"}
    player.finish("each[c]", ("cancelled", None), why="unneeded")
    assert player.state("each") == "running"
    player.finish("each[d]", ("cancelled", None), why="unneeded")
    assert {player.reason("each[c]"), player.reason("each[d]")} == {NOT_NEEDED}
    assert player.state("each") == "ok"
    assert player.reason("each") == "2 of 5 items ended ok, the rest was skipped"
    player.finish("ship")
    assert player.scheduler.verdict()[0] == "ok"


def test_rest_keep_lets_all_items_run(play: Play) -> None:
    player = started(play, each={"rest": "keep"}, slots=9, ship=asking(2))
    player.finish("each[a]")
    player.finish("each[b]")
    assert "ship" in player.started
    assert player.cancelled == []
    player.run_all()
    assert player.states() == dict.fromkeys(player.states(), "ok")


@pytest.mark.parametrize(
    ("count", "of", "total", "needed"),
    [(2, 3, 5, 4), (2, 3, 6, 4), (1, 2, 1, 1), (1, 2, 3, 2), (3, 3, 4, 4), (1, 100, 5, 1)],
)
def test_a_share_is_rounded_up(play: Play, count: int, of: int, total: int, needed: int) -> None:
    keys = " ".join(map(str, range(total)))
    player = started(play, keys=keys, slots=9, ship=asking(count, of))
    for number in range(needed):
        assert player.state("ship") == "pending"
        player.finish(f"each[{number}]")
    assert player.state("ship") == "running"


def test_what_still_runs_may_end_in_any_way_once_nobody_waits_for_it(play: Play) -> None:
    player = started(play, slots=9, items={"retry_max": 3}, ship=asking(1))
    player.finish("each[a]", FAIL)
    assert player.state("each[a]") == "waiting"
    player.finish("each[b]")
    assert player.state("each[a]") == "skipped", "a retry is not waited for"
    player.finish("each[c]")  # it was quicker than its cancel
    player.finish("each[d]", FAIL)  # so was this one, and it is not tried again
    player.finish("each[e]", ("interrupted", None))
    assert player.states() == {
        "each": "ok", "ship": "running", "each[a]": "skipped", "each[b]": "ok", "each[c]": "ok",
        "each[d]": "skipped", "each[e]": "skipped",
    }  # fmt: skip


def test_items_that_parallel_holds_back_are_skipped(play: Play) -> None:
    player = started(play, each={"parallel": 2}, ship=asking(1))
    assert player.state("each[c]") == "held"
    player.finish("each[a]")
    assert player.states() == {
        "each": "running", "ship": "running", "each[a]": "ok", "each[b]": "running",
        "each[c]": "skipped", "each[d]": "skipped", "each[e]": "skipped",
    }  # fmt: skip
    player.finish("each[b]", ("cancelled", None), why="unneeded")
    assert player.state("each") == "ok"


def test_conditions_of_items_are_not_waited_for(play: Play) -> None:
    player = started(play, items={"has_condition": True}, ship=asking(1))
    player.decide(True)
    player.finish("each[a]")
    player.decide(True)
    assert player.states()["each[b]"] == "skipped"
    assert player.state("each") == "ok"


def test_an_item_that_waits_for_a_person_is_open_until_it_is_not_needed(play: Play) -> None:
    player = play(specs("each:\nship: each", each=ITEMS, ship=asking(1)), limits())
    player.grow(
        "each", [NodeSpec(id="each[a]", group="each", kind="ask"), NodeSpec(id="each[b]", group="each")]
    )
    assert player.asked == ["each[a]"]
    assert player.state("each[a]") == "waiting"
    player.finish("each[b]")
    assert player.state("each[a]") == "skipped"
    assert player.scheduler.waits_for_person() == []


# ---- lost


def test_a_quorum_that_is_out_of_reach_blocks_its_consumer_at_once(play: Play) -> None:
    player = started(play, slots=5, ship=asking(4))
    player.finish("each[a]", FAIL)
    assert player.state("ship") == "pending"
    player.finish("each[b]", FAIL)
    assert player.state("ship") == "blocked"
    assert player.reason("ship") == (
        "blocked because too few of `each` ended ok: 0 of 5 items ended ok, and 4 of them had to"
    )
    assert [c.node for c in player.cancelled] == ["each[c]", "each[d]", "each[e]"]
    player.run_all(lambda _node: ("cancelled", None))
    assert player.reason("each") == "2 of 5 items failed: `each[a]`, `each[b]`"
    assert player.scheduler.verdict()[0] == "failed"


def test_a_quorum_that_was_never_in_reach_starts_nothing(play: Play) -> None:
    player = started(play, ship=asking(6))
    assert player.state("ship") == "blocked"
    assert player.reason("ship").endswith("0 of 5 items ended ok, and 6 had to")
    assert player.started == []
    assert player.states()["each"] == "ok"


def test_skipped_items_do_not_count(play: Play) -> None:
    player = started(play, keys="a b", items={"has_condition": True}, ship=asking(2))
    player.decide(False)
    assert player.state("ship") == "blocked"


def test_items_that_a_person_cancelled_do_not_count(play: Play) -> None:
    player = started(play, keys="a b", ship=asking(1))
    player.feed(CancelRequested(by="ana"))
    player.finish("each[a]", ("cancelled", None), why="cancel")
    player.finish("each[b]", ("cancelled", None), why="cancel")
    assert player.states() == dict.fromkeys(("each", "ship", "each[a]", "each[b]"), "cancelled")


@pytest.mark.parametrize(("quorum", "state"), [(Quorum(1, 2), "running"), (Quorum(1), "blocked")])
def test_quorums_over_no_items(play: Play, quorum: Quorum, state: str) -> None:
    player = started(play, keys="", ship={"quorums": {"each": quorum}})
    assert player.states() == {"each": "ok", "ship": state}


@pytest.mark.parametrize(
    ("text", "ending", "state", "reason"),
    [
        (
            "a:\neach: a\nship: each",
            FAIL,
            "blocked",
            "blocked because `each` was blocked: `a` failed: exit_status happened",
        ),
        (
            "a:\neach: a?failed\nship: each",
            ("ok", None),
            "skipped",
            "skipped because `each` was skipped: `a` did not fail: it ended `ok`",
        ),
    ],
)
def test_a_fan_out_that_never_grew_is_an_ordinary_need(
    play: Play, text: str, ending: tuple[str, str | None], state: str, reason: str
) -> None:
    player = play(specs(text, each=ITEMS, ship=asking(1)), limits())
    player.finish("a", ending)
    assert player.state("ship") == state
    assert player.reason("ship") == reason


def test_a_fan_out_that_could_not_grow_is_an_ordinary_need(play: Play) -> None:
    player = play(specs("each:\nship: each\nmop: each?failed", each=ITEMS, ship=asking(1)), limits())
    player.cannot_grow("each", "it is no list")
    assert player.reason("ship") == "blocked because `each` failed: it is no list"
    assert player.running.keys() == {"mop"}


# ---- several consumers


def test_the_rest_runs_on_while_any_consumer_waits_for_it(play: Play) -> None:
    text = "each:\nearly: each\nlate: each"
    player = started(play, slots=9, text=text, early=asking(1), late={"quorums": {"each": Quorum(3)}})
    player.finish("each[a]")
    assert player.state("early") == "running"
    assert player.cancelled == []
    player.finish("each[b]")
    player.finish("each[c]")
    assert player.reason("each[d]") == ""
    assert [c.node for c in player.cancelled] == ["each[d]", "each[e]"]
    player.finish("each[d]", ("cancelled", None), why="unneeded")
    assert player.reason("each[d]") == "not needed: 3 of 5 ended ok, which settles it for `early`, `late`"


@pytest.mark.parametrize("mode", ["ok", "done", "failed"])
def test_a_consumer_without_a_number_waits_for_all_items(play: Play, mode: str) -> None:
    text = f"each:\nship: each\nreport: each?{mode}"
    player = started(play, slots=9, text=text, ship=asking(1))
    player.finish("each[a]")
    assert player.state("ship") == "running"
    assert player.cancelled == []
    assert player.state("report") == "pending"


def test_a_consumer_that_has_ended_is_settled(play: Play) -> None:
    text = "gate:\neach:\nship: each\nreport: each gate?failed"
    player = started(play, slots=9, text=text, ship=asking(1), report={"has_condition": True})
    player.finish("each[a]")
    assert player.cancelled == [], "`report` may still want all of them"
    player.feed(CancelRequested(by="ana"))
    assert player.state("report") == "cancelled"


def test_a_consumer_that_takes_all_outputs_waits_for_all_items(play: Play) -> None:
    player = started(play, slots=9, each={"outputs_taken": True}, ship=asking(2, whole=True))
    for key in "abcd":
        player.finish(f"each[{key}]", FAIL if key == "a" else ("ok", None))
    assert player.state("ship") == "pending"
    assert player.cancelled == []
    player.finish("each[e]")
    assert player.states()["each"] == "failed"
    assert player.state("ship") == "running"


def test_outputs_that_another_task_takes_keep_the_rest_running(play: Play) -> None:
    text = "each:\nship: each\nlist: each"
    player = started(
        play, slots=9, text=text, each={"outputs_taken": True}, ship=asking(1),
        list={"quorums": {"each": Quorum(1, whole=True)}},
    )  # fmt: skip
    player.finish("each[a]")
    assert player.state("ship") == "running"
    assert player.cancelled == []
    for key in "bcde":
        player.finish(f"each[{key}]", FAIL)
    assert player.state("list") == "running"


def test_two_quorums_of_one_consumer(play: Play) -> None:
    nodes = specs("x:\ny:\nboth: x y", x=ITEMS, y=ITEMS, both={"quorums": {"x": Quorum(1), "y": Quorum(1)}})
    player = play(nodes, limits(9))
    player.items("x", "1 2")
    player.items("y", "1 2")
    player.finish("x[1]")
    assert [c.node for c in player.cancelled] == ["x[2]"], "`both` needs no more of `x`, whatever `y` does"
    assert player.state("both") == "pending"
    player.finish("y[2]")
    assert player.state("both") == "running"


def test_a_quorum_and_a_plain_need(play: Play) -> None:
    player = started(play, text="a:\neach:\nship: a each", slots=9, ship=asking(1))
    player.finish("each[c]")
    assert player.state("ship") == "pending"
    player.finish("a", FAIL)
    assert player.reason("ship") == "blocked because `a` failed: exit_status happened"


# ---- the verdict


def test_items_that_failed_do_not_spoil_a_dag_run_whose_quorum_was_met(play: Play) -> None:
    player = started(play, slots=9, keys="a b c", ship=asking(1))
    player.finish("each[a]", FAIL)
    player.finish("each[b]")
    player.finish("each[c]", FAIL)
    player.finish("ship")
    assert player.state("each") == "failed"
    assert player.scheduler.verdict() == ("ok", "1 node ok, 1 that needed no result of their own")


def test_a_quorum_that_is_met_for_one_consumer_only_spoils_the_dag_run(play: Play) -> None:
    text = "each:\nship: each\nother: each"
    player = started(
        play, slots=9, keys="a b c", text=text, ship=asking(1), other={"quorums": {"each": Quorum(3)}}
    )
    player.finish("each[a]", FAIL)
    player.run_all()
    assert player.states()["other"] == "blocked"
    assert player.scheduler.verdict()[0] == "failed"


# ---- groups among the items


def test_items_that_are_groups_are_stopped_with_all_that_is_in_them(play: Play) -> None:
    player = started(play, slots=9, items={"kind": "group", "grows": "graph"}, keys="a b c d", ship=asking(1))
    player.grow("each[a]", sub_graph("each[a]", "x:"))
    player.grow("each[b]", sub_graph("each[b]", "x:\ny: x"))
    player.grow("each[c]", sub_graph("each[c]", "x:\nlist:", list={**ITEMS, "parallel": 1}))
    player.items("each[c]/list", "1 2")
    player.finish("each[b]/x")
    player.finish("each[a]/x")
    player.judge("each[a]")
    assert {c.node for c in player.cancelled} == {"each[b]/y", "each[c]/x", "each[c]/list[1]"}
    assert player.state("each[d]") == "skipped", "it had not grown yet"
    for node in ("each[b]/y", "each[c]/x", "each[c]/list[1]"):
        player.finish(node, ("cancelled", None), why="unneeded")
    assert player.judging == {}
    assert player.states() == {
        "each": "ok", "ship": "running", "each[a]": "ok", "each[a]/x": "ok",
        "each[b]": "skipped", "each[b]/x": "ok", "each[b]/y": "skipped",
        "each[c]": "skipped", "each[c]/x": "skipped", "each[c]/list": "skipped",
        "each[c]/list[1]": "skipped", "each[c]/list[2]": "skipped", "each[d]": "skipped",
    }  # fmt: skip
    reason = "not needed: 1 of 4 ended ok, which settles it for `ship`"
    assert {player.reason(f"each[{key}]") for key in "bcd"} == {reason}
    late = player.growing.pop("each[d]")
    player.growing["each[d]"] = late
    player.items("each[d]", "1")
    assert "each[d][1]" not in player.states(), "growth that comes too late is ignored"


def test_no_round_follows_in_an_item_that_nobody_waits_for(play: Play) -> None:
    player = started(
        play, slots=9, items={"kind": "group", "grows": "rounds", "most": 5}, keys="a b c", ship=asking(1)
    )
    for key in "abc":
        player.finish(player.round(f"each[{key}]"))
    player.judge("each[b]", holds=False)
    player.judge("each[a]")
    assert list(player.growing) == ["each[b]"]
    player.round("each[b]")
    assert player.state("each[b]") == "skipped"
    player.judge("each[c]", holds=False)
    assert player.state("each[c]") == "skipped"
    assert player.state("each") == "ok"


def test_an_item_that_ended_well_although_it_was_not_needed_stays_ok(play: Play) -> None:
    player = started(play, slots=9, items={"kind": "group", "grows": "items"}, keys="a b", ship=asking(1))
    player.items("each[a]", "1")
    player.items("each[b]", "1 2")
    player.finish("each[b][1]")
    player.finish("each[a][1]")
    player.finish("each[b][2]")  # quicker than its cancel
    assert player.state("each[b]") == "ok"
    assert player.reason("each") == "2 items ended ok"


def test_the_end_of_a_stopped_attempt_comes_late(play: Play) -> None:
    player = started(play, slots=9, keys="a b", ship=asking(1))
    run_id = player.running["each[b]"]
    player.finish("each[a]")
    player.finish("each[b]", ("cancelled", None), why="unneeded")
    assert player.feed(AttemptFinished(node="each[b]", generation=0, run_id=run_id, outcome="ok")) == []
    assert player.state("each[b]") == "skipped"
