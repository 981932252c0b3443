from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from metaensemble.patterns.registry import BUILT_IN
from support.command_line import Shell


def write(project: Path, name: str, text: str) -> None:
    folder = project / ".metaensemble" / "patterns"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_every_pattern_of_this_program(me: Shell, golden: Callable[[str, str], None]) -> None:
    answer = me("patterns", "list")
    assert (answer.code, answer.err) == (0, "")
    golden("cli/patterns-list.txt", answer.out)


def test_the_projects_own(me: Shell, tmp_path: Path) -> None:
    write(tmp_path, "careful.yaml", "description: Looked at twice\ntasks: {one: {run: echo 1}}\n")
    write(tmp_path, "panel.yml", "consensus: {n: 3, vote: verdict}\n")
    write(tmp_path, "torn.yaml", "consensus: [\n")
    write(tmp_path, "notes.txt", "no pattern")
    own = [one for one in me("patterns", "list", "--json").json if one["origin"] == "this project"]
    assert [(one["name"], one["file"]) for one in own] == [
        ("careful", ".metaensemble/patterns/careful.yaml"),
        ("panel", ".metaensemble/patterns/panel.yml"),
        ("torn", ".metaensemble/patterns/torn.yaml"),
    ]
    assert own[0]["summary"] == "Looked at twice"
    assert own[1]["summary"] == "`consensus` with other defaults"
    assert own[2]["summary"].startswith("cannot be used: ")


def test_json_names_all(me: Shell) -> None:
    found = me("patterns", "list", "--json").json
    assert [one["name"] for one in found if one["origin"] == "built in"] == list(BUILT_IN)
    assert all(one["summary"] for one in found)
