"""The same events give the same commands, whatever the order of sets and dicts happens to be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2]

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from random import Random
from metaensemble.engine.scheduler.events import CancelRequested
from metaensemble.engine.scheduler.graph import Limits, NodeSpec
from support.play import FAIL, OK, Player

rng = Random(11)
nodes = []
for i in range(60):
    needs = () if i < 12 else tuple((f"n{j}", rng.choice(["ok", "done", "done", "failed"] if i % 7 == 0 else ["done"])) for j in sorted(rng.sample(range(i), min(i, 3))))
    pools = tuple(sorted({rng.choice("abc") for _ in range(rng.randrange(3))}))
    nodes.append(NodeSpec(id=f"n{i}", needs=needs, pools=pools, priority=rng.randrange(3), retry_max=rng.randrange(3)))
player = Player(nodes, Limits(maximum=5, pools={"a": 2, "b": 1, "c": 3}))
seen = []
feed = player.feed
player.feed = lambda event: seen.extend([event, *feed(event)]) or []
player.open()
for step in range(80):
    if not player.running and not player.timers:
        break
    if step == 70:
        player.feed(CancelRequested(by="the test"))
    if player.timers:
        player.fire(next(iter(player.timers)))
    else:
        player.finish(rng.choice(list(player.running)), FAIL if rng.random() < 0.3 else OK)
for item in seen:
    print(item)
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


def test_shuffled_sets_and_dicts_change_nothing() -> None:
    first = commands_under("0")
    assert first.count("StartAttempt(") > 20
    assert commands_under("1") == first
    assert commands_under("4242") == first
