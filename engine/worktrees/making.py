"""Worktrees made: from a commit, one after the other, and filled beside one another."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ...schemas.errors import LedgerLocked
from ..ledger.files import locked, make_unshared
from .git import Git, GitError
from .keeping import discard, sweep
from .merging import Side, merged
from .worktree import FOLDER, Place, Worktree, write_note

BASE: Final = "Base: "
"""Begins the line in which a commit of ours says where its worktree began."""

_LOCK: Final = "worktrees.lock"
_PATIENCE_MS: Final = 120_000


def head_of(place: Place) -> str:
    """The commit that is checked out in the project. Raises `GitError`."""
    return place.git.said("rev-parse", "--verify", "HEAD^{commit}")


def create(
    place: Place,
    run_id: str,
    branch: str,
    bases: Sequence[Side],
    *,
    otherwise: Callable[[], str],
    stopped: Callable[[], bool] = lambda: False,
) -> Worktree:
    """The worktree of an attempt, without its files yet; see `fill`.

    It begins at the merge of `bases`, in their order, or at the commit `otherwise()` without any. Raises
    `MergeConflict`, `GitError` and `Stopped`. Worktrees of one project are made one after the other.
    """
    git = Git(place.project, place.environ, stopped=stopped)
    make_unshared(place.folder / FOLDER)
    path = place.tree(run_id)
    try:
        with locked(place.folder / "state" / _LOCK, wait_ms=_PATIENCE_MS, rng=random.random):
            sweep(place)
            discard(place, run_id)
            base = merged(git, bases) if bases else otherwise()
            _add(git, path, base, "-B", branch)
            return _made(place, run_id, branch, base)
    except LedgerLocked as problem:
        raise GitError(problem.message) from None


def fill(place: Place, worktree: Worktree, stopped: Callable[[], bool] = lambda: False) -> None:
    """Check the files of a worktree out. Raises `GitError` and `Stopped`."""
    git = Git(worktree.path, place.environ, stopped=stopped).inside(worktree.path, worktree.gitdir)
    git.said("reset", "--quiet", "--hard", "--no-recurse-submodules")
    # What git does not know is not there: a project none of whose files is committed has no folder.
    Path(worktree.project).mkdir(parents=True, exist_ok=True)
    write_note(worktree)


def again(place: Place, run_id: str, branch: str) -> Worktree | None:
    """The worktree of an attempt whose work was committed and whose worktree is gone, made anew from its
    branch; None when there is no such branch."""
    git = place.git
    try:
        tip = git.commit_of(f"refs/heads/{branch}")
        if tip is None:
            return None
        message = git.said("show", "--no-patch", "--format=%B", tip)
        lines = [line.removeprefix(BASE) for line in message.splitlines() if line.startswith(BASE)]
        with locked(place.folder / "state" / _LOCK, wait_ms=_PATIENCE_MS, rng=random.random):
            discard(place, run_id)
            _add(git, place.tree(run_id), branch)
            worktree = _made(place, run_id, branch, lines[-1] if lines else tip)
        fill(place, worktree)
    except (GitError, OSError, LedgerLocked):
        return None
    return worktree


def _add(git: Git, path: Path, start: str, *how: str) -> None:
    git.said("worktree", "add", "--quiet", "--no-track", "--no-checkout", *how, str(path), start)


def _made(place: Place, run_id: str, branch: str, base: str) -> Worktree:
    path = str(place.tree(run_id))
    # Nobody but git has been there yet, so what is found there is the truth.
    gitdir = Git(path, place.environ).said("rev-parse", "--absolute-git-dir")
    return Worktree(
        run_id=run_id, path=path, branch=branch, base=base, project=place.inner(path), gitdir=gitdir
    )
