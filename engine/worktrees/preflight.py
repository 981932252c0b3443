"""Whether worktrees can be made of a project, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ...schemas.bound import BoundGraph
from ...schemas.errors import DirtyBase, InputError, NoRepository
from ..instances import leaf_tasks
from ..project import MARK
from .git import MINIMUM, Git, GitError, version_of_git

_SHOWN: Final = 3


def check_worktrees(
    graph: BoundGraph, environ: Mapping[str, str], *, resumed: bool = False
) -> list[InputError]:
    """What would keep the worktrees of the graph from being made, told at the first task that asks for one;
    none where no task does.

    A DAG run that is `resumed` may itself have changed what is not committed: that is no reason then.
    """
    for owner, task in leaf_tasks(graph):
        if task.isolation == "worktree":
            found = list(_problems(owner.project, environ))
            found = [one for one in found if not (resumed and isinstance(one, DirtyBase))]
            for problem in found:
                problem.task, problem.source = task.id, owner.source
                problem.where = ("tasks", task.id, "isolation")
            return found
    return []


def _problems(project: str, environ: Mapping[str, str]) -> Iterator[InputError]:
    version = version_of_git(environ)
    needed = ".".join(map(str, MINIMUM))
    if version is None or version < MINIMUM:
        there = "there is no `git` on PATH" if version is None else f"git is at {'.'.join(map(str, version))}"
        yield NoRepository(f"a worktree needs git {needed} or newer, and {there}", hint="install it")
        return
    git = Git(project, environ)
    try:
        if git.said("rev-parse", "--is-inside-work-tree") != "true":
            hint = "run the graph in a clone of it that has one"
            yield NoRepository(f"the repository of `{project}` is bare: it has no working tree", hint=hint)
            return
    except GitError as problem:
        hint = "make one: `git init`, `git add -A`, `git commit`; or leave `isolation` out"
        if "dubious ownership" in str(problem):
            hint = "it belongs to another user; `git config --global --add safe.directory PATH` allows it"
        yield NoRepository(f"`{project}` is no git repository: {problem}", hint=hint)
        return
    if git.commit_of("HEAD") is None:
        hint = "commit what is there: `git add -A`, `git commit`"
        yield NoRepository("a worktree begins at a commit, and the repository has none yet", hint=hint)
        return
    if not git.holds("cat-file", "-e", "HEAD:./"):
        hint = "commit what is there: `git add -A`, `git commit`"
        yield NoRepository(f"nothing of `{project}` is committed, so it would be empty there", hint=hint)
        return
    yield from _changes(git)


def _changes(git: Git) -> Iterator[DirtyBase]:
    """What git knows and has not committed, anywhere in the repository; our own records left out, which
    change while a graph runs, should somebody have committed them."""
    ours = f":(exclude,literal){MARK}/state"
    told = ("--untracked-files=no", "--ignore-submodules=dirty", "--no-renames")
    said = git.said("status", "--porcelain", "-z", *told, "--", ":(top)", ours)
    paths = [entry[3:] for entry in said.split("\0") if entry]
    if paths:
        shown = ", ".join(f"`{path}`" for path in paths[:_SHOWN])
        more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
        yield DirtyBase(
            f"a worktree begins at a commit, and there are changes that are not committed: {shown}{more}",
            hint="commit them, or put them aside by `git stash`; then run the graph",
        )
