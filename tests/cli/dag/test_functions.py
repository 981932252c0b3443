from __future__ import annotations

from support.command_line import Shell


def test_all_are_listed(me: Shell) -> None:
    answer = me("dag", "functions")
    assert answer.code == 0
    assert "tasks.ID.output" in answer.out
    known = me("dag", "functions", "--json").json
    assert {function["form"] for function in known} >= {"reference", "function", "filter"}
    assert all(function["name"] in answer.out for function in known)
