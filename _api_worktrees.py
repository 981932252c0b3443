"""Layer 3, part of `api`: what attempts did in worktrees of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._api_patterns import RULES
from ._api_read import open_if_there, project_of
from .engine.coordinator.session import Session, Surroundings
from .engine.ledger import queries
from .engine.project import MARK
from .engine.worktrees import upkeep
from .engine.worktrees.bases import bases_of
from .engine.worktrees.git import GitError
from .engine.worktrees.merging import MergeConflict, Side
from .engine.worktrees.worktree import Place
from .schemas.errors import NoRepository, UnknownWork, WorkDoesNotFit
from .tasks.expression.evaluator import evaluate

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .engine.worktrees.upkeep import Cleaned, Left

_HINT = "`me worktrees list` shows what there is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was brought onto the present branch: how (`nothing`, `fast-forward`, `merge`), up to which commit,
    and the work of which nodes, or which branch."""

    how: str
    commit: str
    names: tuple[str, ...]


def list_worktrees(*, cwd: Path | None = None) -> list[Left]:
    """The worktrees, branches and salvaged work of the project's DAG runs; none where there is no repository
    that could hold any."""
    try:
        return upkeep.left(_place(cwd))
    except GitError:
        return []


def apply_worktrees(name: str, *, cwd: Path | None = None) -> Applied:
    """Bring the work of a DAG run, or of one branch, onto the present branch.

    The work of a DAG run is what a task that needed all of its tasks would begin with: that of its nodes that
    ended ok. Raises `UnknownWork` for a name that nothing has, and `WorkDoesNotFit`, with nothing changed,
    when the work does not fit together or what is not committed is in the way.
    """
    place = _place(cwd)
    with _repository(place):
        git = place.git
        found = upkeep.side_of(git, name) if "/" in name else None
        sides = [found] if found is not None else _sides(name, cwd)
        if sides is None:
            found = upkeep.side_of(git, name)
            sides = None if found is None else [found]
        if sides is None:
            raise UnknownWork(f"nothing is called `{name}`", hint=_HINT)
        if not sides:
            raise UnknownWork(f"no node of the DAG run `{name}` left work in a worktree", hint=_HINT)
    try:
        how, commit = upkeep.apply(git, sides)
    except MergeConflict as conflict:
        hint = "nothing was changed; merge the branches of `me worktrees list` by hand, or apply one of them"
        raise WorkDoesNotFit(str(conflict), hint=hint) from None
    except upkeep.InTheWay as problem:
        raise WorkDoesNotFit(str(problem), hint=problem.hint) from None
    except GitError as problem:
        raise WorkDoesNotFit(f"git refused: {problem}", hint="nothing was changed") from None
    return Applied(how=how, commit=commit, names=tuple(side.name for side in sides))


def _sides(name: str, cwd: Path | None) -> list[Side] | None:
    """The work of the DAG run whose id begins with `name`; None when there is no such DAG run."""
    ledger = open_if_there(cwd)
    if ledger is None:
        return None
    with ledger:
        row = queries.find_dag_run(ledger, name) if name else None
        if row is None:
            return None
        world = Surroundings(evaluate=evaluate, runtimes={}, environ={}, rules=RULES)
        session = Session(ledger, row.dag_run_id, world, state=ledger.state)
        results, commits = session.results(), session.found.commits

        def left_by(node: str) -> str | None:
            return commits.get(node) if results.is_ok(node) else None

        tasks = [task.id for task in session.graph.tasks]
        return [Side(commit=commit, name=node) for node, commit in bases_of(tasks, left_by, results.behind)]


def clean_worktrees(*, cwd: Path | None = None) -> list[Cleaned]:
    """Remove the worktrees in which nothing can be lost any more, and the branches that were applied; and say
    why the others stay."""
    place = _place(cwd)
    ledger = open_if_there(cwd)
    ok: list[str] = []
    running = upkeep.run_ids(place)
    if ledger is not None:
        with ledger:
            ok, running = _attempts(ledger, running)
    with _repository(place):
        return upkeep.clean(place, running=running, ok=ok)


def _attempts(ledger: Ledger, run_ids: list[str]) -> tuple[list[str], list[str]]:
    """Which Runs ended ok, and of which the end is not on record."""
    ok, running = [], []
    for run_id in run_ids:
        run = queries.run_by_id(ledger, run_id)
        if run is None:
            running.append(run_id)
        elif run.outcome == "ok":
            ok.append(run_id)
    return ok, running


def restore_worktree(name: str, *, cwd: Path | None = None) -> str:
    """Bring what was salvaged of a Run back as a branch; the branch. Raises `UnknownWork`."""
    place = _place(cwd)

    def several(found: list[str]) -> Exception:
        return UnknownWork(
            f"several Runs begin with `{name}`: {', '.join(found)}", hint="type more of the id"
        )

    with _repository(place):
        branch = upkeep.restore(place.git, name, several=several)
    if branch is None:
        raise UnknownWork(f"nothing was salvaged of a Run `{name}`", hint=_HINT)
    return branch


def _place(cwd: Path | None) -> Place:
    project = project_of(cwd)
    return Place(project=str(project), folder=project / MARK, environ=os.environ)


@contextmanager
def _repository(place: Place) -> Iterator[None]:
    """Tell what git refuses as what it is where there is no repository at all."""
    try:
        yield
    except GitError as problem:
        hint = "worktrees are made where a graph with `isolation: worktree` was run"
        raise NoRepository(f"`{place.project}` is no git repository: {problem}", hint=hint) from None
