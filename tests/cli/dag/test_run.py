from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.command_line import Shell
from support.program import path_with_me


def test_ok(me: Shell, sample: str, tmp_path: Path) -> None:
    answer = me("dag", "run", sample)
    assert answer.code == 0, answer.err
    assert answer.out == ""
    lines = answer.err.splitlines()
    assert re.fullmatch(r"running sample: 4 nodes, DAG run [0-9a-f-]{36}", lines[0])
    assert [line.split()[:2] for line in lines[1:5]] == [
        ["ok", "fetch"],
        ["skipped", "right"],
        ["ok", "left"],
        ["ok", "merge"],
    ] or {line.split()[1] for line in lines[1:5]} == {"fetch", "left", "right", "merge"}
    assert "sample: ok, 4 nodes in" in answer.err
    assert "  report.md  (merge)" in answer.err
    assert "me dag resume" not in answer.err
    assert (tmp_path / "report.md").read_text() == "# Report\n"


def test_failed(me: Shell, broken: str) -> None:
    answer = me("dag", "run", broken)
    assert answer.code == 1
    assert "broken: failed, 3 nodes" in answer.err
    assert "failed bad [exit_status]" in answer.err
    (run_id,) = set(re.findall(r"me dag resume ([0-9a-f-]{36})", answer.err))
    assert f"me dag logs {run_id} bad" in answer.err


def test_json_is_the_one_thing_on_stdout(me: Shell, broken: str) -> None:
    answer = me("dag", "run", broken, "--json")
    assert answer.code == 1
    report = answer.json
    assert report["state"] == "failed"
    assert {node["id"]: node["state"] for node in report["nodes"]} == {
        "good": "ok",
        "bad": "failed",
        "after": "blocked",
    }
    assert report["nodes"][1]["attempts"][0]["exit_status"] == 7


def test_quiet(me: Shell, sample: str) -> None:
    answer = me("dag", "run", sample, "--quiet")
    assert (answer.code, answer.out, answer.err) == (0, "", "")


def test_quiet_still_says_what_failed(me: Shell, broken: str) -> None:
    answer = me("dag", "run", broken, "--quiet")
    assert answer.code == 1
    assert answer.err.startswith("broken: failed")


def test_parameters_reach_the_graph(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--param", "who=you = me", "--quiet")
    assert me("dag", "logs", "0", "fetch").out == "hello you = me\n"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("tasks: {a: {run: echo, needs: [a]}}\n", "ME302"),
        ("tasks: {a: {run: echo, budget: {usd: 1.0}}}\n", "ME501"),
        ("tasks: {a: {run: [no-such-program-anywhere]}}\n", "ME52"),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_written(
    me: Shell, tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "graph.yaml").write_text(text)
    answer = me("dag", "run", "graph.yaml")
    assert answer.code == 2
    assert f"error[{code}" in answer.err
    assert list((tmp_path / ".metaensemble").iterdir()) == []


def test_a_missing_file(me: Shell) -> None:
    answer = me("dag", "run", "missing.yaml", "--json")
    assert answer.code == 2
    assert answer.json["errors"][0]["code"].startswith("ME1")


def test_ctrl_c_stops_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    os.mkfifo(tmp_path / "started")
    (tmp_path / "graph.yaml").write_text(
        "tasks:\n"
        "  slow: {run: 'echo now > started; exec sleep 60'}\n"
        "  after: {run: echo never, needs: [slow]}\n"
    )
    command = ["me", "dag", "run", "graph.yaml", "--json"]
    path = path_with_me(tmp_path / "bin")
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert (tmp_path / "started").read_text() == "now\n", "the fifo waits until the task has begun"
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=50)
    assert running.returncode == 130, err
    assert json.loads(out)["state"] == "interrupted"
    assert re.search(r"me dag resume [0-9a-f-]{36}", err)
    assert "Traceback" not in err
