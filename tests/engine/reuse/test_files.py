"""Files that tasks read and write: which they are, and what tells them apart."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from metaensemble.engine.reuse.files import Digests, Unhashable, matches, read_digests


def names(pattern: str, project: Path) -> list[str]:
    return [os.path.relpath(path, project) for path in matches(pattern, str(project))]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("a.py", "b.txt", "src/c.py", "src/deep/d.py", "src/.hidden.py", ".git/e.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / ".metaensemble" / "f.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.py", ["a.py"]),
        ("**/*.py", ["a.py", "src/.hidden.py", "src/c.py", "src/deep/d.py"]),
        ("src", ["src/.hidden.py", "src/c.py", "src/deep/d.py"]),
        ("src/", ["src/.hidden.py", "src/c.py", "src/deep/d.py"]),
        (".", ["a.py", "b.txt", "src/.hidden.py", "src/c.py", "src/deep/d.py"]),
        ("src/?.py", ["src/c.py"]),
        ("[ab].*", ["a.py", "b.txt"]),
        ("nothing/*", []),
        ("b.txt", ["b.txt"]),
    ],
)
def test_what_a_pattern_stands_for(project: Path, pattern: str, found: list[str]) -> None:
    assert names(pattern, project) == found


def test_an_absolute_pattern_may_lie_outside(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "x.csv").touch()
    assert matches(f"{other}/*.csv", str(project)) == [str(other / "x.csv")]


def test_what_is_no_ordinary_file_is_left_out(project: Path) -> None:
    os.mkfifo(project / "pipe.py")
    (project / "loop").symlink_to(project)
    (project / "gone.py").symlink_to("nowhere")
    assert names("*.py", project) == ["a.py"]


def test_links_that_lead_in_circles_are_no_matter(project: Path) -> None:
    for number in range(30):
        (project / "src" / f"loop{number}").symlink_to(project / "src")
    assert names("src/**", project) == ["src/.hidden.py", "src/c.py", "src/deep/d.py"]
    assert names("src/**/*.py", project) == ["src/.hidden.py", "src/c.py", "src/deep/d.py"]
    assert names("src/loop3/c.py", project) == ["src/loop3/c.py"]


def test_what_a_linked_folder_holds_is_read(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "x.py").touch()
    (project / "src" / "linked").symlink_to(other)
    assert "src/linked/x.py" in names("src", project)
    assert "src/linked/x.py" in names("**/*.py", project)


def test_many_stars_take_no_longer_than_one(project: Path) -> None:
    deep = project.joinpath(*["d"] * 60)
    deep.mkdir(parents=True)
    (deep / "x").touch()
    assert names("/".join(["**"] * 30) + "/x", project) == [os.path.relpath(deep / "x", project)]


def test_a_named_pipe_is_not_waited_at(project: Path) -> None:
    os.mkfifo(project / "pipe")
    with pytest.raises(Unhashable, match="not an ordinary file"):
        Digests().of(str(project / "pipe"))


def test_what_nobody_wants_to_know_is_not_looked_at(project: Path) -> None:
    digests = Digests()
    digests.abandon()
    with pytest.raises(Unhashable, match="being ended"):
        read_digests(["**/*.py"], str(project), digests)


def changed_by(project: Path, change, pattern: str = "**/*.py") -> bool:  # type: ignore[no-untyped-def]
    before = read_digests([pattern], str(project), Digests())
    change()
    return read_digests([pattern], str(project), Digests()) != before


def test_content_names_and_presence_count(project: Path) -> None:
    assert changed_by(project, lambda: (project / "a.py").write_text("other"))
    assert changed_by(project, lambda: (project / "a.py").rename(project / "z.py"))
    assert changed_by(project, (project / "src" / "c.py").unlink)
    assert changed_by(project, (project / "new.py").touch)
    assert not changed_by(project, lambda: (project / "b.txt").write_text("other"))
    assert not changed_by(project, lambda: os.utime(project / "z.py"))


def test_a_file_that_cannot_be_read_is_told(project: Path) -> None:
    with pytest.raises(Unhashable, match=r"`.*nothing\.py` cannot be read: no such file"):
        Digests().of(str(project / "nothing.py"))
    with pytest.raises(Unhashable):
        Digests().of(str(project / "src"))


def test_a_known_digest_is_taken_only_while_the_file_is_the_same(project: Path) -> None:
    file = project / "a.py"
    os.utime(file, (1, 1))
    digests = Digests()
    first = digests.of(str(file))
    file.write_text("b.py")
    os.utime(file, (1, 1))
    assert digests.of(str(file)) != first
