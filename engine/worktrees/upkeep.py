"""What DAG runs left in git: looked at, taken over, put away, and brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .git import Git, GitError
from .merging import MergeConflict, Side, apart, merged
from .worktree import BRANCHES, FOLDER, SALVAGE, Worktree, commit, is_clean, opened, remove

Kind = Literal["worktree", "branch", "salvage"]

_HEADS: Final = f"refs/heads/{BRANCHES}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that was left: a worktree with its branch, a branch alone, or what was salvaged. `name` is
    how it is called on the command line, `run_id` the attempt of a worktree. `clean`: nothing in the worktree
    is uncommitted."""

    kind: Kind
    name: str
    commit: str
    branch: str | None = None
    path: str | None = None
    run_id: str | None = None
    clean: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What became of one worktree: removed or kept, and why; `salvaged` is the ref that keeps its work."""

    path: str
    removed: bool
    why: str
    salvaged: str | None = None


def left(project: str, folder: Path, environ: Mapping[str, str]) -> list[Left]:
    """All that DAG runs left in the repository of the project. Raises `GitError`."""
    git = Git(project, environ)
    found: list[Left] = []
    held: set[str] = set()
    for path in sorted((folder / FOLDER).glob("*")):
        worktree = opened(project, folder, path.name, environ)
        if worktree is None:
            continue
        held.add(worktree.branch)
        found.append(
            Left(
                kind="worktree",
                name=worktree.branch,
                commit=worktree.base,
                branch=worktree.branch,
                path=str(path),
                run_id=path.name,
                clean=is_clean(str(path), environ),
            )
        )
    for name, head in _refs(git, _HEADS):
        branch = name.removeprefix("refs/heads/")
        if branch not in held:
            found.append(Left(kind="branch", name=branch, commit=head, branch=branch))
    found += [
        Left(kind="salvage", name=name.removeprefix(f"{SALVAGE}/"), commit=head)
        for name, head in _refs(git, f"{SALVAGE}/")
    ]
    return found


def _refs(git: Git, prefix: str) -> list[tuple[str, str]]:
    said = git.said("for-each-ref", "--format=%(refname) %(objectname)", prefix)
    return [(name, head) for name, _, head in (line.partition(" ") for line in said.splitlines())]


def sides_of(git: Git, name: str) -> list[Side]:
    """The branches that a name means: one of them, or all of a DAG run by the beginning of its id; those
    whose work is part of another one's left out."""
    exact = git.run("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", ok=(0, 1, 128))
    if exact[0] == 0 and not name.startswith("-"):
        return [Side(commit=exact[1], name=name)]
    found = [
        Side(commit=head, name=ref.removeprefix("refs/heads/"))
        for ref, head in _refs(git, _HEADS)
        if ref.removeprefix(_HEADS).startswith(name)
    ]
    return apart(git, found) if found else []


def apply(git: Git, sides: Sequence[Side]) -> tuple[str, str]:
    """Bring the work of all sides onto the present branch; what was done (`nothing`, `fast-forward` or
    `merge`) and the commit. Raises `MergeConflict`, with nothing changed, and `GitError`."""
    head = git.said("rev-parse", "--verify", "HEAD^{commit}")
    branch = git.said("rev-parse", "--abbrev-ref", "HEAD")
    target = merged(git, [Side(commit=head, name=branch), *sides])
    if target == head:
        return "nothing", head
    git.as_somebody().said("merge", "--quiet", "--ff-only", "--no-verify", target)
    return ("fast-forward" if target in {side.commit for side in sides} else "merge"), target


def clean(
    project: str, folder: Path, environ: Mapping[str, str], *, running: Sequence[str], ok: Sequence[str]
) -> list[Cleaned]:
    """Remove the worktrees in which nothing can be lost any more.

    Those of `running` attempts stay. Work of attempts that are not `ok` is kept under a ref of its own.
    """
    git = Git(project, environ)
    there = [one for one in left(project, folder, environ) if one.kind == "worktree"]
    found = [_clean(git, one, environ, running=running, ok=ok) for one in there]
    git.said("worktree", "prune")
    return found


def _clean(
    git: Git, one: Left, environ: Mapping[str, str], *, running: Sequence[str], ok: Sequence[str]
) -> Cleaned:
    path, run_id = str(one.path), str(one.run_id)
    if run_id in running:
        return Cleaned(
            path=path, removed=False, why="its attempt is at work, or was lost and not given up yet"
        )
    worktree = Worktree(path=path, branch=str(one.branch), base=one.commit, project=path)
    salvaged = None
    try:
        if run_id not in ok:
            head = commit(worktree, f"Salvaged from the worktree of Run {run_id}", environ)
            salvaged = f"{SALVAGE}/{run_id}"
            git.said("update-ref", salvaged, head)
        if not remove(git.folder, worktree, environ):
            return Cleaned(
                path=path, removed=False, why="something in it is not committed", salvaged=salvaged
            )
    except GitError as problem:
        return Cleaned(path=path, removed=False, why=str(problem), salvaged=salvaged)
    why = "its work is kept as salvage" if salvaged else "its work is on its branch"
    return Cleaned(path=path, removed=True, why=why, salvaged=salvaged)


def restore(git: Git, name: str) -> str | None:
    """Bring what was salvaged of a Run back as a branch; its name, None where there is no such thing."""
    for ref, head in _refs(git, f"{SALVAGE}/"):
        run_id = ref.removeprefix(f"{SALVAGE}/")
        if run_id.startswith(name):
            branch = f"{BRANCHES}/salvage/{run_id}"
            git.said("branch", "--force", branch, head)
            return branch
    return None


__all__ = [
    "Cleaned", "GitError", "Left", "MergeConflict", "apply", "clean", "left", "restore", "sides_of",
]  # fmt: skip
