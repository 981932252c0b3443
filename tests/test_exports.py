"""Each package's `__init__` is its contract: sorted, exact, and cheap to import."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import typing
from pathlib import Path
from types import ModuleType

import pytest

from support.tree import packages

PLUMBING = {*vars(typing), "annotations", "lazy_exports"}
HEAVY = ("asyncio", "jinja2", "jsonschema", "networkx", "pydantic", "rich", "sqlite3", "typer", "yaml")


def _constants_classes_functions(name: str) -> tuple[int, str]:
    """The order that ruff gives to `__all__`."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", packages())
def test_all_is_sorted_exact_and_resolves(name: str) -> None:
    package = importlib.import_module(name)
    declared = list(getattr(package, "__all__", []))
    assert declared == sorted(set(declared), key=_constants_classes_functions)
    public = {
        item
        for item in dir(package)
        if not item.startswith("_") and item not in PLUMBING
        if not isinstance(getattr(package, item), ModuleType)
    }
    assert public == {item for item in declared if not item.startswith("_")}


def test_importing_any_package_is_cheap(tmp_path: Path) -> None:
    code = f"""
import importlib, json, sys
found = {{}}
for name in {packages()!r}:
    importlib.import_module(name)
    for heavy in {HEAVY!r}:
        if heavy in sys.modules:
            found.setdefault(heavy, name)
print(json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout) == {}
