from __future__ import annotations

from pathlib import Path

from support.command_line import Shell

ONE = """\
name: one
params: {n: {type: integer, default: 1}}
tasks:
  a: {run: echo a}
  b: {run: "echo ${{ params.n }}", needs: [a], retry: {max: 1}}
"""
TWO = """\
name: one
params: {n: {type: integer, default: 2}}
tasks:
  b: {run: "echo ${{ params.n }}", retry: {max: 3}}
  c: {run: echo c}
"""


def test_two_files(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "two.yaml").write_text(TWO)
    answer = me("dag", "diff", "one.yaml", "two.yaml")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "params.n.default: 1 -> 2",
        "- a",
        "~ b",
        '    needs: ["a"] -> (none)',
        "    retry.max: 1 -> 3",
        "+ c",
    ]
    assert answer.err == "tasks: 1 added, 1 removed, 1 changed\n"
    found = me("dag", "diff", "one.yaml", "two.yaml", "--json").json
    assert [(entry["id"], entry["kind"]) for entry in found["entries"]] == [
        ("a", "removed"),
        ("b", "changed"),
        ("c", "added"),
    ]


def test_the_same_file_differs_in_nothing(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    answer = me("dag", "diff", "one.yaml", "one.yaml")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "the two graphs do not differ\n"


def test_two_dag_runs(me: Shell, tmp_path: Path) -> None:
    graph = "tasks:\n  a: {run: cat data}\n  b: {run: echo same, needs: [a]}\n  c: {run: test -e data}\n"
    (tmp_path / "graph.yaml").write_text(graph)
    (tmp_path / "data").write_text("old")
    first = me("dag", "run", "graph.yaml", "--json", "-q").json["dag_run_id"]
    (tmp_path / "data").unlink()
    second = me("dag", "run", "graph.yaml", "--json", "-q").json["dag_run_id"]
    lines = me("dag", "diff", first, second).out.splitlines()
    assert "state: ok -> failed" in lines
    assert "~ a" in lines
    assert "    state: ok -> failed" in lines
    assert "    output: old -> (none)" in lines
    assert "    failure_reason: (none) -> exit_status" in lines
    assert "    state: ok -> blocked" in lines


def test_a_file_and_a_dag_run_cannot_be_compared(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    answer = me("dag", "diff", "one.yaml", "01a2")
    assert answer.code == 2
    assert "`one.yaml` is a file and `01a2` is not" in answer.err


def test_a_broken_file_is_told(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(ONE)
    (tmp_path / "two.yaml").write_text("tasks: {a: {rum: echo}}")
    answer = me("dag", "diff", "one.yaml", "two.yaml")
    assert answer.code == 2
    assert "did you mean `run`?" in answer.err


def test_a_file_that_is_not_there_is_told(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("tasks: {a: {run: 'true'}}\n")
    answer = me("dag", "diff", "a.yaml", "none.yaml")
    assert answer.code == 2
    assert "error[ME101]: there is no file `none.yaml`" in answer.err
