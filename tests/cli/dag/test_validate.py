from __future__ import annotations

from pathlib import Path

from support.command_line import Shell


def test_a_right_file_is_ok(me: Shell, sample: str, tmp_path: Path) -> None:
    answer = me("dag", "validate", sample)
    assert (answer.code, answer.out, answer.err) == (0, "", "ok: graph.yaml\n")
    assert list((tmp_path / ".metaensemble").iterdir()) == []


def test_all_problems_of_a_file_at_once(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "tasks:\n  a: {run: echo, neds: [b]}\n  b: {run: echo, needs: [c], timeout: 5 parsecs}\n"
    )
    answer = me("dag", "validate", "bad.yaml")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("error[ME") >= 3
    assert "bad.yaml:2:" in answer.err
    assert "bad.yaml:3:" in answer.err
    assert "problems found" in answer.err


def test_several_files(me: Shell, sample: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("tasks: {a: {run: echo, needs: [a]}}\n")
    answer = me("dag", "validate", sample, "bad.yaml", "missing.yaml")
    assert answer.code == 2
    assert "ok: graph.yaml" in answer.err
    assert "missing.yaml" in answer.err


def test_json(me: Shell, sample: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("tasks: {a: {run: echo, needs: [a]}}\n")
    answer = me("dag", "validate", sample, "bad.yaml", "--json")
    assert answer.code == 2
    good, bad = answer.json
    assert good == {"file": "graph.yaml", "ok": True, "errors": []}
    assert not bad["ok"]
    assert bad["errors"][0]["line"] == 1


def test_keys_that_are_not_built_yet_are_valid(me: Shell, later: str) -> None:
    assert me("dag", "validate", later).code == 0


def test_roles_are_looked_up_each_time_that_one_is_named(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(
        "tasks:\n  a: {role: dosc, prompt: x}\n  b: {role: docs, prompt: x}\n  c: {role: dosc, prompt: x}\n"
    )
    answer = me("dag", "validate", "g.yaml")
    assert answer.code == 2
    assert answer.err.count("error[ME360]: there is no Role `dosc`") == 2
    assert "g.yaml:2:13" in answer.err
    assert "did you mean `docs`?" in answer.err
