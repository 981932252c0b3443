from __future__ import annotations

from support.command_line import Shell


def test_nothing_yet(me: Shell) -> None:
    answer = me("dag", "list")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "no DAG run yet: `me dag run FILE` makes one\n"
    assert me("dag", "list", "--json").json == []


def test_newest_first(me: Shell, sample: str) -> None:
    ids = [me("dag", "run", sample, "--json").json["dag_run_id"] for _ in range(3)]
    answer = me("dag", "list", "--limit", "2")
    assert answer.code == 0
    head, *rows = answer.out.splitlines()
    assert head.split() == ["DAG", "run", "name", "state", "ok", "started", "took", "source"]
    assert [row.split()[:4] for row in rows] == [
        [ids[2], "sample", "ok", "3/4"],
        [ids[1], "sample", "ok", "3/4"],
    ]
    assert [entry["dag_run_id"] for entry in me("dag", "list", "--json").json] == ids[::-1]
