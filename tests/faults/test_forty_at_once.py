"""Forty nodes at once, and whatever is killed: no finished one runs again."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from metaensemble.engine.process.identity import IS_LINUX
from metaensemble.engine.process.orphans import carrying
from support.gates import Gate
from support.scenarios import LOG, Frozen, Project
from support.victims import Victims, wait_until

linux_only = pytest.mark.skipif(not IS_LINUX, reason="needs /proc")
WIDE = 40


def wide(count: int = WIDE) -> str:
    nodes = "".join(f"  n{number}:\n    run: {LOG}; echo {number}\n" for number in range(count))
    total = " + ".join(f"(tasks.n{number}.output | int)" for number in range(count))
    last = f"  total:\n    run: {LOG}; echo ${{{{ {total} }}}}\n"
    outputs = 'outputs: {total: "${{ tasks.total.output }}"}\n'
    return f"name: wide\nconcurrency: {{max: {count}}}\n{outputs}tasks:\n{nodes}{last}"


def executed(project: Project) -> int:
    return sum(len(ids) for ids in project.executions().values())


def finish(project: Project, victims: Victims, frozen: Frozen) -> None:
    told = victims.start(["dag", *project.words()], cwd=project.root).wait()
    assert told.code == 0, told
    outcome = project.outcome()
    assert outcome.outputs == {"total": str(sum(range(WIDE)))}
    project.check_executions(frozen)
    project.check_processes()
    project.check_ledger()


def test_a_kill_at_the_twentieth_of_forty(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", wide())
    told = victims.start(["run", "graph.yaml"], cwd=project.root, place="outcome.after_commit", nth=20).wait()
    assert told.code == -signal.SIGKILL
    frozen = project.frozen()
    assert [len(ids) for ids in frozen.values()] == [1] * 20
    finish(project, victims, frozen)
    again = [node for node, ids in project.executions().items() if len(ids) > 1]
    assert len(again) <= WIDE - 20


@pytest.mark.parametrize("seed", range(2))
def test_kills_after_so_many_executions(seed: int, tmp_path: Path, victims: Victims) -> None:
    chance = Random(seed)
    project = Project(tmp_path / "project", wide())
    frozen: Frozen = {}
    for _ in range(3):
        victim = victims.start(["dag", *project.words()], cwd=project.root)
        wanted = executed(project) + chance.randint(1, WIDE // 3)
        wait_until(lambda: executed(project) >= wanted or victim.has_ended, "some more ran")  # noqa: B023
        if victim.has_ended:
            break
        victim.kill()
        project.check_executions(frozen)
        frozen = project.frozen()
    finish(project, victims, frozen)


@pytest.mark.parametrize("seed", range(2))
def test_kills_at_random_moments(seed: int, tmp_path: Path, victims: Victims) -> None:
    chance = Random(seed)
    calm = Project(tmp_path / "calm", wide())
    began = time.monotonic()
    assert victims.start(["dag", "run", "graph.yaml"], cwd=calm.root).wait().code == 0
    took = time.monotonic() - began
    project = Project(tmp_path / "project", wide())
    frozen: Frozen = {}
    for _ in range(3):
        victim = victims.start(["dag", *project.words()], cwd=project.root)
        try:
            victim.wait(chance.uniform(0, took))
            break
        except TimeoutError:
            victim.kill()
        if project.dag_run():
            project.check_executions(frozen)
            frozen = project.frozen()
    finish(project, victims, frozen)


BLOCKED = f"""\
name: blocked
concurrency: {{max: 20}}
tasks:
  quick: {{run: "{LOG.replace('"', chr(92) + '"')}"}}
  again:
    run: |
      {LOG}
      cat gate
    retry: {{max: 1, backoff: 1ms..1ms}}
  single:
    run: |
      {LOG}
      cat gate
  outside:
    run: |
      {LOG}
      cat gate
    effects: external
    retry: {{max: 3, backoff: 1ms..1ms}}
"""


def wait_for(project: Project, **counts: int) -> None:
    """Wait until nodes have begun so often, and `quick` stands in the Ledger."""

    def holds() -> bool:
        ran = project.executions()
        return all(len(ran.get(node, ())) >= count for node, count in counts.items())

    wait_until(holds, f"nodes ran as in {counts}")
    wait_until(lambda: "quick" in project.recorded_ok(), "`quick` was recorded")


@linux_only
def test_the_spawner_is_killed(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", BLOCKED)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    wait_for(project, quick=1, again=1, single=1, outside=1)
    os.kill(victim.spawner(), signal.SIGKILL)
    wait_for(project, again=2)
    gate.open()
    told = victim.wait()
    # One waits for a person: its end was never seen, and it may have changed the world.
    assert told.code == 4, told
    states = {node: state for node, (state, _) in project.outcome().nodes.items()}
    assert states == {"quick": "ok", "again": "ok", "single": "failed", "outside": "waiting"}
    assert [len(project.executions()[node]) for node in ("quick", "single", "outside")] == [1, 1, 1]
    told = victims.start(["dag", "resume", "--lost", "outside=rerun"], cwd=project.root).wait()
    assert told.code == 1, told
    told = victims.start(["dag", "resume"], cwd=project.root).wait()
    assert told.code == 0, told
    counts = {node: len(ids) for node, ids in project.executions().items()}
    assert counts == {"quick": 1, "again": 2, "single": 2, "outside": 2}
    project.check_processes()
    project.check_ledger()


STUBBORN = f"""\
name: stubborn
tasks:
  quick:
    run: |
      {LOG}
  holds:
    run: |
      {LOG}
      test -e tried && exit 0
      trap '' TERM
      setsid sh -c 'touch tried; cat gate' &
      cat gate
"""


@linux_only
def test_everything_is_killed_but_the_workers(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", STUBBORN)
    Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    wait_for(project, quick=1, holds=1)
    wait_until((project.root / "tried").exists, "the grandchild lives")
    spawner = victim.spawner()
    os.kill(spawner, signal.SIGSTOP)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    os.kill(spawner, signal.SIGKILL)
    marker = frozenset({f"ME_DAG_RUN_ID={project.dag_run()}".encode()})
    left = set(carrying(marker))
    assert len(left) >= 3, "the workers live on: they ignore SIGTERM, and one left its session"
    frozen = project.frozen()
    told = victims.start(["dag", "resume"], cwd=project.root).wait()
    assert told.code == 0, told
    assert not left & set(carrying(marker))
    project.check_executions(frozen)
    project.check_processes()
    project.check_ledger()


@linux_only
def test_the_coordinator_alone_is_killed(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", STUBBORN)
    Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    wait_for(project, quick=1, holds=1)
    wait_until((project.root / "tried").exists, "the grandchild lives")
    victim.kill()
    project.check_processes()
    assert victims.start(["dag", "resume"], cwd=project.root).wait().code == 0
