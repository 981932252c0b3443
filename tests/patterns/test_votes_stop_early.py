"""Votes on the real scheduler: whatever fails, comes late or is tried again, stopping early changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.patterns.rules import is_audited
from metaensemble.patterns.voting import Panel, VoteRule, break_tie_by_first, final
from metaensemble.schemas.bound import RetryPolicy
from metaensemble.schemas.canonical import canonical
from support.pattern_play import PatternPlayer, command, expanded_graph, joined, member, with_pattern
from support.play import FAIL, OK, what_stands

TESTS = Path(__file__).parents[1]
VALUES: list[list[Any]] = [
    *(["a"], ["a", "a", "a", "b"], ["a", "a", "b", "b", "c"], ["a", "a", None]),
    ["a", "b", True, 1, 1.0, None, ["no", "vote"]],
]
"""What voters choose from; the narrower, the sooner a vote is decided."""


@dataclass(frozen=True)
class Voter:
    """Fails `failures` times, and then casts `vote`: None and lists are none that could be counted."""

    failures: int
    vote: Any


@dataclass(frozen=True)
class Scene:
    """One vote: who takes part, by which settings, and what chance does to it."""

    voters: tuple[Voter, ...]
    retries: int
    settings: dict[str, Any]
    breaks: Any
    slots: int
    seed: int

    @property
    def rule(self) -> VoteRule:
        rule = self.settings["rule"]
        return VoteRule("quorum", rule["quorum"]) if isinstance(rule, dict) else VoteRule(rule)

    @property
    def least(self) -> int:
        found: int = self.settings.get("min_votes", len(self.voters) // 2 + 1)
        return found

    def expected(self) -> Any:
        """What the full panel decides, with the retries that everybody has; None for nothing."""
        cast = [v.vote for v in self.voters if v.failures <= self.retries]
        valid = [vote for vote in cast if isinstance(vote, str | bool | int | float)]
        panel = Panel(len(self.voters), valid, len(self.voters) - len(valid))
        verdict = final(panel, self.rule, min_votes=self.least)
        if verdict.winner is not None:
            return verdict.winner
        if self.settings["on_tie"] == "first" and verdict.tied:
            return break_tie_by_first(panel, verdict.tied)
        if isinstance(self.settings["on_tie"], dict) and len(valid) >= self.least:
            return self.breaks
        return None


@st.composite
def scenes(draw: st.DrawFn, *, posterior: bool = False) -> Scene:
    n = draw(st.sampled_from([5, 3, 7, 4, 6, 2]))
    values = draw(st.sampled_from(VALUES))
    voters = st.builds(Voter, st.sampled_from([0, 0, 0, 0, 1, 2, 3]), st.sampled_from(values))
    quorum = {"quorum": draw(st.integers(1, n))}
    given: dict[str, Any] = {
        "n": n,
        "vote": "vote",
        "rule": draw(st.sampled_from(["plurality", "majority", "unanimous", quorum])),
        "on_tie": draw(st.sampled_from(["none", "first", {"escalate": member("arbiter")}])),
        "stop": {"posterior": 0.9}
        if posterior
        else draw(st.sampled_from(["exact", "exact", "exact", "off"])),
        "audit": draw(st.sampled_from([0.0, 0.0, 0.0, 0.5, 1.0])),
    }
    if draw(st.integers(0, 3)) == 0:
        given["min_votes"] = draw(st.integers(1, n))
    waves = draw(st.sampled_from([None, None, [n], [1] * n, [n - 1], [2]]))
    given |= {"waves": waves} if waves is not None else {}
    return Scene(
        voters=tuple(draw(st.lists(voters, min_size=n, max_size=n))),
        retries=draw(st.integers(0, 2)),
        settings=given,
        breaks=draw(st.sampled_from(["a", "z"])),
        slots=draw(st.sampled_from([n, n, 1, 2])),
        seed=draw(st.integers(0, 2**16)),
    )


def player_of(scene: Scene) -> PatternPlayer:
    policy = RetryPolicy(maximum=scene.retries)
    task = with_pattern(command("v", retry=policy), "consensus", **scene.settings)
    return PatternPlayer(expanded_graph(task), scene.slots)


@dataclass
class Played:
    """How it went: what the verdict came to at once when it started, and what it would at the end."""

    player: PatternPlayer
    at_once: Any
    in_the_end: Any
    heard: int
    """How many voters had voted or failed when the verdict started."""


def play(scene: Scene) -> Played:
    """Play to the end in an order drawn from the seed; what is stopped may still be quicker."""
    chance = Random(scene.seed)
    player = player_of(scene)
    player.open()
    at_once: Any = None
    heard = 0
    stopped: set[str] = set()
    while player.running or player.timers:
        stopped |= {command.node for command in player.cancelled if command.why == "unneeded"}
        if "v.verdict" in player.running and at_once is None:
            at_once = joined(player, "v.verdict")
            heard = len(over(player))
        if player.timers and (not player.running or chance.random() < 0.5):
            name = chance.choice(sorted(player.timers))
            if player.state(name) == "waiting":
                player.fire(name)
            else:
                del player.timers[name]  # nobody waits for it any more
            continue
        name = chance.choice(sorted(player.running))
        end(player, scene, name, stopped=name in stopped and chance.random() < 0.7)
    assert player.scheduler.is_done
    return Played(player, at_once, joined(player, "v.verdict"), heard)


def over(player: PatternPlayer) -> set[str]:
    """The voters that voted, or failed for good."""
    return {
        name
        for name, state in player.states().items()
        if name[2:].isdigit() and state in ("ok", "failed", "blocked")
    }


def end(player: PatternPlayer, scene: Scene, name: str, *, stopped: bool) -> None:
    piece = name.removeprefix("v.")
    if stopped:
        player.finish(name, ("cancelled", None), why="unneeded")
    elif piece == "verdict":
        player.finish(name, OK if joined(player, name)[0] is not None else ("failed", "no_decision"))
    elif piece == "tie":
        player.finish(name, output={"vote": scene.breaks})
    else:
        voter = scene.voters[int(piece) - 1]
        failed = player.scheduler.nodes[name].attempts <= voter.failures
        player.finish(name, FAIL if failed else OK, output=None if failed else {"vote": voter.vote})


@given(scenes())
@settings(max_examples=400)
def test_the_decision_is_that_of_the_full_panel(scene: Scene) -> None:
    played = play(scene)
    expected = scene.expected()
    for result, _ in (played.at_once, played.in_the_end):
        assert canonical(result["decision"] if result else None) == canonical(expected)
    nodes = played.player.scheduler.nodes
    assert all(node.has_ended and node.reason for node in nodes.values())
    assert nodes["v"].state == ("ok" if expected is not None else "failed")
    voters = [nodes[f"v.{number}"] for number in range(1, len(scene.voters) + 1)]
    event(f"{sum(not node.attempts for node in voters)} calls saved")
    if scene.settings["stop"] == "off" or is_audited("v.verdict", scene.settings["audit"]):
        assert all(node.state != "skipped" for node in voters), "nothing was to be stopped"


@given(scenes())
@settings(max_examples=200)
def test_saved_calls_are_voters_without_an_attempt(scene: Scene) -> None:
    played = play(scene)
    nodes = played.player.scheduler.nodes
    unasked = sum(not nodes[f"v.{number}"].attempts for number in range(1, len(scene.voters) + 1))
    heard = (played.heard, len(over(played.player)))
    for (result, _), many in zip((played.at_once, played.in_the_end), heard, strict=True):
        if result is not None:
            assert result["saved_calls"] == unasked
            told = result["majority"] + result["dissent"] + result["abstained"]
            assert len(told) == many, "who is being stopped has not abstained"
            assert result["stopped_early"] == (many < len(scene.voters))


@given(scenes())
@settings(max_examples=150)
def test_nobody_who_voted_is_left_out_or_counted_twice(scene: Scene) -> None:
    played = play(scene)
    nodes = played.player.scheduler.nodes
    result, _ = played.in_the_end
    if result is None:
        return
    voted = {name for name, node in nodes.items() if node.state == "ok" and name[2:].isdigit()}
    valid = {
        name for name in voted if isinstance(scene.voters[int(name[2:]) - 1].vote, str | bool | int | float)
    }
    said = [f"v.{one['piece']}" for one in result["majority"] + result["dissent"]]
    assert sorted(said) == sorted(valid)
    assert sum(result["counts"].values()) == len(valid)


@given(scenes())
@settings(max_examples=150)
def test_a_vote_with_retries_left_is_still_to_come(scene: Scene) -> None:
    """Nobody is given up on while the outcome hangs on it: who ended failed has used up every attempt."""
    nodes = play(scene).player.scheduler.nodes
    for number, voter in enumerate(scene.voters, 1):
        node = nodes[f"v.{number}"]
        if node.state == "failed":
            assert voter.failures > scene.retries
            assert node.attempts == scene.retries + 1
        assert node.state in ("ok", "failed", "skipped")


@given(scenes())
@settings(max_examples=150)
def test_the_same_events_give_the_same_commands_and_the_same_state(scene: Scene) -> None:
    player = play(scene).player
    assert what_stands(player.replayed()) == what_stands(player.scheduler)
    told = []
    for _ in range(2):
        scheduler = Scheduler(*player._of)
        told.append([scheduler.handle(one) for one in player.facts])
    assert told[0] == told[1]


@given(scenes(posterior=True))
@settings(max_examples=150)
def test_a_vote_that_stops_when_it_is_probable_ends_too(scene: Scene) -> None:
    played = play(scene)
    result, why = played.at_once
    assert (result is None) == bool(why)
    if result is not None and result["decided_by"] == "votes":
        counts = result["counts"]
        shown = result["decision"] if isinstance(result["decision"], str) else canonical(result["decision"])
        assert counts[shown] == max(counts.values()), "the leader is decided for"
    nodes = played.player.scheduler.nodes
    assert all(node.has_ended and node.reason for node in nodes.values())
    if scene.expected() is None and result is None:
        return
    audited = is_audited("v.verdict", scene.settings["audit"])
    if audited:
        assert canonical(result["decision"] if result else None) == canonical(scene.expected())


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from random import Random
from support.pattern_play import PatternPlayer, command, expanded_graph, member, with_pattern
from support.play import FAIL
from metaensemble.schemas.bound import RetryPolicy

chance = Random(7)
tasks = []
for index in range(24):
    rule = chance.choice(["plurality", "majority", "unanimous"])
    tie = chance.choice(["none", "first", {"escalate": member("arbiter")}])
    own = command(f"v{index}", retry=RetryPolicy(maximum=1), priority=chance.randrange(3))
    tasks.append(with_pattern(own, "consensus", n=5, vote="vote", rule=rule, on_tie=tie))
player = PatternPlayer(expanded_graph(*tasks), 6)
seen = []
handle = player.scheduler.handle
player.scheduler.handle = lambda event: seen.append((event, commands := handle(event))) or commands
player.open()
while player.running or player.timers:
    waiting = [name for name in player.timers if player.state(name) == "waiting"]
    if not player.running and not waiting:
        break
    if waiting:
        player.fire(waiting[0])
    else:
        name = chance.choice(list(player.running))
        player.finish(name, FAIL if chance.random() < 0.2 else ("ok", None), output={"vote": chance.choice("ab")})
for event, commands in seen:
    print(commands)
"""


def commands_under(seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(TESTS)],
        env={**os.environ, "PYTHONHASHSEED": seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout


@pytest.fixture(scope="module")
def first() -> str:
    return commands_under("0")


@pytest.mark.parametrize("seed", ["1", "4242"])
def test_shuffled_sets_and_dicts_change_nothing(seed: str, first: str) -> None:
    assert first.count("StartAttempt(") > 100
    assert commands_under(seed) == first
