from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Shell


@pytest.mark.parametrize("form", ["ascii", "dot", "mermaid", "json"])
def test_a_file(me: Shell, sample: str, form: str, golden: Callable[[str, str], None]) -> None:
    answer = me("dag", "render", sample, "--format", form)
    assert (answer.code, answer.err) == (0, "")
    golden(f"cli/render.{form}", answer.out)


def test_a_dag_run_shows_states(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "render", "0")
    assert answer.code == 0
    assert [line.split()[:3] for line in answer.out.splitlines()] == [
        ["✓", "good", "ok"],
        ["✗", "bad", "failed"],
        ["⊘", "after", "blocked"],
    ]
    states = [node["state"] for node in me("dag", "render", "0", "-f", "json").json["nodes"]]
    assert states == ["ok", "failed", "blocked"]


def test_into_a_file(me: Shell, sample: str, tmp_path: Path) -> None:
    answer = me("dag", "render", sample, "-f", "dot", "-o", "graph.dot")
    assert (answer.code, answer.out) == (0, "")
    assert (tmp_path / "graph.dot").read_text().startswith("digraph sample {")


def test_where_nothing_can_be_written(me: Shell, sample: str) -> None:
    answer = me("dag", "render", sample, "-o", "no/such/place.txt")
    assert answer.code == 2
    assert "error[ME544]: `no/such/place.txt` cannot be written: no such file or directory" in answer.err


def test_a_missing_file(me: Shell) -> None:
    assert "error[ME1" in me("dag", "render", "missing.yaml").err


def test_parameters_belong_to_files(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "render", "0", "-p", "who=you")
    assert answer.code == 2
    assert "error[ME533]" in answer.err


def test_a_file_whose_name_looks_like_an_id(me: Shell, sample: str, tmp_path: Path) -> None:
    (tmp_path / "0").write_text((tmp_path / sample).read_text())
    assert "fetch" in me("dag", "render", "0").out
