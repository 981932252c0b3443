"""The direction of imports, and what the pure and the light parts must not touch."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.tree import INSTALLED, ROOT, package_files

PURE = (
    "engine/scheduler/*.py",
    *("schemas/bound.py", "schemas/span.py", "schemas/template.py", "schemas/settling.py"),
    *(
        "patterns/agreement.py",
        "patterns/agreement_of_one.py",
        "patterns/checks.py",
        "patterns/confidence.py",
    ),
    *(
        "patterns/dirichlet.py",
        "patterns/effective_votes.py",
        "patterns/expansion.py",
        "patterns/families.py",
    ),
    *("patterns/pieces.py", "patterns/protocol.py", "patterns/ratings.py", "patterns/reviews.py"),
    *("patterns/rules.py", "patterns/votes.py", "patterns/voting.py", "patterns/written.py"),
)
"""Files that are functions of their arguments: same calls in, same answers out."""

IMPURE = {
    *("time", "datetime", "zoneinfo", "random", "secrets", "uuid"),
    *("os", "io", "pathlib", "shutil", "tempfile", "glob", "fcntl", "sqlite3", "mmap"),
    *("asyncio", "threading", "multiprocessing", "concurrent", "subprocess", "signal", "socket", "select"),
    *("logging", "warnings", "platform", "getpass", "pydantic", "networkx", "yaml", "rich"),
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}

HEAVY = ("asyncio", "jinja2", "jsonschema", "networkx", "pydantic", "rich", "sqlite3", "tenacity", "yaml")


def _run(code: str, *flags: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, *flags, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_contracts_of_import_linter_hold(tmp_path: Path) -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


PURE_FILES = sorted({path for pattern in PURE for path in package_files() if path.match(pattern)})


@pytest.mark.parametrize("path", PURE_FILES, ids=str)
def test_a_pure_file_has_no_clock_no_chance_and_no_file(path: Path) -> None:
    module = ast.parse((INSTALLED / path).read_bytes())
    # What runs only when the file is the program is not part of the module.
    module.body = [node for node in module.body if not _is_main_block(node)]
    for node in ast.walk(module):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        assert not {name.split(".")[0] for name in names} & IMPURE, f"line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in IMPURE_CALLS, f"line {node.lineno}"


def _is_main_block(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def test_there_are_pure_files() -> None:
    assert len(PURE_FILES) > 5


def test_the_graph_library_is_imported_in_one_module() -> None:
    users = [
        path
        for path in package_files()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse((INSTALLED / path).read_bytes()))
        if (isinstance(node, ast.Import) and any(alias.name.startswith("networkx") for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("networkx"))
    ]
    assert {str(path) for path in users} == {"engine/dag.py"}


def test_the_write_side_of_the_ledger_needs_only_the_standard_library(tmp_path: Path) -> None:
    """It imports and writes under `python -I -S`, from a path that holds nothing but the package."""
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "metaensemble").symlink_to(INSTALLED.resolve(), target_is_directory=True)
    code = f"""
import json, sys
from pathlib import Path
sys.path.insert(0, {str(alone)!r})
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.ledger.records import Record
ledger = Ledger.open(Path({str(tmp_path / "state")!r}))
ledger.append([Record("timer.fired", "node", None, {{"generation": 0}})])
ledger.mirror.catch_up()
ledger.close()
tops = {{name.partition(".")[0] for name in sys.modules}}
print(json.dumps(sorted(tops - sys.stdlib_module_names - {{"__main__", "metaensemble"}})))
"""
    assert json.loads(_run(code, "-I", "-S", cwd=tmp_path)) == []
    assert (tmp_path / "state" / "runs.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str, tmp_path: Path) -> None:
    code = f"""
import json, sys
from metaensemble.cli.main import main
sys.argv = ["me", {argument!r}]
try:
    code = main()
except SystemExit as stop:
    code = stop.code
assert not code, code
print()
print(json.dumps(sorted(sys.modules)))
"""
    loaded = set(json.loads(_run(code, cwd=tmp_path).splitlines()[-1]))
    banned = HEAVY if argument == "--version" else ("networkx", "pydantic", "sqlite3")
    assert not loaded & set(banned)
