"""An attempt whose end was never seen: `on_lost` decides, and a person where it says so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Told, Victims

NAMES = ("again", "asks", "fails", "outside")
GRAPH = (
    "name: lost\n"
    "tasks:\n"
    + "".join(
        f"  {name}:\n    run: |\n      {LOG}\n      cat gate\n    {rule}\n"
        for name, rule in zip(
            NAMES, ("on_lost: rerun", "on_lost: ask", "on_lost: fail", "effects: external"), strict=True
        )
    )
    + f"  after:\n    needs: [asks]\n    run: |\n      {LOG}\n"
)


def killed(tmp_path: Path, victims: Victims) -> Project:
    """A DAG run that was killed while all four ran; what runs from now on ends at once."""
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: set(project.executions()) == set(NAMES), "all of them ran")
    victim.kill()
    gate.open()
    return project


def me(victims: Victims, project: Project, *words: str) -> Told:
    told = victims.start(list(words), cwd=project.root).wait()
    assert "Traceback" not in told.said
    return told


def states(project: Project) -> dict[str, str]:
    return {node: state for node, (state, _) in project.outcome().nodes.items()}


def test_a_person_is_asked_and_the_printed_command_answers(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    told = me(victims, project, "dag", "resume")
    assert told.code == 4, told
    assert states(project) == {
        "again": "ok", "asks": "waiting", "fails": "failed", "outside": "waiting", "after": "pending"
    }  # fmt: skip
    printed = re.findall(r"me dag resume .*--lost .*", told.err)
    ways = {words[-1]: words[1:] for words in map(shlex.split, printed)}
    assert set(ways) == {"asks=rerun", "asks=fail", "outside=rerun", "outside=fail"}
    assert me(victims, project, "dag", "status").code == 0
    told = me(victims, project, *ways["asks=rerun"])
    assert told.code == 4, "one still waits"
    assert states(project)["after"] == "ok"
    told = me(victims, project, *ways["outside=fail"])
    assert told.code == 1, told
    assert states(project) == {
        "again": "ok", "asks": "ok", "fails": "failed", "outside": "failed", "after": "ok"
    }  # fmt: skip
    told = me(victims, project, "dag", "resume")
    assert told.code == 0, told
    counts = {node: len(ids) for node, ids in project.executions().items()}
    assert counts == {"again": 2, "asks": 2, "fails": 2, "outside": 2, "after": 1}
    project.check_processes()
    project.check_ledger()


def test_both_are_answered_at_once_before_anybody_asked(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    told = me(victims, project, "dag", "resume", "--lost", "asks=rerun", "--lost", "outside=rerun")
    assert told.code == 1, told
    assert states(project) == {
        "again": "ok", "asks": "ok", "fails": "failed", "outside": "ok", "after": "ok"
    }  # fmt: skip
    project.check_ledger()


def test_a_wrong_answer_changes_nothing(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    head = project.head()
    for answer in ("nobody=rerun", "again=rerun", "after=fail", "asks=perhaps"):
        told = me(victims, project, "dag", "resume", "--lost", "outside=rerun", "--lost", answer)
        assert told.code == 2, told
    assert project.head() == head


def test_killed_while_the_answer_is_carried_out(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    assert me(victims, project, "dag", "resume").code == 4
    gate = project.root / "gate"
    gate.unlink()
    Gate(gate)
    victim = victims.start(["dag", "resume", "--lost", "outside=rerun"], cwd=project.root)
    victim.wait_until(lambda: len(project.executions()["outside"]) == 2, "it ran again")
    victim.kill()
    gate.unlink()
    gate.touch()
    # It was lost once more, and so a person is asked once more.
    assert me(victims, project, "dag", "resume").code == 4
    assert states(project)["outside"] == "waiting"
    assert len(project.executions()["outside"]) == 2
