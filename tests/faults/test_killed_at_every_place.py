"""kill -9 at every named place, resumed until the DAG run ends: nothing is lost, nothing runs twice."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from metaensemble import api
from metaensemble.engine import faults
from metaensemble.engine.ledger import Ledger, fault_points, rebuild
from support.scenarios import ENDS, IN_GROWTH, IN_WORKTREES, STORM, Outcome, Project, growing
from support.victims import Victims

ELSEWHERE = (
    *(
        name
        for name in fault_points.FAULT_POINTS
        if name.startswith(("rebuild.", "mirror.before_adopt", "mirror.before_set", "mirror.after_set"))
    ),
    *IN_WORKTREES,
)
"""Places that a run comes past only after the database or the mirror was lost, see below, or in worktrees."""

EVERY = [name for name in (*faults.FAULT_POINTS, *fault_points.FAULT_POINTS) if name not in ELSEWHERE]
PLACES = [name for name in EVERY if name not in IN_GROWTH]


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """How the graph ends when nobody disturbs it."""
    project = Project(tmp_path_factory.mktemp("calm"), STORM)
    project.mend()
    assert api.run(project.graph).state == "ok"
    outcome = project.outcome()
    assert {node: state for node, (state, _) in outcome.nodes.items()} == ENDS
    return outcome


def die_at(place: str, nth: int, project: Project, victims: Victims) -> bool:
    """Start or resume the DAG run and let it die; whether it came to that."""
    frozen = project.frozen()
    told = victims.start(project.words(), cwd=project.root, place=place, nth=nth).wait()
    assert told.code in (-signal.SIGKILL, 0, 1), told
    if project.dag_run():
        project.check_executions(frozen)
    return told.code == -signal.SIGKILL


def finish(project: Project, calm: Outcome) -> None:
    """Resume without disturbance, and look at everything."""
    project.mend()
    frozen = project.frozen()
    words = project.words()
    had_failed = project.has_failed("join")
    report = api.run(project.graph) if words[0] == "run" else api.resume(words[1], cwd=project.root)
    if had_failed and report.state == "failed":
        # It failed before it was mended, in a DAG run that had not come to its end.
        report = api.resume(report.dag_run_id, cwd=project.root)
    assert report.state == "ok", report.reason
    assert project.outcome() == calm
    project.check_executions(frozen)
    project.check_processes()


@pytest.mark.parametrize("place", PLACES)
def test_killed_once(place: str, tmp_path: Path, calm: Outcome, victims: Victims) -> None:
    project = Project(tmp_path / "project", STORM)
    if place.startswith("lost."):
        assert die_at("attempt.after_start", 2, project, victims)
    elif place.startswith("reopen."):
        assert not die_at("nowhere", 1, project, victims)
    else:
        project.mend()
    assert die_at(place, 1, project, victims), "the run never came there"
    finish(project, calm)
    head = project.head()
    assert api.resume(project.dag_run(), cwd=project.root).state == "ok"
    assert project.head() == head, "resuming a DAG run that had ended ok wrote something"
    project.check_ledger()


@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again(seed: int, tmp_path: Path, calm: Outcome, victims: Victims) -> None:
    chance = Random(seed)
    project = Project(tmp_path / "project", STORM)
    died = 0
    for _ in range(4):
        died += die_at(chance.choice(PLACES), chance.randint(1, 4), project, victims)
        if chance.random() < 0.3:
            project.mend()
    died += die_at("outcome.after_commit", 1, project, victims)
    assert died
    finish(project, calm)
    project.check_ledger()


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """How the graph that grows ends when nobody disturbs it."""
    project = growing(tmp_path_factory.mktemp("grown"))
    project.go_on()
    outcome = project.outcome()
    assert (outcome.state, outcome.nodes["look"][0], len(outcome.nodes)) == ("ok", "failed", 26)
    assert outcome.outputs["shipped"] == "xxx shipped"
    return outcome


def finish_growing(project: Project, grown: Outcome) -> None:
    """Go on without disturbance, and look at everything."""
    frozen = project.frozen()
    project.go_on()
    assert project.outcome() == grown
    project.check_executions(frozen)
    project.check_processes()


TIMES = {"growth": (1, 3, 6), "judgement": (1, 3, 6), "asked": (1, 2)}
"""When to die at a place, where a DAG run comes there more than once."""


@pytest.mark.parametrize(
    ("place", "nth"), [(name, nth) for name in IN_GROWTH for nth in TIMES.get(name.partition(".")[0], (1,))]
)
def test_killed_once_while_the_graph_grows(
    place: str, nth: int, tmp_path: Path, grown: Outcome, victims: Victims
) -> None:
    project = growing(tmp_path)
    if place.startswith("reuse."):
        project.go_on()
        told = victims.start(["run", "graph.yaml"], cwd=project.root, place=place).wait()
        assert told.code == -signal.SIGKILL
    else:
        died = die_at(place, nth, project, victims)
        while not died and project.answer():
            died = die_at(place, 1, project, victims)
        assert died, "the run never came there"
    finish_growing(project, grown)
    head = project.head()
    assert api.resume(project.dag_run(), cwd=project.root).state == "ok"
    assert project.head() == head, "resuming a DAG run that had ended ok wrote something"
    project.check_ledger()


@pytest.mark.parametrize("seed", range(5))
def test_killed_again_and_again_while_the_graph_grows(
    seed: int, tmp_path: Path, grown: Outcome, victims: Victims
) -> None:
    chance = Random(seed)
    project = growing(tmp_path)
    assert die_at("outcome.after_commit", chance.randint(1, 6), project, victims)
    for _ in range(5):
        die_at(chance.choice(EVERY), chance.randint(1, 6), project, victims)
        project.answer()
    finish_growing(project, grown)
    project.check_ledger()


def older_database(project: Project) -> None:
    """Take the database back to how it was after a few records, as a power cut may; not the mirror."""
    lines = (project.state / "runs.jsonl").read_bytes().splitlines(keepends=True)
    whole = b"".join(lines)
    assert len(lines) > 12
    (project.state / "runs.jsonl").write_bytes(b"".join(lines[:12]))
    (project.state / "department.db").unlink()
    rebuild(project.state)
    (project.state / "runs.jsonl").write_bytes(whole)


def test_killed_while_the_mirror_is_adopted(tmp_path: Path, calm: Outcome, victims: Victims) -> None:
    project = Project(tmp_path / "project", STORM)
    project.mend()
    assert die_at("end.before_commit", 1, project, victims)
    frozen = project.frozen()
    Ledger.open(project.state).close()
    older_database(project)
    # Until it is adopted, the mirror alone knows what was done meanwhile.
    told = victims.start(project.words(), cwd=project.root, place="mirror.before_adopt").wait()
    assert told.code == -signal.SIGKILL
    finish(project, calm)
    project.check_executions(frozen)
    project.check_ledger()


@pytest.mark.parametrize("place", ["mirror.before_set_aside", "mirror.after_set_aside"])
def test_killed_while_the_mirror_is_set_aside(
    place: str, tmp_path: Path, calm: Outcome, victims: Victims
) -> None:
    project = Project(tmp_path / "project", STORM)
    project.mend()
    assert die_at("outcome.after_commit", 4, project, victims)
    with (project.state / "runs.jsonl").open("ab") as mirror:
        mirror.write(b'{"this": "is no record"}\n')
    assert die_at(place, 1, project, victims)
    finish(project, calm)
    project.check_ledger()


@pytest.mark.parametrize("place", [name for name in ELSEWHERE if name.startswith("rebuild.")])
def test_killed_while_the_database_is_made_anew(
    place: str, tmp_path: Path, calm: Outcome, victims: Victims
) -> None:
    project = Project(tmp_path / "project", STORM)
    project.mend()
    assert die_at("outcome.after_commit", 5, project, victims)
    frozen = project.frozen()
    told = victims.start(["rebuild"], cwd=project.root, place=place).wait()
    assert told.code == -signal.SIGKILL
    finish(project, calm)
    project.check_executions(frozen)
    project.check_ledger()
