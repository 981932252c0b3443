"""One worktree: where it lies, what is known of it, and how it is found again."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .git import Git, GitError

FOLDER: Final = "worktrees"
"""Below the project's `.metaensemble`."""

BRANCHES: Final = "metaensemble"
SALVAGE: Final = "refs/metaensemble/salvage"
"""Where the work of attempts that did not end well is kept once their worktree is gone."""

NOTE: Final = "metaensemble.json"
"""What is known of a worktree, kept where git keeps what it knows of it: the two go together. It is written
once the files are there, so one without it was never worked in."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project whose attempts work in worktrees: its root, its `.metaensemble`, and what git inherits."""

    project: str
    folder: Path
    environ: Mapping[str, str]

    @property
    def git(self) -> Git:
        """Git, in the project."""
        return Git(self.project, self.environ)

    def tree(self, run_id: str) -> Path:
        """Where the worktree of an attempt lies."""
        return self.folder / FOLDER / run_id

    def inner(self, path: str) -> str:
        """Where the project's root lies in a worktree at `path`. Raises `GitError`."""
        top = os.path.realpath(self.git.said("rev-parse", "--show-toplevel"))
        inside = os.path.relpath(os.path.realpath(self.project), top)
        return os.path.normpath(os.path.join(path, inside))

    def gitdir(self, run_id: str) -> Path | None:
        """Where git keeps what it knows of the worktree of an attempt; None when it knows of none."""
        common = self.git.said("rev-parse", "--path-format=absolute", "--git-common-dir")
        found = sorted(Path(common, "worktrees").glob(f"{run_id}*"))
        return next((path for path in found if _note(path)), found[0] if found else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """The worktree of the attempt `run_id` at `path`, for `branch`, begun at the commit `base`.

    `project` is the project's root in it, `gitdir` where git keeps what it knows of it.
    """

    run_id: str
    path: str
    branch: str
    base: str
    project: str
    gitdir: str

    @property
    def ref(self) -> str:
        """The branch, as git calls it in full."""
        return f"refs/heads/{self.branch}"

    def git(self, environ: Mapping[str, str]) -> Git:
        """Git, in the worktree and nowhere else."""
        return Git(self.path, environ).inside(self.path, self.gitdir)


def branch_name(dag_run_id: str, node_id: str, run_id: str) -> str:
    """The branch of an attempt: by its DAG run and node, made safe for git, and told apart by the Run."""
    node = _UNSAFE.sub("-", node_id).strip("-")[:60].strip("-") or "node"
    return f"{BRANCHES}/{dag_run_id}/{node}{mark_of(run_id)}"


def mark_of(run_id: str) -> str:
    """What the branch of an attempt ends with, and no other one does."""
    return f"-{run_id.replace('-', '')[-12:]}"


def write_note(worktree: Worktree) -> None:
    """Write down what is known of the worktree: it can be worked in from now on."""
    path = Path(worktree.gitdir, NOTE)
    text = {"run_id": worktree.run_id, "branch": worktree.branch, "base": worktree.base}
    new = path.with_suffix(".new")
    new.write_text(json.dumps(text))
    new.replace(path)


def opened(place: Place, run_id: str) -> Worktree | None:
    """The worktree of an attempt, if one is there that can have been worked in."""
    path = place.tree(run_id)
    if not path.is_dir():
        return None
    try:
        gitdir = place.gitdir(run_id)
        if gitdir is None:
            return None
        note = _note(gitdir)
        return Worktree(
            run_id=run_id,
            path=str(path),
            branch=note["branch"],
            base=note["base"],
            project=place.inner(str(path)),
            gitdir=str(gitdir),
        )
    except (GitError, OSError, KeyError):
        return None


def _note(gitdir: Path) -> dict[str, Any]:
    try:
        found = json.loads((gitdir / NOTE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
