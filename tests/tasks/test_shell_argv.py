"""Values in lists of words: refused where the program that the list names takes a word as code."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from metaensemble import api
from metaensemble.schemas.errors import ExpressionInCode
from metaensemble.tasks.expression.analysis import Problem
from metaensemble.tasks.shell_argv import argv_problems

PAIRS: list[tuple[list[str], list[str]]] = [
    (["sh", "-c", "echo ${{ a }}"], ["sh", "-c", 'echo "$1"', "sh", "${{ a }}"]),
    (["/bin/bash", "-lc", "${{ a }}"], ["/bin/bash", "run.sh", "-lc", "${{ a }}"]),
    (["sudo", "-u", "x", "sh", "-c", "${{ a }}"], ["sudo", "-u", "${{ a }}", "sh", "-c", "ls"]),
    (["env", "X=1", "dash", "-ec", "${{ a }}"], ["env", "X=${{ a }}", "dash", "-ec", 'echo "$X"']),
    (["timeout", "5", "zsh", "-c", "${{ a }}"], ["timeout", "${{ a }}", "zsh", "-c", "ls"]),
    (["nice", "nohup", "setsid", "sh", "-c", "${{ a }}"], ["nice", "nohup", "setsid", "ls", "${{ a }}"]),
    (["xargs", "sh", "-c", "${{ a }}"], ["xargs", "ls", "${{ a }}"]),
    (["busybox", "sh", "-c", "${{ a }}"], ["busybox", "cat", "${{ a }}"]),
    (["fish", "-c", "${{ a }}"], ["fish", "run.fish", "${{ a }}"]),
    (["docker", "run", "x", "sh", "-c", "${{ a }}"], ["docker", "run", "x", "${{ a }}"]),
    (["find", ".", "-exec", "sh", "-c", "${{ a }}", ";"], ["find", ".", "-name", "${{ a }}"]),
    (["ssh", "host", "ls", "${{ a }}"], ["ssh", "${{ a }}", "ls"]),
    (["su", "root", "-c", "${{ a }}"], ["su", "${{ a }}", "-c", "ls"]),
    (["watch", "ls", "${{ a }}"], ["watch", "-x", "ls", "${{ a }}"]),
    (["env", "-S", "ls ${{ a }}"], ["env", "ls", "${{ a }}"]),
    (["python3", "-c", "print(${{ a }})"], ["python3", "-c", "import sys", "${{ a }}"]),
    (["perl", "-ne", "print ${{ a }}", "f"], ["perl", "-ne", "print", "${{ a }}"]),
    (["ruby", "-e", "puts ${{ a }}"], ["ruby", "run.rb", "-e", "${{ a }}"]),
    (["node", "-e", "${{ a }}"], ["node", "run.js", "${{ a }}"]),
    (["awk", "{ print ${{ a }} }"], ["awk", "-v", "x=${{ a }}", "{ print x }"]),
    (["sed", "-n", "${{ a }}p"], ["sed", "-n", "1p", "${{ a }}"]),
    (["sh", "-c", "echo $0 ${{ a }}", "${{ b }}"], ["${{ a }}", "-c", "${{ b }}"]),
]


def problems_of(argv: list[Any]) -> list[Problem]:
    return [problem for _, problem in argv_problems(argv)]


@pytest.mark.parametrize(("refused", "allowed"), PAIRS, ids=" ".join)
def test_code_is_refused_and_the_nearest_data_is_not(refused: list[str], allowed: list[str]) -> None:
    assert [problem.error for problem in problems_of(refused)] == [ExpressionInCode]
    assert problems_of(allowed) == []


@pytest.mark.parametrize("refused", [refused for refused, _ in PAIRS], ids=" ".join)
def test_a_list_in_the_hint_is_itself_accepted(refused: list[str]) -> None:
    (problem,) = problems_of(refused)
    hint = str(problem.hint)
    if "`[" in hint:
        fixed = yaml.safe_load(hint[hint.index("`[") + 1 : hint.rindex("]`") + 1])
        assert all(isinstance(word, str) for word in fixed)
        assert problems_of(fixed) == []


@pytest.mark.parametrize(
    ("argv", "fixed"),
    [
        (["sh", "-c", "echo ${{ a }}"], ["sh", "-c", 'echo "$1"', "sh", "${{ a }}"]),
        (["sh", "-c", 'echo "x ${{ a }}"'], ["sh", "-c", 'echo "x $1"', "sh", "${{ a }}"]),
        (
            ["timeout", "5", "bash", "-ec", "ls ${{ a }} '-l' ${{ b }}"],
            ["timeout", "5", "bash", "-ec", 'ls "$1" \'-l\' "$2"', "bash", "${{ a }}", "${{ b }}"],
        ),
        (["sh", "-c", "true; x=${{ a }}; echo $x"], ["sh", "-c", 'true; x="$1"; echo $x', "sh", "${{ a }}"]),
    ],
)
def test_the_hint_has_the_list_itself_mended(argv: list[str], fixed: list[str]) -> None:
    hint = str(problems_of(argv)[0].hint)
    assert yaml.safe_load(hint.split("`")[1]) == fixed


@pytest.mark.parametrize(
    "code", ["echo $1 ${{ a }}", "set -- x; echo ${{ a }}", "echo '${{ a }}'", "${{ a }}", "ls\nls ${{ a }}"]
)
def test_a_list_that_cannot_be_mended_gets_the_usual_hint(code: str) -> None:
    for problem in problems_of(["sh", "-c", code]):
        assert '`[sh, -c, \'echo "$1"\', sh, "${{ a }}"]`' in str(problem.hint)


def test_what_is_no_text_is_not_known() -> None:
    assert problems_of(["sh", "-c", 5, ["x"], "${{ a }}"]) == []
    assert problems_of(["sh", "-c", "open ${{ a"]) == []
    assert problems_of([]) == []


@pytest.mark.parametrize("value", ["$(touch owned)", "; touch owned", '"; touch owned; "', "a b"])
def test_the_mended_list_hands_on_what_the_other_would_run(value: str, tmp_path: Path) -> None:
    argv = ["sh", "-c", 'printf %s "${{ a }}"']
    mended = yaml.safe_load(str(problems_of(argv)[0].hint).split("`")[1])

    def run(words: list[str]) -> bytes:
        put_in = [word.replace("${{ a }}", value) for word in words]
        return subprocess.run(put_in, cwd=tmp_path, capture_output=True, check=False).stdout

    assert run(mended) == value.encode()
    assert not (tmp_path / "owned").exists()
    if value in ("$(touch owned)", '"; touch owned; "'):
        run(argv)
        assert (tmp_path / "owned").exists()


def test_setup_and_checks_are_looked_at_too(tmp_path: Path) -> None:
    graph = tmp_path / "graph.yaml"
    graph.write_text(
        """
version: 1
name: x
params: {x: {default: y}}
tasks:
  a:
    run: ["true"]
    setup: [sh, -c, "ls ${{ params.x }}"]
    checks: [[sh, -c, "ls ${{ params.x }}"], [ls, "${{ params.x }}"], 'sh -c "${{ params.x }}"']
""",
        encoding="utf-8",
    )
    errors = api.check(graph)
    assert [error.code for error in errors] == ["ME428"] * 3
    assert [error.where for error in errors] == [
        ("tasks", "a", "setup", 2),
        ("tasks", "a", "checks", 0, 2),
        ("tasks", "a", "checks", 2),
    ]
