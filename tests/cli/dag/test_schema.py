from __future__ import annotations

from support.command_line import Shell


def test_the_whole(me: Shell) -> None:
    answer = me("dag", "schema")
    assert answer.code == 0
    assert "keys of the file" in answer.out
    assert me("dag", "schema", "--json").json["type"] == "object"


def test_a_part(me: Shell) -> None:
    assert me("dag", "schema", "tasks.retry").out.startswith("tasks.retry\n")
    assert me("dag", "schema", "tasks.retry", "--json").json["path"] == "tasks.retry"


def test_an_unknown_path(me: Shell) -> None:
    answer = me("dag", "schema", "tasks.rety")
    assert answer.code == 2
    assert "did you mean `retry`?" in answer.err
