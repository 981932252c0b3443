"""Settle rules and held nodes, with rules of these tests' own: a vote, waves, and some odd ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.engine.coordinator.recover import reopenable
from metaensemble.engine.scheduler.events import CancelRequested, NodeReused, NodesReopened
from metaensemble.engine.scheduler.graph import Quorum
from metaensemble.schemas.errors import InvariantBroken
from metaensemble.schemas.settling import Rule, Settlement, Standing
from support.node_specs import limits, specs
from support.play import FAIL, Player, sub_graph

Play = Callable[..., Player]

ITEMS: dict[str, Any] = {"kind": "group", "grows": "items"}
HELD: dict[str, Any] = {"held": True}


def majority(standing: Standing) -> Settlement:
    """Settled once a vote has more than half of all; releases as many as could still decide."""
    counts = Counter(one.output for one in standing.ended if one.state == "ok")
    total = len(standing.ended) + len(standing.open) + len(standing.held)
    needed = total // 2 + 1
    best = max(counts.values(), default=0)
    to_come = len(standing.open) + len(standing.held)
    if best >= needed or best + to_come < needed:
        rest = sum(counts.values()) - best
        return Settlement(settled=True, reason=f"decided {best}:{rest} of {total}")
    return Settlement(release=standing.held[: max(needed - best - len(standing.open), 0)])


def all_at_once(standing: Standing) -> Settlement:
    return Settlement(release=standing.held)


def one_by_one(standing: Standing) -> Settlement:
    return Settlement(release=() if standing.open else standing.held[:1])


def nobody(_standing: Standing) -> Settlement:
    return Settlement()


RULES: dict[str, Rule] = {rule.__name__: rule for rule in (majority, all_at_once, one_by_one, nobody)}


def panel(rule: str, votes: int, *, first: int = 0, mode: str = "ok") -> tuple[str, dict[str, Any]]:
    """Votes and their join in shorthand; all but the `first` votes are held."""
    names = [f"v{number}" for number in range(1, votes + 1)]
    text = "\n".join(f"{name}:" for name in names)
    text += "\njoin: " + " ".join(f"{name}?{mode}" for name in names)
    fields: dict[str, Any] = dict.fromkeys(names[first:], HELD)
    return text, {**fields, "join": {"settles": rule}}


def playing(
    play: Play,
    rule: str,
    votes: int,
    *,
    first: int = 0,
    slots: int = 9,
    more: str = "",
    mode: str = "ok",
    **extra: Any,
) -> Player:
    text, fields = panel(rule, votes, first=first, mode=mode)
    return play(specs(text + more, **{**fields, **extra}), limits(slots), RULES)


def vote(player: Player, name: str, says: str) -> None:
    player.finish(name, output=says)


# ---- settled early


def test_a_settled_join_starts_and_the_rest_is_stopped(play: Play) -> None:
    player = playing(play, "majority", 5, first=5, slots=3)
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert player.state("join") == "pending"
    vote(player, "v3", "yes")
    assert player.state("v5") == "running"
    assert player.state("v4") == "running"
    assert [(c.node, c.hard, c.why) for c in player.cancelled] == [
        ("v4", False, "unneeded"), ("v5", False, "unneeded"),
    ]  # fmt: skip
    player.finish("v4", ("cancelled", None), why="unneeded")
    vote(player, "v5", "no")  # it was quicker
    assert player.states() == {
        "v1": "ok",
        "v2": "ok",
        "v3": "ok",
        "v4": "skipped",
        "v5": "ok",
        "join": "running",
    }
    assert player.reason("v4") == "decided 3:0 of 5"
    player.finish("join")
    assert player.scheduler.verdict()[0] == "ok"


def test_what_waits_for_a_slot_is_skipped_at_once(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, slots=1)
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert player.started == ["v1", "v2", "v3"] or player.state("v3") == "skipped"
    player.run_all(lambda node: ("ok", None) if node == "join" else ("cancelled", None))
    assert player.state("v3") == "skipped"
    assert player.reason("v3") == "decided 2:0 of 3"


def test_a_failed_vote_is_an_abstention(play: Play) -> None:
    player = playing(play, "majority", 3, first=3)
    player.finish("v1", FAIL)
    player.finish("v2", FAIL)
    assert player.state("join") == "running"
    assert [c.node for c in player.cancelled] == ["v3"]
    player.finish("v3", ("cancelled", None), why="unneeded")
    assert player.reason("v3") == "decided 0:0 of 3"
    player.finish("join", FAIL)
    assert player.scheduler.verdict() == ("failed", "1 node failed (`join`)")


def test_a_vote_with_retries_left_is_still_to_come(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, v1={"retry_max": 1}, v2={"retry_max": 1})
    player.finish("v1", FAIL)
    player.finish("v2", FAIL)
    assert player.state("join") == "pending"
    player.fire("v1")
    vote(player, "v1", "yes")
    vote(player, "v3", "yes")
    assert player.state("v2") == "skipped", "its next attempt is not waited for"
    assert player.state("join") == "running"


def test_a_reused_vote_counts(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, slots=1)
    vote(player, "v1", "yes")
    player.feed(NodeReused(node="v3", generation=0, run_id="earlier", output="yes"))
    assert player.reason("v2") == ""
    assert [c.node for c in player.cancelled] == ["v2"]


@pytest.mark.parametrize("mode", ["ok", "done", "failed"])
def test_the_rule_alone_says_what_the_join_needs(play: Play, mode: str) -> None:
    player = playing(play, "majority", 3, first=3, mode=mode)
    vote(player, "v1", "yes")
    vote(player, "v3", "yes")
    player.finish("v2", ("cancelled", None), why="unneeded")
    assert player.states()["join"] == "running"


# ---- waves


def test_waves_are_released_as_the_rule_says(play: Play) -> None:
    player = playing(play, "majority", 5)
    assert player.started == ["v1", "v2", "v3"]
    assert player.state("v4") == "held"
    vote(player, "v1", "yes")
    assert player.started == ["v1", "v2", "v3"]
    vote(player, "v2", "no")
    assert player.started == ["v1", "v2", "v3", "v4"], "three in favour need one more than was asked"
    vote(player, "v3", "yes")
    vote(player, "v4", "yes")
    assert player.states() == {
        "v1": "ok", "v2": "ok", "v3": "ok", "v4": "ok", "v5": "skipped", "join": "running",
    }  # fmt: skip
    assert player.reason("v5") == "decided 3:1 of 5"
    assert ("v5", "skipped") in player.ends
    assert player.cancelled == []


def test_one_after_the_other(play: Play) -> None:
    player = playing(play, "one_by_one", 3)
    for number in (1, 2, 3):
        assert player.started == [f"v{n}" for n in range(1, number + 1)]
        vote(player, f"v{number}", "x")
    assert player.state("join") == "running"


def test_held_nodes_with_needs_wait_for_these_too(play: Play) -> None:
    text = "a:\nv1: a\nv2: a\njoin: v1?done v2?done"
    player = play(specs(text, v1=HELD, v2=HELD, join={"settles": "all_at_once"}), limits(9), RULES)
    assert player.states() == {"a": "running", "v1": "pending", "v2": "pending", "join": "pending"}
    player.finish("a")
    assert player.started == ["a", "v1", "v2"]


def test_a_held_node_whose_need_failed_is_blocked_when_it_is_released(play: Play) -> None:
    text = "a:\nv1:\nv2: a\njoin: v1?done v2?done"
    player = play(specs(text, v2=HELD, join={"settles": "one_by_one"}), limits(9), RULES)
    player.finish("a", FAIL)
    assert player.state("v2") == "held"
    vote(player, "v1", "x")
    assert player.states() == {"a": "failed", "v1": "ok", "v2": "blocked", "join": "running"}


def test_conditions_of_held_nodes_are_asked_when_they_are_released(play: Play) -> None:
    player = playing(
        play, "one_by_one", 2, v1={**HELD, "has_condition": True}, v2={**HELD, "has_condition": True}
    )
    assert [command.node for command in player.conditions] == ["v1"]
    player.decide(False)
    assert [command.node for command in player.conditions] == ["v2"]
    player.decide(True)
    vote(player, "v2", "x")
    assert player.states() == {"v1": "skipped", "v2": "ok", "join": "running"}


def test_a_condition_of_the_join_is_asked_once_it_is_settled(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, join={"settles": "majority", "has_condition": True})
    vote(player, "v1", "yes")
    assert player.conditions == []
    vote(player, "v2", "yes")
    assert [command.node for command in player.conditions] == ["join"]
    player.finish("v3", ("cancelled", None), why="unneeded")
    assert len(player.conditions) == 1
    player.decide(False)
    assert player.state("join") == "skipped"


def test_a_rule_that_releases_nothing_is_settled_with_what_there_is(play: Play) -> None:
    player = playing(play, "nobody", 3, first=1)
    assert player.states() == {"v1": "running", "v2": "held", "v3": "held", "join": "pending"}
    vote(player, "v1", "x")
    assert player.states() == {"v1": "ok", "v2": "skipped", "v3": "skipped", "join": "running"}
    assert player.reason("v2") == "no rule released it"


def test_a_rule_that_never_releases_anything(play: Play) -> None:
    player = playing(play, "nobody", 2)
    assert player.states() == {"v1": "skipped", "v2": "skipped", "join": "running"}
    player.finish("join")
    assert player.scheduler.verdict()[0] == "ok"


def test_a_join_without_needs(play: Play) -> None:
    player = play(specs("join:", join={"settles": "nobody"}), limits(), RULES)
    assert player.state("join") == "running"


def test_a_rule_that_does_not_exist_is_our_fault() -> None:
    with pytest.raises(InvariantBroken, match="there is no rule `gone`, which `join` names"):
        Player(specs("v:\njoin: v", join={"settles": "gone"}), limits())


# ---- votes with other consumers


def test_a_vote_that_somebody_else_waits_for_runs_on(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, more="\naudit: v3")
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert player.cancelled == []
    assert player.state("join") == "running"
    vote(player, "v3", "no")
    assert player.state("audit") == "running"


def test_a_held_vote_that_somebody_else_waits_for_is_let_go(play: Play) -> None:
    player = playing(play, "nobody", 2, first=1, more="\naudit: v2")
    vote(player, "v1", "x")
    assert player.state("join") == "running"
    assert player.state("v2") == "running", "only the rule held it back"
    vote(player, "v2", "y")
    assert player.state("audit") == "running"


def test_two_joins_over_the_same_votes(play: Play) -> None:
    text = "v1:\nv2:\nv3:\nfast: v1?done v2?done v3?done\nslow: v1?done v2?done v3?done"
    player = play(
        specs(text, fast={"settles": "majority"}, slow={"settles": "all_at_once"}), limits(9), RULES
    )
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert player.state("fast") == "running"
    assert player.cancelled == [], "`slow` wants all of them"
    vote(player, "v3", "yes")
    assert player.state("slow") == "running"


def test_the_last_join_to_settle_stops_the_rest(play: Play) -> None:
    text = "v1:\nv2:\nv3:\none: v1?done v2?done v3?done\ntwo: v1?done v2?done v3?done"
    player = play(specs(text, one={"settles": "majority"}, two={"settles": "majority"}), limits(9), RULES)
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert [c.node for c in player.cancelled] == ["v3"]
    assert player.running.keys() == {"v3", "one", "two"}


# ---- inside groups


def test_a_join_in_every_item(play: Play) -> None:
    text, fields = panel("majority", 3)
    player = play(specs("each:\nafter: each", each=ITEMS), limits(9), RULES)
    player.items("each", "a b", kind="group", grows="graph")
    for key in "ab":
        player.grow(f"each[{key}]", sub_graph(f"each[{key}]", text, **fields))
    assert player.started == ["each[a]/v1", "each[a]/v2", "each[b]/v1", "each[b]/v2"]
    vote(player, "each[a]/v1", "yes")
    vote(player, "each[a]/v2", "yes")
    assert player.state("each[a]/v3") == "skipped"
    vote(player, "each[b]/v1", "yes")
    vote(player, "each[b]/v2", "no")
    vote(player, "each[b]/v3", "no")
    player.finish("each[a]/join")
    player.finish("each[b]/join")
    player.judge("each[a]")
    player.judge("each[b]")
    assert player.states()["after"] == "running"
    assert player.reason("each") == "2 items ended ok"


def test_votes_that_are_groups_are_stopped_with_all_that_is_in_them(play: Play) -> None:
    player = playing(play, "majority", 3, first=3, v3=ITEMS)
    player.items("v3", "a b")
    vote(player, "v1", "yes")
    vote(player, "v2", "yes")
    assert [c.node for c in player.cancelled] == ["v3[a]", "v3[b]"]
    player.finish("v3[a]", ("cancelled", None), why="unneeded")
    player.finish("v3[b]", ("cancelled", None), why="unneeded")
    assert player.states()["v3"] == "skipped"
    assert player.reason("v3") == "decided 2:0 of 3"


def test_items_with_joins_are_stopped_by_a_quorum(play: Play) -> None:
    text, fields = panel("majority", 3)
    player = play(
        specs("each:\nship: each", each=ITEMS, ship={"quorums": {"each": Quorum(1)}}), limits(9), RULES
    )
    player.items("each", "a b", kind="group", grows="graph")
    for key in "ab":
        player.grow(f"each[{key}]", sub_graph(f"each[{key}]", text, **fields))
    for name in ("v1", "v2"):
        vote(player, f"each[a]/{name}", "yes")
    player.finish("each[a]/join")
    player.judge("each[a]")
    for name in ("v1", "v2"):
        player.finish(f"each[b]/{name}", ("cancelled", None), why="unneeded")
    assert {player.state(f"each[b]/{name}") for name in ("v1", "v2", "v3", "join")} == {"skipped"}
    assert player.state("each[b]") == "skipped"
    assert player.state("ship") == "running"


# ---- cancel and retry


def test_a_cancel_reaches_what_is_held(play: Play) -> None:
    player = playing(play, "majority", 5)
    player.feed(CancelRequested(by="ana"))
    for name in ("v1", "v2", "v3"):
        player.finish(name, ("cancelled", None), why="cancel")
    assert set(player.states().values()) == {"cancelled"}


def test_a_retry_asks_the_rule_anew(play: Play) -> None:
    player = playing(play, "majority", 3)
    for name in ("v1", "v2"):
        player.finish(name, FAIL)
    player.finish("v3", ("cancelled", None), why="unneeded")
    player.finish("join", FAIL)
    assert player.reason("v3") == "decided 0:0 of 3"
    player.started.clear()
    player.feed(NodesReopened(nodes=tuple(reopenable(player.scheduler))))
    assert player.started == ["v1", "v2"]
    assert player.states() == {"v1": "running", "v2": "running", "v3": "held", "join": "pending"}
    vote(player, "v1", "no")
    vote(player, "v2", "no")
    player.finish("join")
    assert player.states() == {"v1": "ok", "v2": "ok", "v3": "skipped", "join": "ok"}


def test_votes_that_a_join_had_no_need_of_stay_so_when_something_else_is_retried(play: Play) -> None:
    text, fields = panel("majority", 3)
    player = play(specs("g:", g={"kind": "group", "grows": "graph"}), limits(9), RULES)
    player.grow("g", sub_graph("g", text + "\nlast: join", **fields))
    vote(player, "g/v1", "yes")
    vote(player, "g/v2", "yes")
    player.finish("g/join")
    player.finish("g/last", FAIL)
    assert [name for name, _ in reopenable(player.scheduler)] == ["g", "g/last"]
