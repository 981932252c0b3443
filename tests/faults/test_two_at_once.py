"""One DAG run has one Coordinator."""

from __future__ import annotations

from pathlib import Path

from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Victims, wait_until

GRAPH = f"""\
name: single
tasks:
  first:
    run: |
      {LOG}
  second:
    needs: [first]
    run: |
      {LOG}
      cat gate
"""


def test_the_second_is_told_who_holds_it(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    first = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    first.wait_until(lambda: "second" in project.executions(), "the second node ran")
    dag_run = project.dag_run()
    assert dag_run is not None
    for words in (["dag", "resume", dag_run], ["dag", "resume"], ["ledger", "rebuild"]):
        told = victims.start(words, cwd=project.root).wait()
        assert told.code == 3, told
        assert f"process {first.pid}" in told.err
        assert "Traceback" not in told.said
    gate.open()
    assert first.wait().code == 0
    assert victims.start(["dag", "resume", dag_run], cwd=project.root).wait().code == 0
    assert [len(ids) for ids in project.executions().values()] == [1, 1]
    project.check_ledger()


def test_of_two_resumes_one_does_the_work(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    first = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    first.wait_until(lambda: "second" in project.executions(), "the second node ran")
    first.kill()
    frozen = project.frozen()
    both = [victims.start(["dag", "resume", str(project.dag_run())], cwd=project.root) for _ in range(2)]
    wait_until(lambda: len(project.executions()["second"]) == 2, "one of them took it up")
    gate.open()
    codes = sorted(victim.wait().code for victim in both)
    # The slower one may come when all is done, and then finds a DAG run that has ended ok.
    assert codes in ([0, 3], [0, 0]), codes
    assert {node: len(ids) for node, ids in project.executions().items()} == {"first": 1, "second": 2}
    project.check_executions(frozen)
    project.check_ledger()
