from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from metaensemble.engine.worktrees.git import GitError
from metaensemble.engine.worktrees.keeping import commit, discard, is_clean, remove, salvage
from metaensemble.engine.worktrees.worktree import SALVAGE, Place, Worktree, opened
from support.repositories import Repository

Make = Callable[..., Worktree]


def write(worktree: Worktree, name: str, text: str) -> Path:
    path = Path(worktree.path, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def git(worktree: Worktree, *args: str) -> str:
    """What a task does there, with a git of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    who = ("-c", "user.name=task", "-c", "user.email=task@here")
    done = subprocess.run(
        ["git", *who, *args], cwd=worktree.path, env=environ, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def files(repository: Repository, commit: str) -> list[str]:
    return repository.git("ls-tree", "-r", "-z", "--name-only", commit).rstrip("\0").split("\0")


def test_what_is_there_is_committed_but_for_what_is_ignored(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    odd = ("-x", "a b", "ü€", "new\nline", "*", ":(top)x", 'quo"te')
    for name in (*odd, "noise.log"):
        write(worktree, name, "text")
    Path(worktree.path, "notes.txt").unlink()
    Path(worktree.path, "outside").symlink_to("/etc/passwd")
    kept = commit(place, worktree, "work")
    assert sorted(files(repository, kept.commit)) == sorted([".gitignore", "outside", *odd])
    assert repository.git("cat-file", "-p", f"{kept.commit}:outside") == "/etc/passwd"
    assert repository.git("rev-parse", worktree.branch) == kept.commit
    assert repository.git("rev-parse", f"{kept.commit}^") == worktree.base == repository.head
    assert is_clean(place, worktree)
    assert repository.changed() == ""


def test_nothing_done_is_no_commit(place: Place, make: Make) -> None:
    worktree = make()
    assert commit(place, worktree, "work").commit == worktree.base


def test_a_promised_file_is_committed_also_when_git_ignores_it(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    named = write(worktree, "out/*.log", "report")
    write(worktree, "out/other.log", "noise")
    kept = commit(place, worktree, "work", [str(named), str(named.with_name("missing.log"))])
    assert files(repository, kept.commit) == [".gitignore", "notes.txt", "out/*.log"]


def without_pointer(worktree: Worktree) -> None:
    Path(worktree.path, ".git").unlink()


def with_false_pointer(worktree: Worktree) -> None:
    around = Path(worktree.path).parents[2] / ".git"
    Path(worktree.path, ".git").write_text(f"gitdir: {around}\n")


def with_own_repository(worktree: Worktree) -> None:
    without_pointer(worktree)
    git(worktree, "init", "-q", ".")


@pytest.mark.parametrize("done", [without_pointer, with_false_pointer, with_own_repository])
def test_no_task_leads_git_into_the_repository_around_its_worktree(
    done: Callable[[Worktree], None], repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    write(worktree, "new.txt", "new")
    repository.write("mine.txt", "not to be committed")
    head = repository.head
    done(worktree)
    kept = commit(place, worktree, "work")
    assert files(repository, kept.commit) == [".gitignore", "new.txt", "notes.txt"]
    assert (repository.head, repository.changed()) == (head, "?? mine.txt")
    assert remove(place, worktree, [worktree.ref])
    assert not Path(worktree.path).exists()


def test_no_branch_but_its_own_moves(repository: Repository, place: Place, make: Make) -> None:
    repository.git("branch", "theirs")
    worktree = make()
    git(worktree, "checkout", "-q", "theirs")
    write(worktree, "new.txt", "new")
    head = repository.head
    kept = commit(place, worktree, "work")
    assert repository.git("rev-parse", "theirs") == head
    assert repository.git("rev-parse", worktree.branch) == kept.commit
    assert remove(place, worktree, [worktree.ref])


def test_commits_of_the_task_itself_are_kept(repository: Repository, place: Place, make: Make) -> None:
    worktree = make()
    write(worktree, "one.txt", "1")
    git(worktree, "add", "-A")
    git(worktree, "commit", "-qm", "by the task")
    write(worktree, "two.txt", "2")
    kept = commit(place, worktree, "work")
    assert repository.git("log", "--format=%s", f"{worktree.base}..{kept.commit}").split("\n") == [
        "work",
        "by the task",
    ]


def test_what_the_task_threw_away_of_its_branch_is_salvaged(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    write(worktree, "one.txt", "1")
    git(worktree, "add", "-A")
    git(worktree, "commit", "-qm", "by the task")
    thrown = git(worktree, "rev-parse", "HEAD")
    git(worktree, "checkout", "-q", "--detach", worktree.base)
    write(worktree, "two.txt", "2")
    kept = commit(place, worktree, "work")
    assert files(repository, kept.commit) == [".gitignore", "notes.txt", "two.txt"]
    assert repository.git("rev-parse", f"{SALVAGE}/run-1") == thrown


def test_a_merge_that_the_task_left_open_is_committed_as_it_stands(
    repository: Repository, place: Place, make: Make
) -> None:
    repository.git("checkout", "-q", "-b", "side")
    repository.write("notes.txt", "theirs\n")
    repository.commit("side")
    repository.git("checkout", "-q", "main")
    worktree = make()
    write(worktree, "notes.txt", "ours\n")
    git(worktree, "commit", "-qam", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(worktree, "merge", "side")
    kept = commit(place, worktree, "work")
    assert "<<<<<<<" in repository.git("show", f"{kept.commit}:notes.txt")
    assert remove(place, worktree, [worktree.ref])


def test_a_lock_of_a_git_that_was_killed_is_no_hindrance(place: Place, make: Make) -> None:
    worktree = make()
    write(worktree, "new.txt", "new")
    Path(worktree.gitdir, "index.lock").touch()
    assert commit(place, worktree, "work").commit != worktree.base


def test_a_repository_within_is_refused_and_a_submodule_is_not(
    repository: Repository, place: Place, make: Make, tmp_path: Path
) -> None:
    other = Repository(tmp_path / "other")
    worktree = make()
    git(worktree, "clone", "-q", str(other.folder), "vendor/other")
    with pytest.raises(GitError, match="`vendor/other` is a repository of its own"):
        commit(place, worktree, "work")
    git(worktree, "reset", "-q")
    subprocess.run(["rm", "-rf", f"{worktree.path}/vendor"], check=True)
    git(worktree, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.folder), "sub")
    kept = commit(place, worktree, "work")
    assert kept.within == ("sub",)
    assert files(repository, kept.commit) == [".gitignore", ".gitmodules", "notes.txt", "sub"]


def test_whatever_the_user_configured_git_commits(
    repository: Repository, place: Place, make: Make, tmp_path: Path
) -> None:
    hooks = repository.folder / ".git" / "hooks"
    for name in ("pre-commit", "commit-msg", "post-checkout", "reference-transaction"):
        hook = hooks / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{tmp_path}/hooked'\nexit 1\n")
        hook.chmod(0o755)
    configured = {
        "commit.gpgSign": "true",
        "gpg.program": "/bin/false",
        "core.autocrlf": "true",
        "core.safecrlf": "true",
        "core.fsmonitor": "/bin/false",
        "user.useConfigOnly": "true",
        "status.showUntrackedFiles": "no",
        "worktree.guessRemote": "true",
    }
    for name, value in configured.items():
        repository.git("config", name, value)
    for name in ("user.name", "user.email"):
        repository.git("config", "--unset", name)
    home = tmp_path / "home"
    home.mkdir()
    place = replace(place, environ={**place.environ, "HOME": str(home), "GIT_DIR": "/nowhere"})
    worktree = make()
    Path(worktree.path, "new.txt").write_bytes(b"one\ntwo\r\n")
    kept = commit(place, worktree, "work")
    assert repository.git("show", "-s", "--format=%an <%ae>", kept.commit) == (
        "metaensemble <metaensemble@localhost>"
    )
    assert remove(place, worktree, [worktree.ref])
    assert not (tmp_path / "hooked").exists()


def test_a_worktree_stays_while_something_in_it_would_be_lost(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    path = write(worktree, "new.txt", "new")
    assert not remove(place, worktree, [worktree.ref]), "untracked"
    kept = commit(place, worktree, "work")
    assert not remove(place, worktree, ["refs/heads/main"]), "on no ref that is kept"
    path.write_text("changed")
    assert not remove(place, worktree, [worktree.ref]), "changed"
    assert path.read_text() == "changed"
    path.write_text("new")
    assert remove(place, worktree, [worktree.ref])
    assert repository.git("rev-parse", worktree.branch) == kept.commit
    assert repository.git("worktree", "list").count("\n") == 0


def test_folders_without_the_right_to_write_go_as_well(place: Place, make: Make) -> None:
    worktree = make()
    folder = write(worktree, "cache/deep/x.log", "x").parent
    folder.chmod(0o500)
    folder.parent.chmod(0o500)
    discard(place, worktree.run_id)
    assert not list(Path(worktree.path).parent.glob("*run-1*"))


def test_salvage_keeps_the_work_and_takes_all_else_away(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    write(worktree, "half.txt", "half")
    assert salvage(place, "run-1") == f"{SALVAGE}/run-1"
    assert salvage(place, "run-1") == f"{SALVAGE}/run-1", "it can be done again"
    assert repository.git("show", f"{SALVAGE}/run-1:half.txt") == "half"
    assert (repository.branches, repository.worktrees) == ([], [])
    make("run-2")
    assert salvage(place, "run-2") is None
    assert salvage(place, "never-there") is None
    assert (repository.branches, repository.worktrees) == ([], [])


def test_what_git_does_not_know_any_more_is_left_alone(
    repository: Repository, place: Place, make: Make
) -> None:
    worktree = make()
    path = write(worktree, "half.txt", "half")
    subprocess.run(["rm", "-rf", worktree.gitdir], check=True)
    assert opened(place, "run-1") is None
    with pytest.raises(GitError, match="git knows nothing of it"):
        salvage(place, "run-1")
    assert path.read_text() == "half"


def test_worktrees_of_the_user_are_let_be(
    repository: Repository, place: Place, make: Make, tmp_path: Path
) -> None:
    theirs = tmp_path / "on a stick"
    repository.git("worktree", "add", "-q", "-b", "theirs", str(theirs))
    theirs.rename(tmp_path / "not plugged in")
    worktree = make()
    assert remove(place, worktree, [worktree.ref])
    assert f"worktree {theirs}" in repository.git("worktree", "list", "--porcelain")
