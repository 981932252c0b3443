"""One worktree: made from a commit, committed, and removed only when nothing in it can be lost."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..ledger.files import locked, make_private
from .git import Git, GitError
from .merging import Side, merged

FOLDER: Final = "worktrees"
"""Below the project's `.metaensemble`."""

BRANCHES: Final = "metaensemble"
SALVAGE: Final = "refs/metaensemble/salvage"
"""Where the work of attempts that did not end well is kept once their worktree is gone."""

_LOCK: Final = "worktrees.lock"
_PATIENCE_MS: Final = 60_000
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """A worktree at `path`, on `branch`, begun at the commit `base`.

    `project` is the project's root in it.
    """

    path: str
    branch: str
    base: str
    project: str


def branch_name(dag_run_id: str, node_id: str, run_id: str) -> str:
    """The branch of an attempt: by its DAG run and node, made safe for git, and told apart by the Run."""
    node = _UNSAFE.sub("-", node_id).strip("-")[:60] or "node"
    return f"{BRANCHES}/{dag_run_id}/{node}-{run_id.replace('-', '')[-8:]}"


def create(
    project: str,
    folder: Path,
    run_id: str,
    branch: str,
    bases: Sequence[Side],
    environ: Mapping[str, str],
) -> Worktree:
    """Make the worktree of an attempt below `folder`, the project's `.metaensemble`.

    It begins at the merge of `bases`, in their order, or at the project's present commit without any. Raises
    `MergeConflict` and `GitError`. Worktrees of one project are made one after the other.
    """
    git = Git(project, environ)
    make_private(folder / FOLDER)
    path = folder / FOLDER / run_id
    with locked(folder / "state" / _LOCK, wait_ms=_PATIENCE_MS, rng=random.random):
        top = git.said("rev-parse", "--show-toplevel")
        base = merged(git, bases) if bases else git.said("rev-parse", "--verify", "HEAD^{commit}")
        if path.exists():
            _remove(git, path)
        with suppress(GitError):
            git.said("worktree", "prune")
        git.said("worktree", "add", "--quiet", "--no-track", "-B", branch, str(path), base)
    inside = os.path.relpath(os.path.realpath(project), os.path.realpath(top))
    return Worktree(
        path=str(path), branch=branch, base=base, project=os.path.normpath(os.path.join(path, inside))
    )


def opened(project: str, folder: Path, run_id: str, environ: Mapping[str, str]) -> Worktree | None:
    """The worktree of an attempt that was made before; None when there is none."""
    path = folder / FOLDER / run_id
    git = Git(path, environ)
    try:
        top = git.said("rev-parse", "--show-toplevel")
        if os.path.realpath(top) != os.path.realpath(path):
            return None
        branch = git.said("rev-parse", "--abbrev-ref", "HEAD")
        outer = Git(project, environ).said("rev-parse", "--show-toplevel")
        base = git.said("rev-parse", "HEAD")
    except (GitError, OSError):
        return None
    inside = os.path.relpath(os.path.realpath(project), os.path.realpath(outer))
    return Worktree(
        path=str(path), branch=branch, base=base, project=os.path.normpath(os.path.join(path, inside))
    )


def commit(worktree: Worktree, message: str, environ: Mapping[str, str]) -> str:
    """Commit what is there, what git ignores left out; the commit at which the branch stands then.

    Raises `GitError`.
    """
    git = Git(worktree.path, environ).as_somebody()
    git.said("add", "--all")
    if not git.holds("diff", "--cached", "--quiet"):
        git.said("commit", "--quiet", "--no-verify", "--message", message)
    return git.said("rev-parse", "HEAD")


def is_clean(path: str, environ: Mapping[str, str]) -> bool:
    """Whether nothing is in the worktree that is not committed, untracked files included."""
    return not Git(path, environ).said("status", "--porcelain", "--untracked-files=all")


def remove(project: str, worktree: Worktree, environ: Mapping[str, str]) -> bool:
    """Remove the worktree if nothing would be lost: it is clean, and its commit is on its branch. Whether it
    was removed. The branch stays."""
    git = Git(project, environ)
    try:
        head = git.at(worktree.path).said("rev-parse", "HEAD")
        if not is_clean(worktree.path, environ):
            return False
        if not git.holds("merge-base", "--is-ancestor", head, f"refs/heads/{worktree.branch}"):
            return False
        _remove(git, Path(worktree.path))
    except GitError:
        return False
    return True


def _remove(git: Git, path: Path) -> None:
    with suppress(GitError):
        git.said("worktree", "remove", "--force", str(path))
    shutil.rmtree(path, ignore_errors=True)
    git.said("worktree", "prune")
