"""Commits merged without a checkout, in a declared order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .git import Git, GitError

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A commit to be merged, and what people call it: the node that it came from."""

    commit: str
    name: str


class MergeConflict(Exception):
    """Two sides change the same lines. `paths` are relative to the repository's top."""

    def __init__(self, first: str, second: str, paths: Sequence[str]) -> None:
        shown = ", ".join(f"`{path}`" for path in paths[:_SHOWN])
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        super().__init__(f"`{first}` and `{second}` both changed {shown}{more}, and do not fit together")
        self.first, self.second, self.paths = first, second, tuple(paths)


def merged(git: Git, sides: Sequence[Side]) -> str:
    """The commit that holds the work of all sides, the first one first.

    Raises `MergeConflict` for the first two that do not fit, and `GitError`. Nothing is checked out, and no
    branch is moved.
    """
    first, *rest = sides
    commit, names = first.commit, first.name
    for side in rest:
        if git.holds("merge-base", "--is-ancestor", side.commit, commit):
            continue
        if git.holds("merge-base", "--is-ancestor", commit, side.commit):
            commit, names = side.commit, side.name
            continue
        commit = _merge(git, commit, names, side)
        names = f"{names} + {side.name}"
    return commit


def _merge(git: Git, commit: str, name: str, side: Side) -> str:
    args = ("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", commit, side.commit)
    status, said = git.run(*args, ok=(0, 1))
    tree, *paths = said.split("\0")
    if status == 1:
        raise MergeConflict(name, side.name, sorted({path for path in paths if path}))
    parents = ("-p", commit, "-p", side.commit)
    return git.as_somebody().said("commit-tree", tree, *parents, "-m", f"Merge {name} and {side.name}")


def apart(git: Git, sides: Sequence[Side]) -> list[Side]:
    """Those sides whose work is not part of another one's, in their order."""
    found: list[Side] = []
    for at, side in enumerate(sides):
        others = [*sides[:at], *sides[at + 1 :]]
        if any(other.commit == side.commit for other in sides[:at]):
            continue
        if not any(
            other.commit != side.commit
            and git.holds("merge-base", "--is-ancestor", side.commit, other.commit)
            for other in others
        ):
            found.append(side)
    return found


__all__ = ["GitError", "MergeConflict", "Side", "apart", "merged"]
