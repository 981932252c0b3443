"""Correctness: how many of the tests fail that belong to the files, as pytest runs them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from .findings import finding
from .measured import Measured
from .walk import walk

TOOL: Final = "pytest"
OK: Final = (0, 1, 2)
"""2: collecting was broken off by errors, which the report names."""

NO_TESTS: Final = 5


def command(tests: Sequence[str], cache: str, plugin: str) -> list[str]:
    """The words behind the tool's name: what it would keep in the project goes to the folder `cache`, and
    `plugin` is the module that reports."""
    return ["-q", "--tb=short", "-p", plugin, "-o", f"cache_dir={cache}", *tests]


def parse(out: bytes, name_of: Callable[[str], str]) -> Measured:
    """What the report of `pytest_report.py` says; the value is the number of failures and errors."""
    report = json.loads(out)
    failed = int(report["failed"]) + int(report["errors"])
    findings = [
        finding(name_of(one["file"]), one.get("line"), one["kind"], f"{one['test']}: {one['message']}")
        for one in report["problems"]
    ]
    parts = [f"{report[name]} {name}" for name in ("passed", "failed", "errors", "skipped") if report[name]]
    return Measured(value=failed, said=", ".join(parts) or "no test ran", findings=findings)


def is_test(file: str) -> bool:
    """Whether the file is test code, by the names that pytest goes by."""
    name = Path(file).name
    return name == "conftest.py" or (
        name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))
    )


def tests_of(files: Iterable[str], project: str) -> dict[str, list[str]]:
    """For each file, absolute, its tests: `test_NAME.py` and `NAME_test.py` below the project, and a file of
    tests itself. Of several of that name, those whose folders are most like the file's.

    Looks through the project: not for the event loop's own thread.
    """
    wanted: dict[str, list[str]] = {}
    found: dict[str, list[str]] = {file: [] for file in files}
    for file in found:
        name = Path(file).stem
        if is_test(file):
            found[file] = [file] if name != "conftest" and Path(file).is_file() else []
        else:
            wanted.setdefault(f"test_{name}.py", []).append(file)
            wanted.setdefault(f"{name}_test.py", []).append(file)
    if wanted:
        for test in walk(project):
            asking = wanted.get(Path(test).name, ())
            for file in asking if asking and Path(test).is_file() else ():
                found[file].append(test)
    return {file: _nearest(file, tests, project) for file, tests in found.items()}


def _nearest(file: str, tests: list[str], project: str) -> list[str]:
    own = _folders(file, project)
    likeness = {test: len(own & _folders(test, project)) for test in tests}
    most = max(likeness.values(), default=0)
    return [test for test in tests if likeness[test] == most]


def _folders(file: str, project: str) -> set[str]:
    return set(Path(os.path.relpath(os.path.dirname(file), project)).parts)
