from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from metaensemble.engine.ledger import EXPORT_TABLES, Ledger, Record, export
from support.full_run import FULL_RUN
from support.ledger import DAG_RUN, dag_run_created, started


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path) as opened:
        opened.append([dag_run_created(), started("r1"), Record("attempt.finished", "r1", DAG_RUN, FULL_RUN)])
        opened.append(
            [started("r2", "b"), Record("attempt.finished", "r2", DAG_RUN, FULL_RUN | {"reason": 'a\n"b",'})]
        )
        yield opened


def test_one_object_per_line(ledger: Ledger) -> None:
    rows = [json.loads(line) for line in "".join(export(ledger)).splitlines()]
    assert [row["run_id"] for row in rows] == ["r1", "r2"]
    assert rows[0]["tool_use"] == FULL_RUN["tool_use"]
    assert rows[0]["cost_usd"] == FULL_RUN["cost_usd"]


def test_one_array(ledger: Ledger) -> None:
    rows = json.loads("".join(export(ledger, "nodes", "json")))
    assert [row["node_id"] for row in rows] == ["a", "b"]
    assert json.loads("".join(export(ledger, "approvals", "json"))) == []


def test_csv_with_a_header(ledger: Ledger) -> None:
    rows = list(csv.DictReader(io.StringIO("".join(export(ledger, "runs", "csv")), newline="")))
    assert [row["reason"] for row in rows] == [FULL_RUN["reason"], 'a\n"b",']
    assert json.loads(rows[0]["deliverable_ref"]) == FULL_RUN["deliverable_ref"]


def test_the_journal_with_its_hashes(ledger: Ledger) -> None:
    rows = [json.loads(line) for line in export(ledger, "journal")]
    assert rows[-1]["hash"] == ledger.head().hash
    assert rows[0]["payload"]["name"] == "graph"


@pytest.mark.parametrize("table", EXPORT_TABLES)
@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_every_table_in_every_form(ledger: Ledger, table: str, form: str) -> None:
    assert isinstance("".join(export(ledger, table, form)), str)  # type: ignore[arg-type]


def test_it_streams(ledger: Ledger) -> None:
    assert next(iter(export(ledger, "runs", "jsonl"))).count("\n") == 1


@pytest.mark.parametrize(("table", "form"), [("sqlite_master", "json"), ("runs", "xml")])
def test_what_is_not_known_is_refused_before_the_first_row(ledger: Ledger, table: str, form: str) -> None:
    with pytest.raises(ValueError, match="there are"):
        export(ledger, table, form)  # type: ignore[arg-type]
