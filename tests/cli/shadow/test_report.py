from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Shell

LINT = """\
name: lint
params:
  files: {type: json, default: [a, b, c, d]}
tasks:
  check:
    each: ${{ params.files }}
    key: ${{ item }}
    run: ["sh", "check.sh", "${{ item }}"]
    pattern:
      shadow:
        shadows:
          - {name: strict, run: ["sh", "strict.sh", "${{ item }}"]}
          - {name: fast, run: ["true"]}
"""


@pytest.fixture
def lint(tmp_path: Path, write: Callable[[str], str]) -> str:
    (tmp_path / "check.sh").write_text("exit 0\n")
    (tmp_path / "strict.sh").write_text('[ "$1" != b ]\n')
    return write(LINT)


def without_times(text: str) -> str:
    return re.sub(r"(duration +).*", r"\1T", text)


def test_nothing_yet(me: Shell) -> None:
    answer = me("shadow", "report")
    assert (answer.code, answer.out, answer.err) == (0, "", "no comparison with a shadow is recorded yet\n")
    assert me("shadow", "report", "--json").json == []


def test_each_shadow_has_a_decision(me: Shell, lint: str, golden: Callable[[str, str], None]) -> None:
    assert me("dag", "run", lint, "--quiet").code == 0
    answer = me("shadow", "report")
    assert (answer.code, answer.err) == (0, "")
    golden("cli/shadow-report.txt", without_times(answer.out))


def test_repeated_tasks_are_one_pair_each(me: Shell, lint: str, tmp_path: Path) -> None:
    me("dag", "run", lint, "--quiet")
    (tmp_path / "strict.sh").write_text("exit 0\n")
    me("dag", "run", lint, "--quiet")
    fast, strict = me("shadow", "report", "--json").json
    assert (fast["shadow"], fast["difference"]) == ("fast", 0)
    assert (strict["tasks"], strict["comparisons"]) == (4, 8)
    # `b` failed once of two times: half a task of four.
    assert strict["difference"] == -0.125
    assert strict["pairs"] == {"both": 4, "shadow_only": 0, "primary_only": 0, "neither": 0}
    assert len(strict["duration_ratio"]) == 3
    assert strict["cost_ratio"] is None


def test_enough_tasks_decide(me: Shell, lint: str, tmp_path: Path) -> None:
    (tmp_path / "strict.sh").write_text("exit 1\n")
    files = json.dumps([f"f{number}" for number in range(12)])
    me("dag", "run", lint, "--quiet", "--param", f"files={files}")
    (one,) = [found for found in me("shadow", "report", "--json").json if found["shadow"] == "strict"]
    assert one["decision"] == "keep"
    assert one["more"] is None
    assert one["upper"] < -one["margin"] + 1e-9
    assert (
        "keep the primary: the shadow is worse by more than 5 percentage points" in me("shadow", "report").out
    )


def test_one_task(me: Shell, lint: str) -> None:
    me("dag", "run", lint, "--quiet")
    assert [one["task"] for one in me("shadow", "report", "check", "--json").json] == ["check", "check"]
    unknown = me("shadow", "report", "chekc")
    assert unknown.code == 2
    assert "no task `chekc` was compared with a shadow" in unknown.err
    assert "did you mean `check`?" in unknown.err
