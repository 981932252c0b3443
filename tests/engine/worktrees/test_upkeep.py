from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble.engine.worktrees.merging import Side
from metaensemble.engine.worktrees.upkeep import apply
from metaensemble.engine.worktrees.worktree import FOLDER, Place, Worktree
from support.repositories import Repository

Make = Callable[..., Worktree]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("branch.{}.mergeOptions", "--squash"),
        ("branch.{}.mergeOptions", "--no-ff --no-commit"),
        ("branch.{}.mergeOptions", "-s ours"),
        ("merge.ff", "false"),
        ("merge.ff", "only"),
    ],
)
def test_how_the_user_wants_merges_does_not_matter(
    repository: Repository, place: Place, key: str, value: str
) -> None:
    git = place.git
    branch = git.said("rev-parse", "--abbrev-ref", "HEAD")
    before = git.said("rev-parse", "HEAD")
    git.said("checkout", "--quiet", "-b", "work")
    repository.write("new.txt", "x\n")
    repository.commit("work")
    tip = git.said("rev-parse", "HEAD")
    git.said("checkout", "--quiet", branch)
    git.said("config", key.format(branch), value)
    assert git.said("rev-parse", "HEAD") == before
    assert apply(git, [Side(commit=tip, name="work")]) == ("fast-forward", tip)
    assert git.said("rev-parse", "HEAD") == tip
    assert git.said("status", "--porcelain") == ""


def test_what_is_beside_the_worktrees_is_for_the_user_alone(place: Place, make: Make) -> None:
    mask = os.umask(0)
    try:
        make()
    finally:
        os.umask(mask)
    folder = Path(place.folder, FOLDER)
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / ".gitignore")] == [0o700, 0o600]
