from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from metaensemble.engine.ledger import Ledger
from metaensemble.engine.ledger.lock import DagRunLock
from support.command_line import Shell
from support.ledger import DAG_RUN, dag_run_created, started


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


def test_a_file_that_is_gone_is_told(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    Path(sample).unlink()
    assert me("dag", "status").out.count("the graph file is gone; the DAG run keeps the one") == 1
    assert me("dag", "status", "--json").json["source_gone"]


def test_earlier_generations(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    me("dag", "resume", "--quiet")
    rows = [line.split()[:4] for line in me("dag", "status", "--all").out.splitlines()]
    at = rows.index(["node", "generation", "state", "attempts"])
    assert rows[at + 1 : at + 6] == [
        ["good", "0", "ok", "1"],
        ["bad", "0", "failed", "1"],
        ["bad", "1", "failed", "1"],
        ["after", "0", "blocked", "0"],
        ["after", "1", "blocked", "0"],
    ]
    assert "generation" not in me("dag", "status").out
    report = me("dag", "status", "--json").json
    assert [(node["id"], node["generation"]) for node in report["earlier"]] == [("bad", 0), ("after", 0)]
    assert report["earlier"][0]["attempts"][0]["exit_status"] == 7
    assert report["nodes"][1]["started_ms"] == report["nodes"][1]["attempts"][0]["started_ms"]


def test_how_long_it_has_been_running(me: Shell, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / ".metaensemble" / "state", now_ms=lambda: 1_700_000_000_000) as ledger:
        ledger.append([dag_run_created(), started("run-1")])
        with DagRunLock(ledger.state, DAG_RUN):
            answer = me("dag", "status")
            listed = me("dag", "list")
        lost = me("dag", "status")
    assert re.search(
        r"^graph: running, 2 nodes for \d+d \d\dh \(1 pending, 1 running\)$", answer.out, re.MULTILINE
    )
    assert re.search(r"^a +running +1 +\d+d \d\dh$", answer.out, re.MULTILINE)
    assert re.search(r"^b +pending +0$", answer.out, re.MULTILINE)
    assert re.search(r" running +0/2 .* \d+d \d\dh  ", listed.out)
    assert re.search(r"^a +running +1$", lost.out, re.MULTILINE), "nobody drives it, and nobody knows"
    assert "graph: interrupted, 2 nodes (" in lost.out


def test_what_a_pattern_decided_is_its_why(me: Shell, write: Callable[[str], str]) -> None:
    graph = """\
tasks:
  review:
    run: 'echo "{\\"verdict\\": \\"ok\\"}"'
    output: {as: json, schema: {type: object, properties: {verdict: {enum: [ok, bad]}}}}
    pattern: {consensus: {n: 5, vote: verdict}}
  lint:
    run: ["true"]
    pattern: {shadow: {shadows: [{run: ["false"]}]}}
"""
    assert me("dag", "run", write(graph), "--quiet").code == 0
    lines = {line.split()[0]: line.split() for line in me("dag", "status").out.splitlines() if line}
    assert lines["review"] == ["review", "ok", "0", "decided", "3:0", "of", "5"]
    assert lines["lint"] == ["lint", "ok", "0"]


def test_outputs_in_words_cannot_change_the_terminal(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "say.sh").write_text("printf 'one\\ntwo\\033[31m'\n")
    (tmp_path / "g.yaml").write_text(
        "version: 1\nname: g\ntasks:\n  a: {run: sh say.sh}\n  b: {run: [echo, '[1]'], output: {as: json}}\n"
    )
    assert me("dag", "run", "g.yaml", "--quiet").code == 0
    told = me("dag", "status", "--outputs").out
    assert "\na:\none\ntwo\ufffd[31m\n\nb:\n[\n  1\n]\n" in told
