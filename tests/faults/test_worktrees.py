"""kill -9 at every place of an attempt in a worktree: the repository is sane after it, and no work is lost."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from metaensemble import api
from support.repositories import Repository
from support.scenarios import IN_WORKTREES
from support.victims import Victims

TASK = """\
concurrency: {max: 1}
tasks:
  top:
    run: sed -i s/a/A/ notes.txt && echo new > new.txt
    isolation: worktree
  bottom:
    run: sed -i s/g/G/ notes.txt
    isolation: worktree
  both:
    run: cat notes.txt
    needs: [top, bottom]
    isolation: worktree
    output: {as: lines}
"""


DONE = ("worktree.after_remove", "worktree.before_commit", "worktree.after_commit")
"""Where the work is done. Once its worktree is gone, its branch is all there is, and is kept as it is, also when
nothing was changed."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    found = Repository(tmp_path / "project")
    (found.folder / ".metaensemble").mkdir()
    found.write("graph.yaml", f"version: 1\nname: g\n{TASK}")
    found.write(".gitignore", ".metaensemble\n")
    found.commit("graph")
    monkeypatch.chdir(found.folder)
    return found


def registered(repository: Repository) -> list[str]:
    """The worktrees that git knows besides the repository's own."""
    lines = repository.git("worktree", "list", "--porcelain").splitlines()
    return [line for line in lines if line.startswith("worktree ")][1:]


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("place", IN_WORKTREES)
def test_killed_at_a_place(place: str, nth: int, repository: Repository, victims: Victims) -> None:
    before = repository.head
    told = victims.start(["run", "graph.yaml"], cwd=repository.folder, place=place, nth=nth).wait()
    assert told.code == -signal.SIGKILL, told
    assert (repository.head, repository.changed()) == (before, "")
    report = api.resume(None)
    assert report.state == "ok", report.reason
    assert (repository.head, repository.changed()) == (before, "")
    assert registered(repository) == repository.worktrees == []
    assert not list((repository.folder / ".git").rglob("*.lock"))
    both = next(node for node in api.status(None, outputs=True).nodes if node.id == "both")
    assert both.output == ["A", "b", "c", "d", "e", "f", "G"]
    salvaged = [one for one in api.list_worktrees() if one.kind == "salvage"]
    did = place in DONE[: 3 if nth < 3 else 1]
    assert len(salvaged) == did
    if did and nth < 3:
        text = repository.git("show", f"{api.restore_worktree(salvaged[0].name)}:notes.txt")
        assert text == ("A\nb\nc\nd\ne\nf\ng" if nth == 1 else "a\nb\nc\nd\ne\nf\nG")
        (lost,) = [
            attempt for node in report.nodes for attempt in node.attempts if attempt.outcome == "interrupted"
        ]
        assert f"me worktrees restore {salvaged[0].name}" in lost.reason
    assert api.apply_worktrees(report.dag_run_id).how == "fast-forward"
    assert repository.read("notes.txt") == "A\nb\nc\nd\ne\nf\nG\n"
    assert repository.read("new.txt") == "new\n"
    api.clean_worktrees()
    kept = [name for name in repository.branches if "salvage" not in name]
    assert kept == []


def test_killed_while_the_command_works(repository: Repository, victims: Victims) -> None:
    repository.write(
        "graph.yaml",
        "version: 1\nname: g\ntasks:\n  work:\n    run: |\n      echo half > half.txt\n      test -e ../../go || sleep 600\n"
        "    isolation: worktree\n",
    )
    repository.commit("graph")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=repository.folder)
    victim.wait_until(lambda: any((tree / "half.txt").exists() for tree in repository.worktrees), "it works")
    (tree,) = repository.worktrees
    victim.kill()
    (tree.parent.parent / "go").touch()
    assert api.resume(None).state == "ok"
    (one,) = [one for one in api.list_worktrees() if one.kind == "salvage"]
    assert one.name == tree.name
    assert repository.git("show", f"{one.commit}:half.txt") == "half"
    assert (registered(repository), repository.worktrees) == ([], [])


def test_a_worktree_without_its_files_is_taken_away_and_nothing_is_salvaged(
    repository: Repository, victims: Victims
) -> None:
    place = "worktree.before_fill"
    told = victims.start(["run", "graph.yaml"], cwd=repository.folder, place=place).wait()
    assert told.code == -signal.SIGKILL
    (tree,) = repository.worktrees
    assert [path.name for path in tree.iterdir()] == [".git"]
    (one,) = [one for one in api.clean_worktrees() if one.kind == "worktree"]
    assert (one.removed, "me dag resume" in one.why) == (False, True)
    assert api.resume(None).state == "ok"
    assert not [one for one in api.list_worktrees() if one.kind == "salvage"]
    assert len(repository.branches) == 3
