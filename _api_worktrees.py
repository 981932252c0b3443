"""Layer 3, part of `api`: what attempts did in worktrees of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._api_read import open_if_there, project_of
from .engine.ledger import queries
from .engine.project import MARK
from .engine.worktrees import upkeep
from .engine.worktrees.git import Git, GitError
from .engine.worktrees.merging import MergeConflict
from .schemas.errors import NoRepository, UnknownWork, WorkDoesNotFit

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .engine.worktrees.upkeep import Cleaned, Left


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was brought onto the present branch: how (`nothing`, `fast-forward`, `merge`), up to which commit,
    and out of which branches."""

    how: str
    commit: str
    branches: tuple[str, ...]


def list_worktrees(*, cwd: Path | None = None) -> list[Left]:
    """The worktrees, branches and salvaged work of the project's DAG runs; none where there is no repository
    that could hold any."""
    project = project_of(cwd)
    try:
        return upkeep.left(str(project), project / MARK, os.environ)
    except GitError:
        return []


def apply_worktrees(name: str, *, cwd: Path | None = None) -> Applied:
    """Bring the work of a DAG run, or of one branch, onto the present branch.

    Raises `UnknownWork` for a name that nothing has, and `WorkDoesNotFit`, with nothing changed, when the
    branches do not fit together or what is not committed is in the way.
    """
    project = project_of(cwd)
    git = Git(project, os.environ)
    try:
        sides = upkeep.sides_of(git, name)
        if not sides:
            hint = "`me worktrees list` shows what there is"
            raise UnknownWork(f"nothing is called `{name}`", hint=hint)
        if changed := git.said("status", "--porcelain", "--untracked-files=no"):
            path = changed.splitlines()[0][3:]
            raise WorkDoesNotFit(
                f"there are changes that are not committed, such as in `{path}`",
                hint="commit them, or put them aside by `git stash`; then apply",
            )
        how, commit = upkeep.apply(git, sides)
    except MergeConflict as conflict:
        raise WorkDoesNotFit(
            str(conflict), hint=f"merge by hand: git merge {conflict.second}; nothing was changed"
        ) from None
    except GitError as problem:
        raise WorkDoesNotFit(f"git refused: {problem}", hint="nothing was changed") from None
    return Applied(how=how, commit=commit, branches=tuple(side.name for side in sides))


def clean_worktrees(*, cwd: Path | None = None) -> list[Cleaned]:
    """Remove the worktrees in which nothing can be lost any more, and say why the others stay."""
    project = project_of(cwd)
    ledger = open_if_there(cwd)
    ok: list[str] = []
    running: list[str] = []
    if ledger is not None:
        with ledger:
            ok, running = _attempts(ledger, project / MARK)
    try:
        return upkeep.clean(str(project), project / MARK, os.environ, running=running, ok=ok)
    except GitError as problem:
        raise NoRepository(f"`{project}` is no git repository: {problem}") from None


def _attempts(ledger: Ledger, folder: Path) -> tuple[list[str], list[str]]:
    """The Runs with a worktree that ended ok, and those whose end is not on record."""
    ok, running = [], []
    for path in sorted((folder / "worktrees").glob("*")):
        run = queries.run_by_id(ledger, path.name)
        if run is None:
            running.append(path.name)
        elif run.outcome == "ok":
            ok.append(path.name)
    return ok, running


def restore_worktree(name: str, *, cwd: Path | None = None) -> str:
    """Bring what was salvaged of a Run back as a branch; the branch. Raises `UnknownWork`."""
    project = project_of(cwd)
    try:
        branch = upkeep.restore(Git(project, os.environ), name)
    except GitError as problem:
        raise NoRepository(f"`{project}` is no git repository: {problem}") from None
    if branch is None:
        raise UnknownWork(
            f"nothing was salvaged of a Run `{name}`", hint="`me worktrees list` shows what there is"
        )
    return branch
