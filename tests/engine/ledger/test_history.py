"""Histories that released versions wrote: every later version reads them, and makes the same of them.

`vN.jsonl` is a mirror as version N of the Ledger wrote it, `vN.tables.json` what that version's
tables held. Neither is made anew once it was released. A later migration may add columns and tables.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, rebuild
from metaensemble.engine.ledger.connection import DATABASE
from metaensemble.engine.ledger.migrations import MIGRATIONS

HISTORIES = Path(__file__).parents[2] / "fixtures" / "ledger"
VERSIONS = [migration.number for migration in MIGRATIONS]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("how", ["adopted", "rebuilt"])
def test_a_history_gives_the_tables_that_it_gave_when_it_was_written(
    tmp_path: Path, version: int, how: str
) -> None:
    shutil.copyfile(HISTORIES / f"v{version}.jsonl", tmp_path / "runs.jsonl")
    before = (tmp_path / "runs.jsonl").read_bytes()
    if how == "rebuilt":
        rebuild(tmp_path)
    with Ledger.open(tmp_path) as ledger:
        assert ledger.head().seq == before.count(b"\n")
        assert ledger.verify().is_clean
        tables = json.loads((HISTORIES / f"v{version}.tables.json").read_text("utf-8"))
        for table, held in tables.items():
            columns = ", ".join(held["columns"])
            rows = [list(row) for row in ledger.connection.execute(f"SELECT {columns} FROM {table}")]
            assert sorted(rows, key=repr) == held["rows"], table
    assert (tmp_path / "runs.jsonl").read_bytes() == before
    assert (tmp_path / DATABASE).exists()


def test_a_history_exists_for_every_version() -> None:
    names = {path.name for path in HISTORIES.iterdir()}
    assert names == {name for v in VERSIONS for name in (f"v{v}.jsonl", f"v{v}.tables.json")}
