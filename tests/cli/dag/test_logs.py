from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import Shell
from support.program import path_with_me, run_sh


@pytest.mark.parametrize(
    ("stream", "text"),
    [("stdout", "so far\n"), ("stderr", "no good\n"), ("both", "so far\nno good\n")],
)
def test_streams(me: Shell, broken: str, stream: str, text: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "logs", "0", "bad", "--stream", stream)
    assert (answer.code, answer.out, answer.err) == (0, text, "")


def test_attempts(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(
        "tasks:\n"
        "  a: {run: 'echo x >> n; wc -l < n; test $(wc -l < n) = 2', retry: {max: 3, backoff: 1ms..2ms}}\n"
    )
    assert me("dag", "run", "graph.yaml", "--quiet").code == 0
    assert me("dag", "logs", "0", "a").out.strip() == "2"
    assert me("dag", "logs", "0", "a", "--attempt", "1").out.strip() == "1"
    answer = me("dag", "logs", "0", "a", "--attempt", "7")
    assert answer.code == 2
    assert "error[ME543]" in answer.err


def test_bytes_arrive_as_they_were(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text(
        "tasks: {a: {run: \"printf 'a\\\\000\\\\377b'\", output: {as: text}}}\n"
    )
    path = path_with_me(tmp_path / "bin")
    run_sh("me dag run graph.yaml; me dag logs 0 a >out", path=path, cwd=tmp_path)
    assert (tmp_path / "out").read_bytes() == b"a\0\xffb"


def test_an_unknown_node(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "logs", "0", "goood")
    assert answer.code == 2
    assert "error[ME540]" in answer.err
    assert "did you mean `good`?" in answer.err


def test_a_node_that_never_ran(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    assert "error[ME543]" in me("dag", "logs", "0", "after").err


TRIES = "tasks:\n  a: {run: 'echo try >> n; wc -l < n; test $(wc -l < n) = 3'}\n"


def test_earlier_generations(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(TRIES)
    assert me("dag", "run", "graph.yaml", "--quiet").code == 1
    assert me("dag", "resume", "--quiet").code == 1
    assert me("dag", "resume", "--quiet").code == 0
    assert me("dag", "logs", "0", "a").out.strip() == "3"
    for generation in range(3):
        answer = me("dag", "logs", "0", "a", "--generation", str(generation), "--attempt", "1")
        assert (answer.code, answer.out.strip()) == (0, str(generation + 1))
    answer = me("dag", "logs", "0", "a", "--generation", "3")
    assert answer.code == 2
    assert "error[ME543]: node `a` has no generation 3" in answer.err
    assert "its generations: 0, 1, 2" in answer.err
    assert "error[ME543]" in me("dag", "logs", "0", "a", "--generation", "1", "--attempt", "2").err
