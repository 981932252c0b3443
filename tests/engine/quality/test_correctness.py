"""Which tests belong to a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.quality import correctness


def write(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")


def found(root: Path, name: str) -> list[str]:
    file = str(root / name)
    return [str(Path(test).relative_to(root)) for test in correctness.tests_of([file], str(root))[file]]


def test_by_either_name_anywhere_below_the_project(tmp_path: Path) -> None:
    write(tmp_path, "src/a.py", "tests/test_a.py", "src/a_test.py", "tests/test_b.py")
    assert found(tmp_path, "src/a.py") == ["src/a_test.py"]
    assert found(tmp_path, "a.py") == ["src/a_test.py", "tests/test_a.py"]
    assert found(tmp_path, "src/c.py") == []


def test_of_two_files_of_one_name_each_has_its_own(tmp_path: Path) -> None:
    write(tmp_path, "x/a.py", "y/a.py", "tests/x/test_a.py", "tests/y/test_a.py", "y/a_test.py")
    assert found(tmp_path, "x/a.py") == ["tests/x/test_a.py"]
    assert found(tmp_path, "y/a.py") == ["tests/y/test_a.py", "y/a_test.py"]


def test_not_in_what_is_not_the_projects_own(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "build/test_a.py", ".git/test_a.py", "env/pyvenv.cfg", "env/lib/test_a.py")
    assert found(tmp_path, "a.py") == []


def test_a_file_of_tests_is_its_own_test(tmp_path: Path) -> None:
    write(tmp_path, "test_a.py", "conftest.py")
    assert found(tmp_path, "test_a.py") == ["test_a.py"]
    assert found(tmp_path, "conftest.py") == []
    assert found(tmp_path, "test_gone.py") == []


@pytest.mark.parametrize("name", ["test_a.py", "a_test.py", "x/conftest.py"])
def test_test_code(name: str) -> None:
    assert correctness.is_test(name)


@pytest.mark.parametrize("name", ["a.py", "testing.py", "test_a.txt"])
def test_other_code(name: str) -> None:
    assert not correctness.is_test(name)
