"""What is shipped is what is in the tree, and nothing else."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

import metaensemble
from support.tree import FROM_LINK, INSTALLED, ROOT, files, package_files, packages

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

only_wheel = pytest.mark.skipif(FROM_LINK, reason="the package is a link to the tree, not a wheel")

# Import names that differ from the names of what is installed.
DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "pydantic_core": "pydantic",
    "click": "typer",
    "pydantic_ai": "pydantic-ai-slim",
}

DEVELOPMENT = {"dev", "examples", "test"}
"""The extras that nobody needs who only uses the program."""


def test_packages_are_listed_by_name_and_the_list_equals_the_tree() -> None:
    assert PROJECT["tool"]["setuptools"]["packages"] == packages()


@only_wheel
def test_the_wheel_holds_the_package_of_this_tree_and_nothing_else() -> None:
    shipped = {
        Path(str(path)).relative_to("metaensemble")
        for path in distribution("metaensemble").files or ()
        if path.parts[0] == "metaensemble" and path.suffix != ".pyc"
    }
    assert sorted(shipped) == package_files()
    for path in package_files():
        assert (INSTALLED / path).read_bytes() == (ROOT / path).read_bytes(), path


@only_wheel
def test_the_checkout_itself_is_not_what_is_imported() -> None:
    assert INSTALLED.parent.name == "site-packages"


@pytest.mark.parametrize("name", ["py.typed", "schemas/json", "engine/process/spawner.py"])
def test_what_is_needed_beside_the_modules_is_there(name: str) -> None:
    path = INSTALLED / name
    assert path.is_file() or list(path.glob("*.schema.json"))


@only_wheel
def test_both_commands_are_one_function_and_the_version_is_stated_once_more() -> None:
    installed = distribution("metaensemble")
    scripts = {
        entry.name: entry.value for entry in installed.entry_points if entry.group == "console_scripts"
    }
    assert scripts == dict.fromkeys(("me", "metaensemble"), "metaensemble.cli.main:main")
    assert installed.version == metaensemble.__version__ == PROJECT["project"]["version"]


def _build(kind: str, source: Path, target: Path) -> Path:
    """Build an sdist or a wheel of `source` with the backend that the project names; no network."""
    target.mkdir()
    code = f"from setuptools import build_meta as b; print(b.build_{kind}({str(target)!r}))"
    subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=source, check=True, capture_output=True, timeout=120
    )
    (built,) = target.iterdir()
    return built


def test_the_sdist_builds_and_the_wheel_made_from_it_is_complete(tmp_path: Path) -> None:
    pytest.importorskip("setuptools", "77")
    tree = tmp_path / "tree with a space"
    mine = list(files())
    for path in mine:
        copy = tree / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    with tarfile.open(_build("sdist", tree, tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    left_out = {path.relative_to(ROOT) for path in mine if path.name != ".gitignore"} - {
        path.relative_to(unpacked) for path in files(unpacked)
    }
    assert not left_out
    with zipfile.ZipFile(_build("wheel", unpacked, tmp_path / "wheel")) as wheel:
        shipped = [Path(name) for name in wheel.namelist() if name.startswith("metaensemble/")]
    assert sorted(path.relative_to("metaensemble") for path in shipped) == package_files()


def test_no_file_names_a_machine_or_a_registry() -> None:
    # In halves, so that this file does not find itself.
    halves = [
        ("/ro", "ot/"),
        ("/wo", "rk/"),
        ("py", "pi.org"),
        ("index", "-url"),
        (str(ROOT), "/"),
    ]
    pattern = re.compile("|".join(re.escape(first + second) for first, second in halves))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_constraints_are_names_and_versions_only_and_cover_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line)] == []
    names = {_normal(line.split("==")[0]) for line in pinned}
    extras = PROJECT["project"]["optional-dependencies"].values()
    wanted = {
        _normal(re.split(r"[\[<>=]", requirement)[0])
        for group in (PROJECT["project"]["dependencies"], *extras)
        for requirement in group
    }
    assert wanted - {"metaensemble"} <= names


def test_every_import_of_the_package_is_declared_and_every_declared_one_is_imported() -> None:
    imported = set()
    for path in package_files():
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_bytes())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                imported.add(node.module.split(".")[0])
    outside = imported - sys.stdlib_module_names - {"metaensemble"}
    found = {_normal(DISTRIBUTIONS.get(name, name)) for name in outside}
    declared = _named(PROJECT["project"]["dependencies"])
    # What an extra brings is imported where it is needed, and done without where it is not there.
    extras = PROJECT["project"]["optional-dependencies"]
    optional = {name for extra in extras.keys() - DEVELOPMENT for name in _named(extras[extra])}
    assert declared <= found
    assert found <= declared | optional


def _named(lines: list[str]) -> set[str]:
    return {_normal(re.split(r"[<>=\[]", line)[0]) for line in lines}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
