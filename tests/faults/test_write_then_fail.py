"""The Ledger fails right before and right after every commit, in this process: nothing is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.faults import FAULT_POINTS
from metaensemble.schemas.errors import LedgerUnreadable
from support.scenarios import ENDS, IN_GROWTH, IN_WORKTREES, STORM, Project, growing

PLACES = (
    *(name for name in FAULT_POINTS if name not in (*IN_GROWTH, *IN_WORKTREES)),
    "ledger.before_commit",
    "ledger.after_commit",
    "blob.before_write",
    "blob.after_rename",
)


def failing_at(place: str, nth: int) -> Callable[[str], None]:
    left = nth

    def fault(passed: str) -> None:
        nonlocal left
        if passed == place:
            left -= 1
            if left == 0:
                raise LedgerUnreadable(f"failed at {place}")

    return fault


def fail_at(place: str, nth: int, project: Project, *, anew: bool = False) -> bool:
    """Run or resume with a Ledger that fails; whether it did."""
    words = ["run"] if anew else project.words()
    surroundings = {"faults": failing_at(place, nth)}
    with contextlib.suppress(LedgerUnreadable):
        if words[0] == "run":
            api.run(project.graph, surroundings=surroundings)
        else:
            api.resume(words[1], cwd=project.root, surroundings=surroundings)
        return False
    return True


@pytest.mark.parametrize("place", PLACES)
def test_a_failure_costs_what_was_running_and_no_more(place: str, tmp_path: Path) -> None:
    project = Project(tmp_path / "project", STORM)
    if place.startswith("lost."):
        assert fail_at("attempt.after_start", 2, project)
    elif place.startswith("reopen."):
        assert not fail_at("nowhere", 1, project)
    for nth in (1, 2):
        frozen = project.frozen()
        failed = fail_at(place, nth, project)
        assert failed or nth == 2
        if project.dag_run():
            project.check_executions(frozen)
        project.check_processes()
        project.mend()
    frozen = project.frozen()
    words = project.words()
    report = api.run(project.graph) if words[0] == "run" else api.resume(words[1], cwd=project.root)
    assert report.state == "ok"
    assert {node.id: node.state for node in report.nodes} == ENDS
    project.check_executions(frozen)
    project.check_ledger()


@pytest.mark.parametrize("place", IN_GROWTH)
def test_a_failure_while_the_graph_grows_costs_what_was_running_and_no_more(
    place: str, tmp_path: Path
) -> None:
    project = growing(tmp_path)
    if place.startswith("reuse."):
        project.go_on()
        assert fail_at(place, 1, project, anew=True)
    else:
        failed = fail_at(place, 1, project)
        while not failed and project.answer():
            failed = fail_at(place, 1, project)
        assert failed, "the run never came there"
    project.check_processes()
    frozen = project.frozen()
    fail_at(place, 2, project)
    project.check_executions(frozen)
    frozen = project.frozen()
    project.go_on()
    project.check_executions(frozen)
    project.check_ledger()
