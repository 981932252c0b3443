from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from support.command_line import Shell


@pytest.fixture
def ran(me: Shell, broken: str) -> dict[str, str]:
    """Run ids by node of a DAG run that failed."""
    report = me("dag", "run", broken, "--json").json
    return {node["id"]: node["attempts"][0]["run_id"] for node in report["nodes"] if node["attempts"]}


def test_recent(me: Shell, ran: dict[str, str]) -> None:
    answer = me("ledger", "recent")
    assert answer.code == 0
    head, *rows = answer.out.splitlines()
    assert head.split() == ["Run", "node", "attempt", "outcome", "took", "ended"]
    assert [row.split()[:3] for row in rows] == [[ran["bad"], "bad", "1"], [ran["good"], "good", "1"]]
    assert rows[0].split()[3] == "exit_status"
    assert len(me("ledger", "recent", "-n", "1").out.splitlines()) == 2


def test_recent_for_programs(me: Shell, ran: dict[str, str]) -> None:
    rows = me("ledger", "recent", "--json").json
    assert [row["run_id"] for row in rows] == [ran["bad"], ran["good"]]
    table = list(csv.DictReader(io.StringIO(me("ledger", "recent", "--csv").out)))
    assert [row["run_id"] for row in table] == [ran["bad"], ran["good"]]
    assert set(table[0]) == set(rows[0])


def test_nothing_recorded_yet(me: Shell) -> None:
    answer = me("ledger", "recent")
    assert (answer.code, answer.out, answer.err) == (0, "", "no Run is recorded yet\n")
    assert me("ledger", "recent", "--json").json == []


def test_one_run(me: Shell, ran: dict[str, str]) -> None:
    answer = me("ledger", "run", ran["bad"])
    assert answer.code == 0
    assert "exit_status" in answer.out
    found = me("ledger", "run", ran["bad"], "--json").json
    assert (found["node_id"], found["outcome"], found["failure_reason"]) == ("bad", "failed", "exit_status")
    assert me("ledger", "run", ran["bad"], "--csv").out.count("\n") == 2


def test_an_unknown_run(me: Shell, ran: dict[str, str]) -> None:
    for args in (["ffff"], ["ffff", "--json"]):
        answer = me("ledger", "run", *args)
        assert answer.code == 2
        assert "error[ME542]" in answer.err


def test_head_and_verify(me: Shell, ran: dict[str, str]) -> None:
    head = me("ledger", "head").out.strip()
    seq, _, digest = head.partition(":")
    assert me("ledger", "head", "--json").json == {"seq": int(seq), "hash": digest}
    answer = me("ledger", "verify", "--head", head)
    assert answer.code == 0
    assert answer.out.startswith(f"clean: {seq} records, ")
    assert me("ledger", "verify", "--json").json["clean"] is True


def test_a_head_from_elsewhere_is_found_out(me: Shell, ran: dict[str, str]) -> None:
    answer = me("ledger", "verify", "--head", f"1:{'0' * 64}")
    assert answer.code == 3
    assert answer.out.startswith("head: ")
    assert "error[ME707]" in answer.err
    wrong = me("ledger", "verify", "--head", f"1:{'0' * 64}", "--json")
    assert wrong.code == 3
    assert wrong.json["clean"] is False


def test_rebuild(me: Shell, ran: dict[str, str], tmp_path: Path) -> None:
    head = me("ledger", "head").out
    (tmp_path / ".metaensemble" / "state" / "department.db").unlink()
    answer = me("ledger", "rebuild")
    assert answer.code == 0
    assert " from the mirror, 0 from the database\n" in answer.err
    assert me("ledger", "head").out == head
    done = me("ledger", "rebuild", "--json").json
    assert done["head"]["seq"] == int(head.partition(":")[0])


def test_export(me: Shell, ran: dict[str, str], tmp_path: Path) -> None:
    lines = [json.loads(line) for line in me("ledger", "export").out.splitlines()]
    assert [row["run_id"] for row in lines] == [ran["good"], ran["bad"]]
    assert me("ledger", "export", "-f", "json").json == lines
    answer = me("ledger", "export", "--table", "nodes", "-f", "csv", "-o", "nodes.csv")
    assert (answer.code, answer.out) == (0, "")
    with (tmp_path / "nodes.csv").open(newline="") as file:
        assert [row["node_id"] for row in csv.DictReader(file)] == ["after", "bad", "good"]


def test_every_table_can_be_exported(me: Shell, ran: dict[str, str]) -> None:
    from metaensemble.cli.ledger.export import Table
    from metaensemble.engine.ledger.exporting import EXPORT_TABLES

    assert {table.value for table in Table} == set(EXPORT_TABLES)
    for table in Table:
        assert me("ledger", "export", "--table", table.value).code == 0


@pytest.mark.parametrize("command", ["head", "verify", "rebuild", "export"])
def test_without_a_ledger(me: Shell, command: str) -> None:
    answer = me("ledger", command)
    assert answer.code == 3
    assert "error[ME710]" in answer.err
