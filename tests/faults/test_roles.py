"""Killed in the middle of putting a Role away, or of bringing it back: the same command makes it whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger, Record, people_queries
from metaensemble.engine.ledger.records import EXECUTOR_CREATED
from metaensemble.schemas.errors import InactiveRole
from metaensemble.tasks.roles import load_roles

KILLED = """
import os, signal, sys
from pathlib import Path
from metaensemble import _api_role_changes as changes
from metaensemble import api

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

command, place = sys.argv[1:]
if place == "ledger":
    changes.Ledger.append = die
elif place == "list":
    changes.write_private = die
else:
    Path.replace = die
getattr(api, command)("docs")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    project = tmp_path / "project"
    with Ledger.open(project / ".metaensemble" / "state") as ledger:
        payload = {"alias": "docs-1aa", "role_id": "docs", "role_version": "1.0.0"}
        ledger.append([Record(EXECUTOR_CREATED, "e1", None, payload)])
    return project


def killed(project: Path, command: str, place: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, command, place], cwd=project, check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL


def is_active(project: Path) -> bool:
    try:
        load_roles(project, home=None).find("docs")
    except InactiveRole:
        return False
    return True


def status(project: Path) -> str:
    with Ledger.open(project / ".metaensemble" / "state") as ledger:
        row = people_queries.executor_by_alias(ledger, "docs-1aa")
    assert row is not None
    return row.status


@pytest.mark.parametrize(("place", "active"), [("list", True), ("rename", True), ("ledger", False)])
def test_killed_while_it_is_put_away(project: Path, place: str, active: bool) -> None:
    killed(project, "archive_role", place)
    assert (is_active(project), status(project)) == (active, "idle")
    change = api.archive_role("docs", cwd=project)
    assert (change.changed, change.executors) == (True, 1)
    assert (is_active(project), status(project)) == (False, "retired")
    assert not api.archive_role("docs", cwd=project).changed


@pytest.mark.parametrize(("place", "then"), [("ledger", "retired"), ("list", "idle"), ("rename", "idle")])
def test_killed_while_it_is_brought_back(project: Path, place: str, then: str) -> None:
    api.archive_role("docs", cwd=project)
    killed(project, "restore_role", place)
    assert (is_active(project), status(project)) == (False, then), "nobody is given work half-way"
    assert api.restore_role("docs", cwd=project).changed
    assert (is_active(project), status(project)) == (True, "idle")
    assert not api.restore_role("docs", cwd=project).changed
