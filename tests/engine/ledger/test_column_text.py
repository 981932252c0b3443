from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, export, queries
from metaensemble.engine.ledger.column_text import from_column, json_column, to_column
from support.ledger import DAG_RUN, dag_run_created, finished, started

CAFE = os.fsdecode(b"caf\xe9")
TEXTS = [
    "",
    "plain",
    "größe 日本 🐦",
    '"quoted"',
    r"\udce9 as it stands",
    CAFE,
    "\ud800",
    "\udcff\ud83d",
    '"\udcff"',
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE TABLE t (x TEXT)")
        db.execute("INSERT INTO t VALUES (?)", (to_column(text),))
        stored, kind = db.execute("SELECT x, typeof(x) FROM t").fetchone()
    db.close()
    assert from_column(stored) == text
    assert (kind == "text") is (text.encode("utf-8", "ignore").decode() == text)


def test_two_texts_are_never_stored_alike() -> None:
    assert len({to_column(text) for text in TEXTS}) == len(TEXTS)


@pytest.mark.parametrize("value", [None, 3, 2.5, b"\x00\xff"])
def test_what_is_no_text_is_left_alone(value: object) -> None:
    assert to_column(value) is value


def test_a_json_column_is_text_whatever_it_holds() -> None:
    assert json_column(None) is None
    assert json_column({CAFE: ["ü", CAFE]}) == r'{"caf\udce9":["ü","caf\udce9"]}'


def test_such_names_in_every_kind_of_record(tmp_path: Path) -> None:
    records = [
        dag_run_created(name=CAFE, source=f"/{CAFE}/g.yaml", project=f"/{CAFE}", params={CAFE: CAFE}),
        started("r1"),
        finished(
            "r1", outcome="failed", failure_reason="other", reason=CAFE, node_state="failed", node_reason=CAFE
        ),
    ]
    with Ledger.open(tmp_path) as ledger:
        ledger.append(records)
        assert ledger.append(records) == [1, 2, 3], "the same again is no other record"
        row = queries.dag_run_by_id(ledger, DAG_RUN)
        assert row is not None
        assert (row.name, row.source, row.project, row.params) == (
            CAFE,
            f"/{CAFE}/g.yaml",
            f"/{CAFE}",
            {CAFE: CAFE},
        )
        (run,) = queries.runs_of_node(ledger, DAG_RUN, "a")
        assert run.reason == CAFE
        assert [node.reason for node in queries.nodes_of_dag_run(ledger, DAG_RUN)] == [CAFE, ""]
        ledger.mirror.catch_up()
        assert ledger.verify().is_clean
        (exported,) = [json.loads(line) for line in export(ledger, "dag_runs")]
        assert exported["source"] == f"/{CAFE}/g.yaml"
        assert f"/{CAFE}/g.yaml" in "".join(export(ledger, "dag_runs", "csv"))
    for line in (tmp_path / "runs.jsonl").read_bytes().splitlines():
        json.loads(line.decode("utf-8"))


def test_nothing_is_called_by_such_a_name(tmp_path: Path) -> None:
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created()])
        assert queries.find_dag_run(ledger, CAFE) is None
        assert queries.find_run(ledger, CAFE) is None
        assert queries.generations_of_node(ledger, DAG_RUN, CAFE) == []
