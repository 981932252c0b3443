"""Which files modules were read from, and whether they are still the same."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from metaensemble.engine.runtimes.python_files import ProjectFiles, are_unchanged, is_in_project


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/p/steps.py", True),
        ("/p/a/b/__init__.py", True),
        ("/p/.venv/lib/python3/site-packages/x.py", False),
        ("/p/dist-packages/x.py", False),
        ("/pp/steps.py", False),
        ("/other/steps.py", False),
        ("/p", False),
    ],
)
@pytest.mark.parametrize("project", ["/p", "/p/"])
def test_what_belongs_to_the_project(path: str, project: str, expected: bool) -> None:
    assert is_in_project(path, project) is expected


def test_everything_belongs_to_the_root() -> None:
    assert is_in_project("/steps.py", "/")


def test_the_files_of_new_modules_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ProjectFiles()
    modules: dict[str, object] = {}
    for name in ("one", "two", "elsewhere", "nowhere", "gone"):
        module = ModuleType(name)
        modules[name] = module
        if name != "nowhere":
            module.__file__ = str((tmp_path.parent if name == "elsewhere" else tmp_path) / f"{name}.py")
        if name not in ("nowhere", "gone"):
            Path(str(module.__file__)).touch()
    # What is imported may put anything there.
    for name, value in {**modules, "odd": None, "odder": 3}.items():
        monkeypatch.setitem(sys.modules, f"test_{name}", value)
    files.note(str(tmp_path))
    found = files.take()
    assert sorted(path for path, _, _ in found) == [str(tmp_path / "one.py"), str(tmp_path / "two.py")]
    files.note(str(tmp_path))
    assert files.take() == []
    assert are_unchanged(found)
    os.utime(tmp_path / "one.py", ns=(1, 1))
    assert not are_unchanged(found)


@pytest.mark.parametrize("deed", ["size", "gone"])
def test_a_change_is_seen(deed: str, tmp_path: Path) -> None:
    path = tmp_path / "steps.py"
    path.write_text("a")
    noted = (str(path), path.stat().st_mtime_ns, 1)
    assert are_unchanged([noted])
    if deed == "gone":
        path.unlink()
    else:
        path.write_text("ab")
        os.utime(path, ns=(noted[1], noted[1]))
    assert not are_unchanged([noted])
