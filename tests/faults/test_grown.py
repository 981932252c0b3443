"""kill -9 while a graph grows: during expansion, inside items and sub-graphs, between rounds."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from metaensemble import api
from support.gates import Gate
from support.scenarios import Outcome, Project
from support.victims import Victims

LOG = 'echo "$ME_ATTEMPT_ID" >> "ran/$(echo "$ME_NODE_ID" | tr / :)"'

OUTER = f"""\
name: outer
concurrency: {{max: 3}}
outputs:
  packed: ${{{{ tasks.pack.output }}}}
  grades: ${{{{ tasks.grade.outputs }}}}
tasks:
  list:
    run: |
      {LOG}
      printf 'a\\nb\\nc\\n'
    output: {{as: lines}}
  build:
    each: ${{{{ tasks.list.output }}}}
    as: name
    key: ${{{{ name }}}}
    parallel: 2
    graph: package.yaml
    with: {{name: "${{{{ name }}}}"}}
  grade:
    each: ${{{{ tasks.list.output }}}}
    as: name
    key: ${{{{ name }}}}
    retry: {{max: 1, backoff: 10ms..20ms}}
    run: |
      {LOG}
      test ${{{{ name }}}} != b || exit 4
      echo ${{{{ name }}}}
  empty:
    each: ${{{{ [] }}}}
    run: echo never
  pack:
    needs: {{build: ok, grade: {{ok: 2/3}}, empty: ok}}
    with: {{builds: "${{{{ tasks.build.outputs }}}}"}}
    run: |
      {LOG}
      echo "${{{{ tasks.build.outputs[2].output.made }}}}"
"""

PACKAGE = f"""\
params: {{name: {{type: string}}}}
outputs: {{made: "${{{{ tasks.polish.output }}}}", cells: "${{{{ tasks.test.outputs }}}}"}}
tasks:
  test:
    matrix: {{os: [x, y]}}
    run: |
      {LOG}
      cat gate
      echo ${{{{ params.name }}}}${{{{ matrix.os }}}}
  polish:
    needs: [test]
    repeat: {{until: "${{{{ repeat.last.output.text == 'fine' }}}}", max: 3}}
    graph: polish.yaml
    with: {{name: "${{{{ params.name }}}}", round: "${{{{ repeat.index }}}}"}}
"""

POLISH = f"""\
params: {{name: {{type: string}}, round: {{type: integer}}}}
outputs: {{text: "${{{{ tasks.say.output }}}}"}}
tasks:
  look:
    run: |
      {LOG}
      echo ${{{{ params.round }}}}
  say:
    if: ${{{{ tasks.look.output != '9' }}}}
    run: |
      {LOG}
      if test ${{{{ tasks.look.output }}}} -ge 2; then echo fine; else echo rough ${{{{ params.name }}}}; fi
"""

NODES = 5 + 3 + 3 * (1 + 3 + 1 + 2 * 3)
"""The tasks, the grades, and per package itself, its cells, and two rounds of two tasks."""

OFTEN = [
    ("growth.before_commit", (1, 2, 3, 6, 9)),
    ("growth.after_commit", (1, 2, 4, 7, 9)),
    ("judgement.before_commit", (1, 2, 4, 8)),
    ("judgement.after_commit", (1, 3, 5, 9)),
    ("intent.after_commit", (3, 7, 11)),
    ("attempt.after_start", (2, 6, 10, 15)),
    ("outcome.before_commit", (4, 9, 14)),
    ("outcome.after_commit", (2, 5, 8, 13, 17)),
    ("condition.after_commit", (1, 4)),
    ("ends.before_commit", (1, 3)),
]
"""Places at which it dies, and how often it has come past them by then."""


def made(root: Path) -> Project:
    """The project, with nothing that holds its commands back."""
    project = Project(root, OUTER, package=PACKAGE, polish=POLISH)
    (root / "gate").touch()
    return project


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """How the graph ends when nobody disturbs it."""
    project = made(tmp_path_factory.mktemp("calm") / "project")
    assert api.run(project.graph).state == "ok"
    found = project.outcome()
    assert found.outputs["packed"] == '{"text":"fine"}'
    assert len(found.nodes) == NODES
    assert {state for state, _ in found.nodes.values()} == {"ok", "failed"}
    assert [name for name, (state, _) in found.nodes.items() if state == "failed"] == ["grade", "grade[b]"]
    return found


def die(project: Project, victims: Victims, place: str, nth: int) -> bool:
    """Start or resume the DAG run until it dies; whether it came to that."""
    frozen = project.frozen()
    told = victims.start(project.words(), cwd=project.root, place=place, nth=nth).wait()
    assert told.code in (-signal.SIGKILL, 0), told
    project.check_executions(frozen)
    return told.code == -signal.SIGKILL


def resume_twice(project: Project, calm: Outcome) -> None:
    """The end is that of a run that nobody disturbed, and the second resume does nothing."""
    frozen = project.frozen()
    dag_run = project.dag_run()
    assert dag_run is not None
    assert api.resume(dag_run, cwd=project.root).state == "ok"
    assert project.outcome() == calm
    project.check_executions(frozen)
    head, ran = project.head(), project.executions()
    assert api.resume(dag_run, cwd=project.root).state == "ok"
    assert (project.head(), project.executions()) == (head, ran)
    works = {name for name, ids in ran.items() if ids}
    assert works == {name for name in calm.nodes if name in works}
    project.check_processes()
    project.check_ledger()


@pytest.mark.parametrize(("place", "nth"), [(place, nth) for place, often in OFTEN for nth in often])
def test_killed_once(place: str, nth: int, tmp_path: Path, calm: Outcome, victims: Victims) -> None:
    project = made(tmp_path / "project")
    assert die(project, victims, place, nth), "the run never came there"
    resume_twice(project, calm)


@pytest.mark.parametrize(
    "place", ["growth.before_commit", "growth.after_commit", "judgement.after_commit", "outcome.after_commit"]
)
def test_killed_each_time_it_comes_one_step_further(
    place: str, tmp_path: Path, calm: Outcome, victims: Victims
) -> None:
    project = made(tmp_path / "project")
    for nth in (1, 2, 2, 3):
        assert die(project, victims, place, nth)
    resume_twice(project, calm)


def test_killed_while_commands_of_a_grown_graph_run(tmp_path: Path, calm: Outcome, victims: Victims) -> None:
    project = made(tmp_path / "project")
    (project.root / "gate").unlink()
    gate = Gate(project.root / "gate")
    waiting = {"build[a]/test[os=x]", "build[a]/test[os=y]"}
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: waiting <= set(project.executions()), "cells of the first package ran")
    victim.kill()
    gate.open()
    resume_twice(project, calm)
    assert {len(project.executions()[name]) for name in waiting} == {2}
