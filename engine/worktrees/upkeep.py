"""What DAG runs left in git: looked at, taken over, put away, and brought back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from .git import Git, GitError
from .keeping import is_clean, remove, salvage, sweep
from .merging import Side, apart, merged
from .worktree import BRANCHES, FOLDER, SALVAGE, Place, opened

Kind = Literal["worktree", "branch", "salvage"]

_HEADS: Final = f"refs/heads/{BRANCHES}/"
_BEGUN: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply")
"""Files of git by which it knows that something was begun and not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that was left: a worktree with its branch, a branch alone, or what was salvaged. `name` is
    how it is called on the command line, `run_id` the attempt of a worktree or of what was salvaged. `clean`:
    nothing in the worktree is uncommitted; None where git does not know the worktree any more."""

    kind: Kind
    name: str
    commit: str | None = None
    branch: str | None = None
    path: str | None = None
    run_id: str | None = None
    clean: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What became of a worktree or a branch: removed or kept, and why; `salvaged` is the ref that keeps the
    work of a worktree's attempt."""

    kind: Kind
    name: str
    removed: bool
    why: str
    salvaged: str | None = None


class InTheWay(Exception):
    """Work cannot be applied now; the text says what is in the way, `hint` what to do."""

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text)
        self.hint = hint


def run_ids(place: Place) -> list[str]:
    """The attempts whose worktrees lie in the project."""
    return sorted(path.name for path in (place.folder / FOLDER).glob("[!.]*") if path.is_dir())


def left(place: Place) -> list[Left]:
    """All that DAG runs left in the repository of the project. Raises `GitError`."""
    git = place.git
    refs = git.refs(_HEADS)
    found = [_worktree(place, run_id) for run_id in run_ids(place)]
    held = {one.branch for one in found}
    for name, head in refs:
        branch = name.removeprefix("refs/heads/")
        if branch not in held:
            found.append(Left(kind="branch", name=branch, commit=head, branch=branch))
    for name, head in git.refs(f"{SALVAGE}/"):
        run_id = name.removeprefix(f"{SALVAGE}/")
        found.append(Left(kind="salvage", name=run_id, commit=head, run_id=run_id))
    return found


def _worktree(place: Place, run_id: str) -> Left:
    path = str(place.tree(run_id))
    worktree = opened(place, run_id)
    if worktree is None:
        return Left(kind="worktree", name=run_id, path=path, run_id=run_id)
    git = worktree.git(place.environ)
    return Left(
        kind="worktree",
        name=worktree.branch,
        commit=git.commit_of("HEAD"),
        branch=worktree.branch,
        path=path,
        run_id=run_id,
        clean=is_clean(place, worktree),
    )


def side_of(git: Git, name: str) -> Side | None:
    """The branch, or other commit, that a name means to git."""
    commit = git.commit_of(f"refs/heads/{name}") or git.commit_of(f"{SALVAGE}/{name}") or git.commit_of(name)
    return None if commit is None else Side(commit=commit, name=name)


def apply(git: Git, sides: Sequence[Side]) -> tuple[str, str]:
    """Bring the work of all sides onto the present branch; what was done (`nothing`, `fast-forward` or
    `merge`) and the commit.

    Raises `MergeConflict`, `InTheWay` and `GitError`, with nothing changed.
    """
    _check_way(git)
    head = git.commit_of("HEAD")
    if head is None:
        raise InTheWay("there is no commit yet on the present branch", "make one")
    branch = git.said("rev-parse", "--abbrev-ref", "HEAD")
    target = merged(git, [Side(commit=head, name=branch), *apart(git, sides)])
    if target == head:
        return "nothing", head
    # A file of the user that git ignores, or does not know, is not written over either.
    # What the user wants of merges of this branch (`branch.NAME.mergeOptions`) is for others: squashed, say,
    # HEAD would stay.
    own = () if "=" in branch else ("-c", f"branch.{branch}.mergeOptions=")
    how = ("--quiet", "--ff-only", "--no-squash", "--commit", "--no-verify", "--no-overwrite-ignore")
    git.said(*own, "merge", *how, target)
    if git.commit_of("HEAD") != target:
        raise GitError("the merge did not move the branch")
    return ("fast-forward" if target in {side.commit for side in sides} else "merge"), target


