from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble.engine.worktrees.making import create, fill, head_of
from metaensemble.engine.worktrees.merging import Side
from metaensemble.engine.worktrees.worktree import Place, Worktree, branch_name
from support.repositories import Repository

Make = Callable[..., Worktree]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    found = Repository(tmp_path / "re po ü")
    found.write(".gitignore", ".metaensemble\n*.log\n")
    found.commit("ignored")
    (found.folder / ".metaensemble" / "state").mkdir(parents=True)
    return found


@pytest.fixture
def place(repository: Repository) -> Place:
    folder = repository.folder / ".metaensemble"
    return Place(project=str(repository.folder), folder=folder, environ=dict(os.environ))


@pytest.fixture
def make(place: Place) -> Make:
    def make(run_id: str = "run-1", *bases: Side) -> Worktree:
        branch = branch_name("dag", "no de/[ü]", run_id)
        found = create(place, run_id, branch, bases, otherwise=lambda: head_of(place))
        fill(place, found)
        return found

    return make
