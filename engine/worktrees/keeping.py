"""What was done in a worktree, kept: committed on its branch, or salvaged; and the worktree taken away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .git import Git, GitError
from .worktree import BRANCHES, FOLDER, SALVAGE, Place, Worktree, mark_of, opened

_TRASH: Final = ".gone-"
_REPOSITORY: Final = "160000"
"""The mode by which git lists a repository inside another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was done in a worktree is in `commit`, the branch's newest, but for what lies in the repositories
    `within`, submodules with commits of their own."""

    commit: str
    within: tuple[str, ...] = ()


def commit(place: Place, worktree: Worktree, message: str, named: Sequence[str] = ()) -> Kept:
    """Commit what is there onto the worktree's branch: all but what git ignores, and of that the files
    `named`, absolute paths.

    Wherever what was done there left its `HEAD`, nothing but the branch moves. What the branch had and the
    work lacks is salvaged. Raises `GitError`.
    """
    git = worktree.git(place.environ).as_somebody()
    # Whoever held it is gone.
    Path(worktree.gitdir, "index.lock").unlink(missing_ok=True)
    git.said("add", "--all", "--sparse")
    there = [os.path.relpath(path, worktree.path) for path in named if os.path.lexists(path)]
    if there:
        git.said("add", "--force", "--sparse", "--", *(f":(literal){path}" for path in there))
    head = git.commit_of("HEAD") or worktree.base
    tree = git.said("write-tree")
    within = _repositories(git, worktree, tree)
    if tree != git.said("rev-parse", f"{head}^{{tree}}"):
        head = git.said("commit-tree", tree, "-p", head, "-m", message)
    _move(git, worktree, head)
    return Kept(commit=head, within=within)


def _repositories(git: Git, worktree: Worktree, tree: str) -> tuple[str, ...]:
    """The submodules whose commit has changed. Raises `GitError` for a repository that is no submodule: git
    would note its commit, and none of its files."""
    said = git.said("diff-tree", "-r", "-z", "--no-renames", worktree.base, tree).split("\0")
    changed = [path for facts, path in zip(said[::2], said[1::2], strict=False) if facts[8:14] == _REPOSITORY]
    if not changed:
        return ()
    known: set[str] = set()
    if Path(worktree.path, ".gitmodules").is_file():
        keys = ("--get-regexp", r"^submodule\..*\.path$")
        found = git.run("config", "-z", "--file", ".gitmodules", *keys, ok=(0, 1))[1]
        known = {entry.partition("\n")[2] for entry in found.split("\0")}
    for path in changed:
        if path not in known:
            raise GitError(f"`{path}` is a repository of its own, and its files would be left out; ignore it")
    return tuple(changed)


def _move(git: Git, worktree: Worktree, head: str) -> None:
    """Make the branch stand at `head`, and the worktree on the branch."""
    tip = git.commit_of(worktree.ref)
    if tip is not None and not git.contains(head, tip):
        git.said("update-ref", f"{SALVAGE}/{worktree.run_id}", tip)
    git.said("update-ref", worktree.ref, head)
    git.said("symbolic-ref", "HEAD", worktree.ref)


def is_clean(place: Place, worktree: Worktree) -> bool:
    """Whether nothing is in the worktree that is not committed, untracked files included."""
    git = worktree.git(place.environ)
    return not git.said("status", "--porcelain", "--untracked-files=all", "--ignore-submodules=none")


def remove(place: Place, worktree: Worktree, refs: Sequence[str]) -> bool:
    """Take the worktree away if nothing is lost by that: it is clean, and its commit is part of one of
    `refs`. Whether it was."""
    try:
        git = worktree.git(place.environ)
        head = git.said("rev-parse", "--verify", "HEAD^{commit}")
        tips = [git.commit_of(ref) for ref in refs]
        held = any(tip is not None and git.contains(tip, head) for tip in tips)
        if not held or not is_clean(place, worktree):
            return False
        discard(place, worktree.run_id)
    except (GitError, OSError):
        return False
    return True


def salvage(place: Place, run_id: str) -> str | None:
    """Put away what an attempt that did not end well left: its work under a ref of its own, and its worktree
    and its branch taken away.

    The ref; None when nothing was done, or nothing is there. Raises `GitError`, with nothing taken away, when
    the work cannot be kept. It can be done again wherever it was interrupted.
    """
    worktree = opened(place, run_id)
    ref = f"{SALVAGE}/{run_id}"
    if worktree is None:
        withdraw(place, run_id)
        _salvage_branch(place.git, run_id, ref)
        return ref if place.git.commit_of(ref) else None
    kept = commit(place, worktree, f"Salvaged from the worktree of Run {run_id}")
    if kept.within:
        raise GitError(f"the submodule `{kept.within[0]}` has commits of its own")
    git = place.git
    if kept.commit != worktree.base:
        git.said("update-ref", ref, kept.commit)
    if not remove(place, worktree, [ref, worktree.base]):
        raise GitError("something in it is not committed")
    git.said("update-ref", "-d", worktree.ref, kept.commit)
    return ref if git.commit_of(ref) else None


def _salvage_branch(git: Git, run_id: str, kept: str) -> None:
    """Do the same with the branch of an attempt whose worktree is gone already."""
    for ref, tip in git.refs(f"refs/heads/{BRANCHES}/"):
        if ref.endswith(mark_of(run_id)):
            others = git.said("for-each-ref", "--format=%(refname)", f"--contains={tip}").splitlines()
            if not [name for name in others if name != ref]:
                git.said("update-ref", kept, tip)
            git.said("update-ref", "-d", ref, tip)


def withdraw(place: Place, run_id: str) -> None:
    """Take away a worktree that nobody has worked in yet, and its branch. Raises `GitError` for one that git
    does not know: whose files these are cannot be told."""
    gitdir = place.gitdir(run_id)
    if gitdir is None:
        if place.tree(run_id).exists():
            raise GitError("git knows nothing of it any more")
        return
    git = place.git
    begun = git.inside(git.folder, str(gitdir))
    status, ref = begun.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1, 128))
    tip = begun.commit_of("HEAD")
    discard(place, run_id)
    if status == 0 and tip is not None and ref.startswith(f"refs/heads/{BRANCHES}/"):
        git.said("update-ref", "-d", ref, tip)


def discard(place: Place, run_id: str) -> None:
    """Take the worktree of an attempt away, whatever is in it. It is gone from its place at once, so that one
    that was interrupted is never taken for one whose files were deleted by its attempt."""
    path = place.tree(run_id)
    gone = path.with_name(f"{_TRASH}{run_id}")
    with suppress(FileNotFoundError):
        _delete(gone)
        path.rename(gone)
    with suppress(GitError):
        place.git.run("worktree", "remove", "--force", "--force", str(path))
    _delete(gone)


def sweep(place: Place) -> None:
    """Delete what is left of worktrees whose taking away was interrupted."""
    for path in (place.folder / FOLDER).glob(f"{_TRASH}*"):
        _delete(path)


def _delete(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        # Some tools take the right to write from the folders of their caches.
        for folder, _, _ in os.walk(path):
            with suppress(OSError):
                Path(folder).chmod(0o700)
        shutil.rmtree(path, ignore_errors=True)
