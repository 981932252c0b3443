"""A Ledger that is locked, newer, damaged, on a read-only or a full disk: exit 3, and a way on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger
from support.gates import Gate
from support.scenarios import LOG, Frozen, Project
from support.victims import Told, Victims

TWO = f"""\
name: two
tasks:
  first:
    run: |
      {LOG}
      echo one
  second:
    needs: [first]
    run: |
      {LOG}
      cat gate
      echo two
"""


def me(victims: Victims, project: Project, *words: str) -> Told:
    """One command line; whatever happens, nobody sees a traceback."""
    told = victims.start(list(words), cwd=project.root).wait()
    assert "Traceback" not in told.said
    assert told.code != 70, told
    return told


def in_the_middle(tmp_path: Path, victims: Victims) -> Project:
    """A DAG run that was killed while `second` ran; what is resumed goes through."""
    project = Project(tmp_path / "project", TWO)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "second" in project.executions(), "the second node ran")
    victim.kill()
    gate.open()
    return project


def is_refused(victims: Victims, project: Project, code: str) -> None:
    """All that writes is refused with one clear error and exit code 3."""
    for words in (("dag", "resume"), ("dag", "run", "graph.yaml")):
        told = me(victims, project, *words)
        assert told.code == 3, told
        assert f"error[{code}]" in told.err


def is_readable(victims: Victims, project: Project) -> None:
    """What was recorded can be read."""
    status = me(victims, project, "dag", "status", "--json")
    assert status.code == 0, status
    nodes = {node["id"]: node["state"] for node in status.json["nodes"]}
    assert nodes["first"] == "ok"
    recent = me(victims, project, "ledger", "recent", "--json")
    assert recent.code == 0, recent
    assert "first" in {run["node_id"] for run in recent.json}


def goes_on(victims: Victims, project: Project, frozen: Frozen) -> None:
    """The DAG run ends ok once it is resumed."""
    told = me(victims, project, "dag", "resume")
    assert told.code == 0, told
    project.check_executions(frozen)
    project.check_processes()
    project.check_ledger()


def test_another_program_keeps_it_locked(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", TWO)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "second" in project.executions(), "the second node ran")
    victim.wait_until(lambda: "first" in project.recorded_ok(), "`first` was recorded")
    browser = sqlite3.connect(project.state / "department.db", isolation_level=None)
    browser.execute("BEGIN IMMEDIATE")
    gate.open()
    told = victim.wait()
    assert told.code == 3, told
    assert "error[ME701]" in told.err
    assert "Traceback" not in told.said
    is_readable(victims, project)
    browser.execute("ROLLBACK")
    browser.close()
    goes_on(victims, project, project.frozen())


def test_a_newer_program_wrote_it(tmp_path: Path, victims: Victims) -> None:
    project = in_the_middle(tmp_path, victims)
    frozen = project.frozen()
    set_version(project, old := set_version(project, 999))
    set_version(project, 999)
    is_refused(victims, project, "ME703")
    assert me(victims, project, "dag", "status").code == 3
    set_version(project, old)
    goes_on(victims, project, frozen)


def set_version(project: Project, number: int) -> int:
    db = sqlite3.connect(project.state / "department.db")
    (old,) = db.execute("PRAGMA user_version").fetchone()
    db.execute(f"PRAGMA user_version = {number}")
    db.close()
    return int(old)


def test_the_database_is_damaged(tmp_path: Path, victims: Victims) -> None:
    project = in_the_middle(tmp_path, victims)
    Ledger.open(project.state).close()
    frozen = project.frozen()
    for name in ("department.db-wal", "department.db-shm"):
        (project.state / name).unlink(missing_ok=True)
    (project.state / "department.db").write_bytes(b"this is no database" * 4096)
    is_refused(victims, project, "ME704")
    assert me(victims, project, "dag", "status").code == 3
    told = me(victims, project, "ledger", "rebuild")
    assert told.code == 0, told
    is_readable(victims, project)
    goes_on(victims, project, frozen)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount(["-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)])
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def mount(words: list[str]) -> None:
    try:
        done = subprocess.run(["mount", *words], check=False, capture_output=True, text=True)
    except FileNotFoundError:
        pytest.skip("there is no `mount`")
    if done.returncode:
        pytest.skip(f"cannot mount: {done.stderr.strip()}")


def test_the_disk_is_read_only(small_disk: Path, victims: Victims) -> None:
    project = in_the_middle(small_disk, victims)
    frozen = project.frozen()
    mount(["-o", "remount,ro", str(small_disk)])
    is_refused(victims, project, "ME706")
    is_readable(victims, project)
    mount(["-o", "remount,rw", str(small_disk)])
    goes_on(victims, project, frozen)


FILLED = f"""\
name: filled
tasks:
  first:
    run: |
      {LOG}
      echo one
  fills:
    needs: [first]
    run: |
      {LOG}
      test -e filled && exit 0
      touch filled
      cat /dev/zero > filler || true
      head -c 300000 /dev/zero | tr '\\000' 'x'
  last:
    needs: [fills]
    run: |
      {LOG}
"""


def test_the_disk_runs_full(small_disk: Path, victims: Victims) -> None:
    project = Project(small_disk / "project", FILLED)
    told = me(victims, project, "dag", "run", "graph.yaml")
    assert told.code == 3, told
    assert "error[ME705]" in told.err
    project.check_processes()
    is_readable(victims, project)
    assert me(victims, project, "dag", "resume").code == 3
    (project.root / "filler").unlink()
    goes_on(victims, project, project.frozen())


def test_a_limit_on_the_size_of_files_is_reached(tmp_path: Path, victims: Victims) -> None:
    tasks = "".join(
        f"  n{number}:\n    needs: [{f'n{number - 1}' if number else 'first'}]\n"
        f"    run: |\n      {LOG}\n      head -c 1500 /dev/zero | tr '\\000' 'x'\n"
        for number in range(60)
    )
    text = f"name: growing\ntasks:\n  first:\n    run: |\n      {LOG}\n{tasks}"
    project = Project(tmp_path / "project", text)
    told = victims.start(["dag", "run", "graph.yaml"], cwd=project.root, largest_file=600_000).wait()
    assert told.code == 3, told
    assert "error[ME705]" in told.err
    assert "Traceback" not in told.said
    frozen = project.frozen()
    assert 1 < len(frozen) < 61
    is_readable(victims, project)
    goes_on(victims, project, frozen)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_the_folder_belongs_to_nobody_who_may_write(tmp_path: Path, victims: Victims) -> None:
    project = in_the_middle(tmp_path, victims)
    frozen = project.frozen()
    paths = [project.state, *project.state.iterdir()]
    modes = {path: path.stat().st_mode for path in paths}
    for path in reversed(paths):
        path.chmod(0o500 if path.is_dir() else 0o400)
    is_refused(victims, project, "ME706")
    is_readable(victims, project)
    for path in paths:
        path.chmod(modes[path])
    goes_on(victims, project, frozen)


def test_a_blob_that_is_needed_is_gone(tmp_path: Path, victims: Victims) -> None:
    project = in_the_middle(tmp_path, victims)
    graph = next(path for path in (project.state / "blobs").iterdir() if path.is_file())
    aside = graph.rename(project.root / "aside")
    told = me(victims, project, "dag", "resume")
    assert told.code == 3, told
    assert "error[ME708]" in told.err
    assert api.list_dag_runs(cwd=project.root)
    aside.rename(graph)
    goes_on(victims, project, project.frozen())
