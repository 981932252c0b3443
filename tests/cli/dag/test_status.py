from __future__ import annotations

from pathlib import Path

from support.command_line import Shell


def test_a_failed_dag_run(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "status")
    assert answer.code == 0
    assert answer.err == ""
    lines = answer.out.splitlines()
    assert lines[0].startswith("broken: failed, 3 nodes in ")
    assert lines[1].startswith("DAG run 0")
    rows = [line.split() for line in lines if line.split()[:1] in (["good"], ["bad"], ["after"])]
    assert [row[:3] for row in rows] == [
        ["good", "ok", "1"],
        ["bad", "failed", "1"],
        ["after", "blocked", "0"],
    ]
    assert "[exit_status]" in answer.out
    assert lines[-1].startswith("go on with: me dag resume 0")


def test_an_ok_one_needs_no_resume(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    assert "me dag resume" not in me("dag", "status").out


def test_json_with_outputs(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    nodes = {node["id"]: node for node in me("dag", "status", "--json", "--outputs").json["nodes"]}
    assert nodes["fetch"]["output"] == "hello world"
    assert nodes["left"]["output"] == "left of hello world"
    assert nodes["merge"]["deliverable"] == "report.md"
    assert nodes["right"]["state"] == "skipped"
    nodes = {node["id"]: node for node in me("dag", "status", "--json").json["nodes"]}
    assert nodes["fetch"]["output"] is None


def test_a_changed_file_is_told(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    with Path(sample).open("a") as file:
        file.write("# changed\n")
    assert "the graph file has changed since" in me("dag", "status").out


def test_an_ambiguous_beginning(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "status", "0")
    assert answer.code == 2
    assert "error[ME538]" in answer.err
