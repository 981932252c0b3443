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
    assert "`me dag run` refuses this graph: `budget` and `estimate` are not built yet" in answer.err


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


def test_a_pattern_tells_its_calls_and_whom_it_holds(me: Shell, write: Callable[[str], str]) -> None:
    graph = """\
tasks:
  review:
    run: ./review
    output: {as: json, schema: {type: object, properties: {verdict: {enum: [ok, bad]}}}}
    pattern: {consensus: {n: 5, vote: verdict}}
"""
    said = me("dag", "plan", write(graph))
    assert said.code == 0
    assert "pattern: consensus of" in said.out
    (calls,) = [line for line in said.err.splitlines() if line.startswith("calls")]
    assert calls.startswith("calls of review, consensus of 5: 3.63 expected, 5 at most (two values, each")
    assert [
        node["id"] for node in me("dag", "plan", "graph.yaml", "--json").json["nodes"] if node["held"]
    ] == [
        "review.4",
        "review.5",
    ]
    (line,) = [line for line in said.out.splitlines() if "review.4 " in line and "command" in line]
    assert "held until `verdic" in line


def test_of_many_patterns_some_are_spoken_of(me: Shell, write: Callable[[str], str]) -> None:
    tasks = "".join(f"  t{n}: {{run: [./look], pattern: {{fanout: {{n: 2}}}}}}\n" for n in range(7))
    said = me("dag", "plan", write(f"tasks:\n{tasks}")).err.splitlines()
    assert sum(line.startswith("calls of t") for line in said) == 5
    assert "and 2 more patterns; --json has their calls" in said
