from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.command_line import Shell


def test_the_table(me: Shell, sample: str, tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    answer = me("dag", "plan", sample, "-c", "3")
    assert answer.code == 0
    golden("cli/plan.txt", f"{answer.out}---\n{answer.err}")
    assert list((tmp_path / ".metaensemble").iterdir()) == [], "a plan touches nothing"


def test_json(me: Shell, sample: str) -> None:
    plan = me("dag", "plan", sample, "--json", "--param", "who=you").json
    assert [node["id"] for node in plan["nodes"]] == ["fetch", "left", "right", "merge"]
    assert plan["params"] == {"who": "you"}
    assert plan["levels"] == 3


def test_keys_that_run_refuses_are_named(me: Shell, later: str) -> None:
    answer = me("dag", "plan", later)
    assert answer.code == 0
    assert "refused by run" in answer.out
    assert "`me dag run` refuses this graph: `prompt` and `role` are not built yet" in answer.err


def test_an_unknown_parameter(me: Shell, sample: str) -> None:
    answer = me("dag", "plan", sample, "--param", "woh=you")
    assert answer.code == 2
    assert "error[ME510]" in answer.err
    assert "did you mean `who`?" in answer.err


def test_pools_of_a_graph_whose_results_are_kept(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(
        "concurrency: {pools: {db: 1, command: 1}}\n"
        "tasks:\n  a: {pool: db, run: echo 1, reads: []}\n  b: {pool: db, run: echo 2, reads: []}\n"
    )
    answer = me("dag", "plan", "graph.yaml")
    assert (answer.code, answer.err.count("error")) == (0, 0)
    assert [node["action"] for node in me("dag", "plan", "graph.yaml", "--json").json["nodes"]] == [
        "run",
        "run",
    ]
