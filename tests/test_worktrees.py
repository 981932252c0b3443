"""Attempts in worktrees, from `me dag run` to `me worktrees apply`, with a real git."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors, UnknownWork, WorkDoesNotFit
from support.repositories import Repository

Run = Callable[..., Any]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    found = Repository(tmp_path / "pro ject")
    monkeypatch.chdir(found.folder)
    return found


def run(repository: Repository, tasks: str, **more: Any) -> Any:
    lines = "\n".join(f"  {line}" for line in tasks.strip().splitlines())
    (repository.folder / "g.yaml").write_text(f"version: 1\nname: g\ntasks:\n{lines}\n")
    return api.run(repository.folder / "g.yaml", **more)


TOP = "top: {run: sed -i s/a/A/ notes.txt, isolation: worktree}"
BOTTOM = "bottom: {run: sed -i s/g/G/ notes.txt, isolation: worktree}"


def test_the_users_files_stay_as_they_are_until_the_work_is_applied(repository: Repository) -> None:
    before = repository.head
    same = "same: {run: cat notes.txt, isolation: worktree}"
    report = run(
        repository,
        f"{TOP}\n{BOTTOM}\n{same}\nplain: {{run: cat notes.txt, needs: [top], output: {{as: lines}}}}",
    )
    assert report.state == "ok"
    assert sorted(report.branches) == ["bottom", "top"], (
        "of one that changed nothing there is nothing to tell"
    )
    assert set(report.branches.values()) <= set(repository.branches)
    assert repository.read("notes.txt") == "a\nb\nc\nd\ne\nf\ng\n"
    assert (repository.head, repository.worktrees) == (before, [])
    assert len(repository.branches) == 3
    applied = api.apply_worktrees(report.dag_run_id)
    assert applied.how == "merge"
    assert repository.read("notes.txt") == "A\nb\nc\nd\ne\nf\nG\n"
    assert api.apply_worktrees(report.dag_run_id).how == "nothing"


def test_a_worktree_begins_with_the_work_of_what_it_needs(repository: Repository) -> None:
    both = "both: {run: cat notes.txt new.txt, needs: [top, new], isolation: worktree, output: {as: lines}}"
    new = "new: {run: echo hello > new.txt, isolation: worktree}"
    report = run(repository, f"{TOP}\n{new}\n{both}")
    output = next(
        node.output for node in api.status(report.dag_run_id, outputs=True).nodes if node.id == "both"
    )
    assert output == [*"Abcdefg", "hello"]
    assert api.apply_worktrees(report.dag_run_id).how == "fast-forward"


def test_sides_that_do_not_fit_fail_the_node_that_needs_both(repository: Repository) -> None:
    other = "other: {run: sed -i s/a/B/ notes.txt, isolation: worktree}"
    both = "both: {run: cat notes.txt, needs: [top, other], isolation: worktree}"
    report = run(repository, f"{TOP}\n{other}\n{both}")
    node = next(node for node in report.nodes if node.id == "both")
    assert node.state == "failed"
    assert "`top` and `other` both changed `notes.txt`" in node.reason
    assert len(repository.branches) == 2, "what both did is still there"
    with pytest.raises(WorkDoesNotFit, match=r"notes\.txt"):
        api.apply_worktrees(report.dag_run_id)
    assert repository.changed() == "?? g.yaml"


def test_setup_prepares_and_checks_look_in_the_worktree(repository: Repository) -> None:
    repository.write(".gitignore", "venv/\n")
    repository.commit()
    task = "use: {run: cat venv/made > seen.txt, setup: mkdir venv && echo yes > venv/made, isolation: worktree, checks: [test -e seen.txt]}"
    report = run(repository, task)
    assert report.state == "ok"
    (branch,) = repository.branches
    assert repository.git("show", f"{branch}:seen.txt") == "yes"
    assert not (repository.folder / "venv").exists()


def test_a_setup_that_goes_wrong_fails_the_attempt(repository: Repository) -> None:
    report = run(
        repository, "use: {run: echo never > ran.txt, setup: echo no >&2; exit 3, isolation: worktree}"
    )
    assert report.state == "failed"
    assert "`setup` went wrong" in report.nodes[0].reason


def test_what_a_failed_attempt_did_is_kept_cleaned_and_brought_back(repository: Repository) -> None:
    report = run(repository, "half: {run: echo half > half.txt; exit 1, isolation: worktree}")
    (worktree,) = repository.worktrees
    assert (worktree / "half.txt").read_text() == "half\n"
    (one,) = api.clean_worktrees()
    run_id = report.nodes[0].attempts[0].run_id
    assert (one.removed, one.salvaged) == (True, f"refs/metaensemble/salvage/{run_id}")
    assert repository.worktrees == []
    branch = api.restore_worktree(run_id[:20])
    assert repository.git("show", f"{branch}:half.txt") == "half"
    assert {left.kind for left in api.list_worktrees()} >= {"salvage"}


def test_deliverables_of_a_worktree_are_kept(repository: Repository) -> None:
    task = "write: {run: mkdir -p out; echo '# Report' > out/r.md, isolation: worktree, deliverables: [{path: out/r.md}]}"
    report = run(repository, task)
    assert report.nodes[0].deliverable == "out/r.md"
    assert not (repository.folder / "out").exists()


def test_a_project_below_the_top_of_its_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = Repository(tmp_path / "top")
    inner = tmp_path / "top" / "inner"
    (inner / ".metaensemble").mkdir(parents=True)
    (inner / "x.txt").write_text("x\n")
    repository.commit()
    monkeypatch.chdir(inner)
    (inner / "g.yaml").write_text(
        "version: 1\nname: g\ntasks: {a: {run: echo y >> x.txt, isolation: worktree}}\n"
    )
    report = api.run(inner / "g.yaml")
    assert report.state == "ok"
    assert (inner / "x.txt").read_text() == "x\n"
    api.apply_worktrees(report.dag_run_id)
    assert (inner / "x.txt").read_text() == "x\ny\n"


def codes(caught: pytest.ExceptionInfo[InputErrors]) -> list[str]:
    return [error.code for error in caught.value.errors]


def test_what_is_no_repository_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "plain"
    (folder / ".metaensemble").mkdir(parents=True)
    monkeypatch.chdir(folder)
    (folder / "g.yaml").write_text(f"version: 1\nname: g\ntasks:\n  {TOP}\n")
    with pytest.raises(InputErrors) as caught:
        api.run(folder / "g.yaml")
    assert codes(caught) == ["ME590"]
    Repository(folder, empty=True)
    with pytest.raises(InputErrors) as caught:
        api.run(folder / "g.yaml")
    assert codes(caught) == ["ME590"]
    assert "has none yet" in caught.value.errors[0].message
    assert not (folder / ".metaensemble" / "state").exists()


def test_changes_that_are_not_committed_are_refused_and_untracked_files_are_not(
    repository: Repository,
) -> None:
    repository.write("other.txt", "untracked\n")
    assert run(repository, TOP).state == "ok"
    repository.write("notes.txt", "changed\n")
    with pytest.raises(InputErrors) as caught:
        run(repository, TOP)
    assert codes(caught) == ["ME591"]
    assert "`notes.txt`" in caught.value.errors[0].message
    assert repository.read("notes.txt") == "changed\n"


def test_apply_refuses_what_it_does_not_know_and_what_is_in_the_way(repository: Repository) -> None:
    report = run(repository, TOP)
    with pytest.raises(UnknownWork):
        api.apply_worktrees("nothing-of-this-name")
    repository.write("notes.txt", "mine\n")
    with pytest.raises(WorkDoesNotFit, match="not committed"):
        api.apply_worktrees(report.dag_run_id)
    assert repository.read("notes.txt") == "mine\n"


def test_the_record_of_a_run_names_its_branch_and_its_commit(repository: Repository) -> None:
    report = run(repository, TOP)
    lines = (repository.folder / ".metaensemble" / "state" / "runs.jsonl").read_text().splitlines()
    (end,) = [json.loads(line) for line in lines if json.loads(line)["kind"] == "attempt.finished"]
    left = end["payload"]["worktree"]
    assert left["branch"] == repository.branches[0]
    assert left["commit"] == repository.git("rev-parse", left["branch"])
    assert left["base"] == repository.head
    assert report.dag_run_id in left["branch"]
