"""What an attempt had printed when the Coordinator was killed can be read after the resume."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from metaensemble.engine.ledger import BlobStore
from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Told, Victims

SECRET = "correct-horse-battery"
LINES = "".join(f"line {number}\n" for number in range(1, 1001))
GRAPH = f"""\
tasks:
  talks:
    secrets: [TOKEN]
    run: |
      {LOG}
      echo "$TOKEN"
      seq -f 'line %g' 1000
      seq -f 'aside %g' 1000 >&2
      cat gate
  quiet:
    run: |
      {LOG}
      echo little
      cat gate
"""
ENVIRON = {**os.environ, "TOKEN": SECRET}


def killed(tmp_path: Path, victims: Victims) -> Project:
    """A DAG run that was killed while both ran and had printed; what runs from now on ends at once."""
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root, environ=ENVIRON)

    def has_printed() -> bool:
        ids = project.executions()
        if set(ids) != {"talks", "quiet"}:
            return False
        files = [kept(project) / f"{ids['talks'][0]}.{stream}" for stream in ("stdout", "stderr")]
        return all(file.exists() and b" 900\n" in file.read_bytes() for file in files)

    victim.wait_until(has_printed, "both had printed")
    victim.kill()
    gate.open()
    return project


def kept(project: Project) -> Path:
    return project.state / "blobs" / "kept"


def me(victims: Victims, project: Project, *words: str) -> Told:
    told = victims.start(["dag", *words], cwd=project.root, environ=ENVIRON).wait()
    assert "Traceback" not in told.said
    return told


def check_logs(victims: Victims, project: Project) -> None:
    """All is there but the end, in which a secret might have begun."""
    shown = ("logs", "0", "talks", "--attempt", "1", "--stream")
    told = me(victims, project, *shown, "stdout")
    assert (told.code, told.err) == (0, "")
    assert f"***TOKEN***\n{LINES}".startswith(told.out)
    assert "line 900\n" in told.out
    told = me(victims, project, *shown, "stderr")
    assert LINES.replace("line", "aside").startswith(told.out)
    assert "aside 900\n" in told.out
    assert list(kept(project).iterdir()) == []
    project.check_ledger()


def test_what_reached_the_disk_is_shown_and_what_did_not_is_told(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    assert me(victims, project, "resume").code == 0
    check_logs(victims, project)
    told = me(victims, project, "logs", "0", "quiet", "--attempt", "1")
    assert (told.code, told.out) == (0, "")
    assert told.err == "attempt 1 of `quiet` was interrupted; its output was not kept\n"
    told = me(victims, project, "logs", "0", "quiet")
    assert (told.out, told.err) == ("little\n", "")
    for file in project.state.rglob("*"):
        assert file.is_dir() or SECRET.encode() not in file.read_bytes()


@pytest.mark.parametrize("place", ["lost.before_commit", "lost.after_commit"])
@pytest.mark.parametrize("nth", [1, 2])
def test_it_is_not_lost_by_a_resume_that_is_killed(
    place: str, nth: int, tmp_path: Path, victims: Victims
) -> None:
    project = killed(tmp_path, victims)
    words = ["resume", str(project.dag_run())]
    assert victims.start(words, cwd=project.root, environ=ENVIRON, place=place, nth=nth).wait().code == -9
    assert list(kept(project).iterdir())
    assert me(victims, project, "resume").code == 0
    check_logs(victims, project)


def test_a_cancel_of_a_dead_run_keeps_it_too(tmp_path: Path, victims: Victims) -> None:
    project = killed(tmp_path, victims)
    assert me(victims, project, "cancel", str(project.dag_run()), "--now").code == 0
    check_logs(victims, project)


def test_nothing_is_kept_apart_once_an_attempt_has_ended(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    (project.root / "gate").touch()
    assert me(victims, project, "run", "graph.yaml").code == 0
    assert BlobStore(project.state / "blobs").kept() == []
    assert me(victims, project, "logs", "0", "talks", "--stream", "stdout").out == f"***TOKEN***\n{LINES}"