def _check_way(git: Git) -> None:
    for name in _BEGUN:
        # What is one file for all worktrees, and what is not, git knows.
        path = git.said("rev-parse", "--path-format=absolute", "--git-path", name)
        if Path(path).exists():
            raise InTheWay("a merge, a rebase or the like was begun and not ended", "end it; then apply")
    changed = git.said("status", "--porcelain", "-z", "--untracked-files=no")
    if changed:
        path = changed.split("\0")[0][3:]
        hint = "commit them, or put them aside by `git stash`; then apply"
        raise InTheWay(f"there are changes that are not committed, such as in `{path}`", hint)


def clean(place: Place, *, running: Collection[str], ok: Collection[str]) -> list[Cleaned]:
    """Remove the worktrees in which nothing can be lost any more, and the branches that are part of the
    present one.

    Those of `running` attempts stay. Work of attempts that are not `ok` is kept under a ref of its own.
    """
    sweep(place)
    found = [_cleaned(place, run_id, running=running, is_ok=run_id in ok) for run_id in run_ids(place)]
    git = place.git
    held = {one.branch for one in left(place) if one.kind == "worktree"}
    for ref, commit in git.refs(_HEADS):
        name = ref.removeprefix("refs/heads/")
        if name not in held:
            found.append(_cleaned_branch(git, name, commit))
    return found


def _cleaned(place: Place, run_id: str, *, running: Collection[str], is_ok: bool) -> Cleaned:
    path = str(place.tree(run_id))

    def kept(why: str) -> Cleaned:
        return Cleaned(kind="worktree", name=path, removed=False, why=why)

    if run_id in running:
        return kept("its attempt is at work, or its end is not on record: me dag resume")
    worktree = opened(place, run_id)
    if is_ok and worktree is not None:
        if not remove(place, worktree, [worktree.ref]):
            return kept("something in it is not committed")
        return Cleaned(kind="worktree", name=path, removed=True, why="its work is on its branch")
    try:
        ref = salvage(place, run_id)
    except (GitError, OSError) as problem:
        return kept(str(problem))
    why = "nothing was done in it" if ref is None else f"its work is kept: me worktrees restore {run_id}"
    return Cleaned(kind="worktree", name=path, removed=True, why=why, salvaged=ref)


def _cleaned_branch(git: Git, name: str, commit: str) -> Cleaned:
    head = git.commit_of("HEAD")
    if head is None or not git.contains(head, commit):
        return Cleaned(kind="branch", name=name, removed=False, why="it was not applied")
    try:
        current = git.said("rev-parse", "--abbrev-ref", "HEAD")
        if current == name:
            return Cleaned(kind="branch", name=name, removed=False, why="it is checked out")
        git.said("branch", "--quiet", "-D", "--", name)
    except GitError as problem:
        return Cleaned(kind="branch", name=name, removed=False, why=str(problem))
    return Cleaned(kind="branch", name=name, removed=True, why="all of it is part of your branch")


def restore(git: Git, name: str, *, several: Callable[[list[str]], Exception]) -> str | None:
    """Bring what was salvaged of a Run back as a branch; the branch, None where there is no such thing.

    One that is there already stays as it is. Raises what `several` makes of the Runs that a short name means.
    """
    refs = {ref.removeprefix(f"{SALVAGE}/"): head for ref, head in git.refs(f"{SALVAGE}/")}
    found = [name] if name in refs else [run_id for run_id in refs if name and run_id.startswith(name)]
    if len(found) > 1:
        raise several(found)
    if not found:
        return None
    branch = f"{BRANCHES}/salvage/{found[0]}"
    if git.commit_of(f"refs/heads/{branch}") is None:
        git.said("branch", "--no-track", branch, refs[found[0]])
    return branch
