"""A Coordinator that is killed with -9 while it looks at finished work leaves no process, and a resume goes on."""

from __future__ import annotations

import signal
from pathlib import Path

from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Victims

GRAPH = f"""\
name: checked
tasks:
  work:
    run: |
      {LOG}
    checks:
      - echo "check" >> checks; cat gate
"""


def test_killed_while_a_check_runs(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    checks = project.root / "checks"
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(checks.exists, "the check ran")
    victim.kill()
    project.check_processes()
    gate.open()
    told = victims.start(["dag", "resume"], cwd=project.root).wait()
    assert told.code == 0, told
    assert {node: len(ids) for node, ids in project.executions().items()} == {"work": 2}
    assert checks.read_text().count("check") == 2
    project.check_processes()
    project.check_ledger()


def test_stopped_while_a_check_runs(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until((project.root / "checks").exists, "the check ran")
    victim.signal(signal.SIGINT)
    assert victim.wait().code == 130
    project.check_processes()
    gate.open()
    assert victims.start(["dag", "resume"], cwd=project.root).wait().code == 0
    project.check_ledger()
