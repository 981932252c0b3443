from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import metaensemble

WRITE = """
import sys
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
from pathlib import Path
from metaensemble.engine.ledger import BlobStore, DagRunLock, Ledger, Record, is_held, queries, rebuild
from metaensemble.schemas.ids import new_id
state = Path(sys.argv[2])
dag_run_id = new_id()
with DagRunLock(state, dag_run_id), Ledger.open(state) as ledger:
    ledger.append([Record("note", "n", dag_run_id, {"blob": ledger.blobs.put(b"text")})], durable=True)
    ledger.mirror.catch_up()
    assert ledger.verify().is_clean
    assert queries.recent_runs(ledger) == []
rebuild(state)
standard = set(sys.stdlib_module_names)
foreign = {name.partition(".")[0] for name in set(sys.modules) - before} - standard - {"metaensemble"}
print(sorted(foreign))
"""


def link_package(folder: Path) -> Path:
    """A folder that holds the package under its name and nothing else."""
    folder.mkdir()
    (folder / "metaensemble").symlink_to(Path(metaensemble.__file__).resolve().parent)
    return folder


def test_it_works_from_a_path_with_nothing_installed(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", WRITE]
    shown = subprocess.run(
        [*command, link_package(tmp_path / "path"), tmp_path / "state"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.returncode, shown.stdout) == (0, "[]\n"), shown.stderr


def test_what_a_hook_needs_loads_little(tmp_path: Path) -> None:
    code = """
import sys
sys.path.insert(0, sys.argv[1])
from metaensemble.engine.ledger import Ledger, Record
print(sorted(name for name in sys.modules if name.startswith("metaensemble.engine.ledger.")))
print(sorted({"asyncio", "csv", "uuid"} & set(sys.modules)))
"""
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, link_package(tmp_path / "path")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded, heavy = shown.stdout.splitlines()
    for name in ("verification", "rebuilding", "exporting", "queries", "rows"):
        assert f"ledger.{name}'" not in loaded
    assert heavy == "[]"
