"""What runs in the background never holds anything up, and changes nothing, whatever becomes of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from metaensemble.engine.coordinator.recover import lost_attempts, reopenable
from metaensemble.engine.scheduler.commands import Command, StartAttempt
from metaensemble.engine.scheduler.events import (
    AttemptFinished,
    CancelRequested,
    DispatchOpened,
    NodesReopened,
    StopRequested,
)
from metaensemble.patterns.expansion import expanded
from metaensemble.patterns.registry import find
from metaensemble.schemas.bound import AskSpec, BoundGraph, BoundTask, Need, RetryPolicy
from metaensemble.schemas.template import Literal
from support.pattern_documents import bound_documents, documents
from support.pattern_play import PatternPlayer, command, expanded_graph, member, with_pattern
from support.play import FAIL, OK, Ending, what_stands


def shadowed(name: str = "a", shadows: int = 1, **fields: Any) -> BoundTask:
    others = [member(f"other{number}", **fields) for number in range(1, shadows + 1)]
    return with_pattern(command(name, **fields), "shadow", shadows=others)


def behind(name: str, *needs: str, **fields: Any) -> BoundTask:
    return command(name, needs=tuple(Need(task=need) for need in needs), **fields)


def opened(*tasks: BoundTask, slots: int = 9, **pools: int) -> PatternPlayer:
    player = PatternPlayer(expanded_graph(*tasks), slots, **pools)
    player.open()
    return player


def started_by(commands: Iterable[Command]) -> list[str]:
    return [one.node for one in commands if isinstance(one, StartAttempt)]


# ---- nothing waits


def test_a_long_shadow_delays_nobody() -> None:
    player = opened(shadowed(), behind("b", "a"))
    assert set(player.running) == {"a.primary", "a.shadow-1"}
    player.finish("a.primary", output=1)
    assert player.state("a") == "ok"
    assert player.state("b") == "running"
    player.finish("b")
    assert not player.scheduler.is_done, "the shadow still runs"
    player.finish("a.shadow-1")
    player.finish("a.compare")
    assert player.scheduler.is_done
    assert player.scheduler.verdict()[0] == "ok"


def test_a_running_shadow_takes_no_slot_of_the_others() -> None:
    player = opened(shadowed(shadows=3), behind("b", "a"), slots=1)
    assert [name for name in player.running if not player.is_behind(name)] == ["a.primary"]
    assert len(player.running) == 2, "one in the background, as many as there are slots"
    player.finish("a.primary")
    assert player.state("b") == "running"


def test_the_primary_has_its_slot_while_shadows_of_another_task_run() -> None:
    player = opened(shadowed("a"), shadowed("b"), slots=1)
    player.finish("a.primary")
    assert {"a.shadow-1", "b.primary"} <= set(player.running)


def test_pooled_shadows_wait_until_nothing_else_is_left() -> None:
    pooled = shadowed(pool="gpu")
    graph = expanded_graph(pooled, behind("b", "a"), behind("c", "b"), pools=(("gpu", 1),))
    player = PatternPlayer(graph, 9, gpu=1)
    player.open()
    assert player.started == ["a.primary"]
    for name in ("a.primary", "b"):
        player.finish(name)
        assert "a.shadow-1" not in player.started, "a slot of the pool could still be wanted"
    player.finish("c")
    assert player.started[-1] == "a.shadow-1"
    player.finish("a.shadow-1")
    player.finish("a.compare")
    assert player.scheduler.is_done


# ---- nothing changes


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("ending", [FAIL, ("cancelled", None), ("interrupted", None)])
def test_a_shadow_that_does_badly_changes_nothing(ending: Ending, when: str) -> None:
    player = opened(shadowed(on_lost="fail"), behind("b", "a"))
    if when == "before":
        player.finish("a.shadow-1", ending)
    player.finish("a.primary")
    player.finish("b")
    if when == "after":
        player.finish("a.shadow-1", ending)
    player.run_all()
    assert player.scheduler.is_done
    assert (player.state("a"), player.state("b")) == ("ok", "ok")
    assert player.scheduler.verdict() == ("ok", "2 nodes ok")
    assert player.state("a.compare") == "ok", "the comparison tells how it went"


def test_what_is_blocked_behind_a_shadow_changes_nothing() -> None:
    task = with_pattern(command("a"), "shadow", shadows=[member("other")], compare=member("look"))
    player = opened(task)
    player.finish("a.shadow-1", FAIL)
    player.run_all()
    assert player.state("a.check-shadow-1") == "blocked"
    assert player.scheduler.verdict()[0] == "ok"


def test_shadows_of_a_primary_that_failed_end_too() -> None:
    player = opened(shadowed(), behind("b", "a"))
    player.finish("a.primary", FAIL)
    assert (player.state("a"), player.state("b")) == ("failed", "blocked")
    assert player.reason("a") == "exit_status happened"
    player.run_all()
    assert player.scheduler.is_done
    assert player.scheduler.verdict()[0] == "failed"


def test_a_shadow_with_retries_is_tried_again_behind_everybody() -> None:
    others = [member("other", retry=RetryPolicy(maximum=1))]
    player = opened(with_pattern(command("a"), "shadow", shadows=others))
    player.finish("a.shadow-1", FAIL)
    player.finish("a.primary")
    assert not player.scheduler.is_done
    player.fire("a.shadow-1")
    player.run_all()
    assert player.scheduler.nodes["a.shadow-1"].attempts == 2


# ---- cancel, stop, resume


def test_a_cancel_ends_shadows() -> None:
    player = opened(shadowed(), behind("b", "a"))
    player.finish("a.primary")
    player.feed(CancelRequested(by="ana"))
    assert {one.node for one in player.cancelled} == {"b", "a.shadow-1"}
    player.finish("b", ("cancelled", None), why="cancel")
    player.finish("a.shadow-1", ("cancelled", None), why="cancel")
    assert player.scheduler.is_done
    assert player.state("a") == "ok"
    assert player.state("a.shadow-1") == "cancelled"
    assert player.scheduler.verdict()[0] == "cancelled"


def test_a_cancel_when_only_shadows_are_left_cancels_no_result() -> None:
    player = opened(shadowed())
    player.finish("a.primary")
    player.feed(CancelRequested(by="ana"))
    player.finish("a.shadow-1", ("cancelled", None), why="cancel")
    assert player.scheduler.is_done
    assert player.scheduler.verdict() == ("ok", "1 node ok")


def test_a_stop_reaches_shadows_and_a_resume_goes_on_with_them() -> None:
    player = opened(shadowed(), behind("b", "a"))
    player.finish("a.primary")
    player.feed(StopRequested())
    assert {one.node for one in player.cancelled} == {"b", "a.shadow-1"}
    for name in ("b", "a.shadow-1"):
        player.finish(name, ("cancelled", None), why="stop")
    assert not player.scheduler.is_done
    again = player.replayed()
    assert sorted(started_by(again.handle(DispatchOpened()))) == ["a.shadow-1", "b"]


def test_a_shadow_that_was_lost_is_run_again() -> None:
    player = opened(shadowed())
    player.finish("a.primary")
    again = player.replayed()
    ((node, generation, run_id),) = lost_attempts(again)
    assert node == "a.shadow-1"
    again.handle(
        AttemptFinished(node=node, generation=generation, run_id=run_id, outcome="interrupted", reason="lost")
    )
    again.validate()
    assert started_by(again.handle(DispatchOpened())) == ["a.shadow-1"]


def test_a_cancel_reaches_pieces_that_wait_for_others_to_be_done() -> None:
    """A debate goes into no further round, and a draft that is held back is not waited for."""
    task = with_pattern(command("a"), "debate", n=2, vote="vote")
    player = opened(task, with_pattern(command("b"), "refine", check=member("look")))
    player.feed(CancelRequested(by="ana"))
    for name in list(player.running):
        player.finish(name, ("cancelled", None), why="cancel")
    assert player.scheduler.is_done
    assert not {name for name in player.started if "#" in name}


def test_a_pattern_of_a_task_that_runs_in_any_case_is_run_after_a_cancel_too() -> None:
    tidy = with_pattern(command("b", needs=(Need(task="a", mode="done"),)), "refine", check=member("look"))
    player = opened(behind("a"), tidy)
    player.feed(CancelRequested(by="ana"))
    player.finish("a", ("cancelled", None), why="cancel")
    player.run_all()
    assert player.state("b") == "ok"


# ---- new generations


def test_a_retry_leaves_alone_what_a_group_that_ended_ok_has_behind_it() -> None:
    player = opened(shadowed(), behind("b", "a"))
    player.finish("a.primary")
    player.finish("a.shadow-1", FAIL)
    player.finish("b", FAIL)
    player.run_all()
    assert [name for name, _ in reopenable(player.scheduler)] == ["b"]


def test_a_retry_runs_the_failed_shadows_of_a_group_that_failed() -> None:
    player = opened(shadowed(), behind("b", "a"))
    player.finish("a.primary", FAIL)
    player.finish("a.shadow-1", FAIL)
    player.run_all()
    player.feed(NodesReopened(nodes=tuple(reopenable(player.scheduler))))
    assert {"a.primary", "a.shadow-1"} <= set(player.running)
    player.run_all()
    assert player.scheduler.is_done
    assert (player.state("a"), player.state("b")) == ("ok", "ok")
    assert what_stands(player.replayed()) == what_stands(player.scheduler)


def test_work_that_is_sent_back_takes_its_running_shadows_along() -> None:
    ask = AskSpec(question=Literal("Fine?"), rewind_to="a")
    player = opened(shadowed(), behind("b", "a", kind="approve", command=None, ask=ask))
    player.finish("a.primary")
    player.answer("b", "no")
    assert "a.shadow-1" in {one.node for one in player.cancelled}
    assert player.scheduler.retired
    assert player.scheduler.nodes["a"].generation == 1
    player.run_all()
    player.answer("b", "yes")
    player.run_all()
    assert player.state("a") == "ok"


# ---- at random


QUICK = settings(max_examples=80, phases=(Phase.explicit, Phase.generate))


def graph_of(files: dict[str, dict[str, Any]]) -> BoundGraph:
    with tempfile.TemporaryDirectory() as folder:
        graph, errors = expanded(bound_documents(Path(folder), files), find)
    assert not errors
    return graph


def output_of(player: PatternPlayer, name: str, chance: Random) -> Any:
    """Something that the rules can read: a vote, a verdict, an opinion, or what a line-up hands on."""
    if name.endswith(".lineup"):
        needs = [need.task for need in player.instances[name].task.needs]
        return {"who": needs[: chance.randint(0, len(needs))]}
    return {
        "vote": chance.choice("ab"), "verdict": chance.choice(["approve", "reject"]), "preferred": "A",
        "passed": chance.random() < 0.5, "decision": "a",
    }  # fmt: skip


def one_step(player: PatternPlayer, name: str, chance: Random, ending: Ending) -> None:
    output = output_of(player, name, chance) if ending == OK else None
    why = "unneeded" if name in player.stopped() else "cancel"
    player.finish(name, ending, output=output, why=why if ending[0] == "cancelled" else None)


def play_on(
    player: PatternPlayer, chance: Random, ending_of: Callable[[str], Ending], steps: int = 10_000
) -> None:
    """Go on in an order drawn by chance, until nothing is left or so many steps were made."""
    for _ in range(steps):
        if player.conditions:
            player.decide(True)
        elif player.waiting() and chance.random() < 0.5:
            player.fire(chance.choice(player.waiting()))
        elif player.running:
            name = chance.choice(sorted(player.running))
            one_step(player, name, chance, ending_of(name))
        elif player.waiting():
            player.fire(player.waiting()[0])
        else:
            return


def left(player: PatternPlayer) -> dict[str, list[str]]:
    nodes = player.scheduler.nodes.items()
    return {name: [node.state, *node.told()] for name, node in nodes if not node.has_ended}


def by_chance(chance: Random, player: PatternPlayer) -> Callable[[str], Ending]:
    def ending_of(name: str) -> Ending:
        if name in player.stopped() and chance.random() < 0.7:
            return "cancelled", None
        return FAIL if chance.random() < 0.25 else OK

    return ending_of


@QUICK
@given(documents(roles=False), st.integers(1, 3), st.integers(0, 2**16))
def test_the_invariants_hold_whatever_happens_and_a_replay_gives_the_same(
    files: dict[str, dict[str, Any]], slots: int, seed: int
) -> None:
    chance = Random(seed)
    player = PatternPlayer(graph_of(files), slots)
    player.open()
    play_on(player, chance, by_chance(chance, player), steps=chance.randint(0, 60))
    again = player.replayed()
    assert what_stands(again) == what_stands(player.scheduler)
    match chance.randint(0, 3):
        case 0:
            player.feed(CancelRequested(by="ana", now=chance.random() < 0.5))
        case 1:
            player.feed(StopRequested())
            for name in sorted(player.running):
                player.finish(name, ("cancelled", None), why="stop")
            assert not player.running
            return
    play_on(player, chance, by_chance(chance, player))
    assert player.scheduler.is_done, left(player)
    assert all(node.reason for node in player.scheduler.nodes.values())
    if reopenable(player.scheduler):
        player.feed(NodesReopened(nodes=tuple(reopenable(player.scheduler))))
        play_on(player, chance, lambda _name: OK)
        assert player.scheduler.is_done, left(player)
    assert what_stands(player.replayed()) == what_stands(player.scheduler)


@QUICK
@given(documents(roles=False), st.integers(0, 2**16))
def test_the_background_changes_nothing_in_front(files: dict[str, dict[str, Any]], seed: int) -> None:
    """The nodes in front end alike whether all behind them fails, does well, or comes last."""
    graph = graph_of(files)

    def fronts(how: str) -> tuple[dict[str, tuple[str, str]], Any]:
        player = PatternPlayer(graph, 2)
        player.open()
        while player.running or player.waiting() or player.conditions:
            front = sorted(name for name in player.running if not player.is_behind(name))
            rest = sorted(name for name in player.running if player.is_behind(name))
            if player.conditions:
                player.decide(True)
            elif player.waiting():
                player.fire(min(player.waiting(), key=player.is_behind))
            elif front and (how == "last" or not rest):
                name = front[0]
                fails = Random(f"{seed} {name}").random() < 0.2
                stopped = name in player.stopped()
                ending: Ending = ("cancelled", None) if stopped else FAIL if fails else OK
                one_step(player, name, Random(f"{seed} {name} output"), ending)
            else:
                name = rest[0]
                ending = ("cancelled", None) if name in player.stopped() else OK
                one_step(player, name, Random(0), FAIL if how == "fail" else ending)
        assert player.scheduler.is_done
        found = {
            name: (node.state, node.reason)
            for name, node in player.scheduler.nodes.items()
            if not node.spec.background
        }
        return found, player.scheduler.verdict()

    last = fronts("last")
    assert fronts("well") == last
    assert fronts("fail") == last
