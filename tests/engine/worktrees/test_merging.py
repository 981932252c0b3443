from __future__ import annotations

import os
from pathlib import Path

import pytest

from metaensemble.engine.worktrees.git import Git
from metaensemble.engine.worktrees.merging import MergeConflict, Side, apart, merged
from support.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "re po ü")


def side(repository: Repository, name: str, text: str, *, start: str = "main") -> Side:
    repository.git("checkout", "-q", "-b", name, start)
    repository.write("notes.txt", text)
    commit = repository.commit(name)
    repository.git("checkout", "-q", "main")
    return Side(commit=commit, name=name)


def test_work_on_different_lines_is_merged_without_a_checkout(repository: Repository) -> None:
    top = side(repository, "top", "A\nb\nc\nd\ne\nf\ng\n")
    bottom = side(repository, "bottom", "a\nb\nc\nd\ne\nf\nG\n")
    git = Git(repository.folder, os.environ)
    commit = merged(git, [top, bottom])
    assert repository.git("show", f"{commit}:notes.txt") == "A\nb\nc\nd\ne\nf\nG"
    assert repository.read("notes.txt") == "a\nb\nc\nd\ne\nf\ng\n"
    assert repository.git("rev-parse", "--abbrev-ref", "HEAD") == "main"


def test_what_is_contained_in_another_side_makes_no_merge(repository: Repository) -> None:
    first = side(repository, "first", "A\n")
    second = side(repository, "second", "A\nB\n", start="first")
    git = Git(repository.folder, os.environ)
    assert merged(git, [first, second]) == second.commit
    assert merged(git, [second, first]) == second.commit
    assert apart(git, [first, second, first]) == [second]


def test_a_conflict_names_both_sides_and_the_path(repository: Repository) -> None:
    one, two = side(repository, "one", "1\n"), side(repository, "two", "2\n")
    with pytest.raises(MergeConflict) as caught:
        merged(Git(repository.folder, os.environ), [one, two])
    assert (caught.value.first, caught.value.second) == ("one", "two")
    assert caught.value.paths == ("notes.txt",)
    assert "`one` and `two` both changed `notes.txt`" in str(caught.value)
