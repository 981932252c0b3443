from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.patterns.registry import BUILT_IN, find
from support.command_line import Shell


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_page(name: str, me: Shell, golden: Callable[[str, str], None]) -> None:
    answer = me("patterns", "show", name)
    assert (answer.code, answer.err) == (0, "")
    golden(f"cli/patterns-show-{name}.txt", answer.out)
    drawn = me("patterns", "show", name, "--format", "mermaid")
    assert (drawn.code, drawn.err) == (0, "")
    golden(f"cli/patterns-show-{name}.mermaid", drawn.out)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_example_expands_to_what_is_drawn(name: str, tmp_path: Path) -> None:
    page = api.show_pattern(name, cwd=tmp_path)
    (tmp_path / "graph.yaml").write_text(page.example)
    written = api.plan(tmp_path / "graph.yaml", cwd=tmp_path)
    assert page.plan is not None
    assert [(one.id, one.kind, one.held, one.background, one.needs) for one in written.nodes] == [
        (one.id, one.kind, one.held, one.background, one.needs) for one in page.plan.nodes
    ]


@pytest.mark.parametrize("name", BUILT_IN)
def test_json_has_every_setting(name: str, me: Shell) -> None:
    found = me("patterns", "show", name, "--json").json
    assert found == me("patterns", "show", name, "--format", "json").json
    fields = find(name).settings.model_fields
    assert [one["name"] for one in found["settings"]] == [field.alias or key for key, field in fields.items()]
    assert all(one["meaning"] and one["type"] for one in found["settings"])
    assert found["expands_to"]["nodes"][0]["id"] == found["example"].split()[1].rstrip(":")


def test_a_pattern_of_the_projects(me: Shell, tmp_path: Path) -> None:
    (tmp_path / ".metaensemble" / "patterns").mkdir()
    file = tmp_path / ".metaensemble" / "patterns" / "careful.yaml"
    file.write_text("params: {rounds: {type: integer}, who: {default: me}}\ntasks: {one: {run: echo 1}}\n")
    said = me("patterns", "show", "careful")
    assert said.code == 0
    assert "careful: a task graph" in said.out
    assert "  tasks: {one: {run: echo 1}}" in said.out
    found = me("patterns", "show", "careful", "--json").json
    assert [(one["name"], one["required"], one["default"]) for one in found["settings"]] == [
        ("rounds", True, None),
        ("who", False, "me"),
    ]
    drawn = me("patterns", "show", "careful", "--format", "mermaid")
    assert drawn.code == 2
    assert "nothing to draw" in drawn.err


def test_other_defaults_are_shown_beside_the_pattern(me: Shell, tmp_path: Path) -> None:
    (tmp_path / ".metaensemble" / "patterns").mkdir()
    file = tmp_path / ".metaensemble" / "patterns" / "consensus.yaml"
    file.write_text("consensus: {n: 7, vote: verdict}\n")
    said = me("patterns", "show", "consensus").out
    assert "  consensus: {n: 7, vote: verdict}" in said
    assert "consensus of 5" in said


def test_an_unknown_name(me: Shell) -> None:
    answer = me("patterns", "show", "consensos")
    assert answer.code == 2
    assert answer.err.startswith("error[ME330]: there is no pattern `consensos`")
    assert "did you mean `consensus`?" in answer.err


def test_two_forms_at_once_are_refused(me: Shell) -> None:
    answer = me("patterns", "show", "solo", "--json", "--format", "mermaid")
    assert answer.code == 2
    assert answer.json["errors"][0]["message"].startswith("`--json` and `--format`")
