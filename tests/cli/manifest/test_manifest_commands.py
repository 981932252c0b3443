from __future__ import annotations

import hashlib
import json
import re
import stat
from pathlib import Path

import pytest

from metaensemble.schemas.handoff import MANIFEST_ID
from metaensemble.tasks.reader import read
from support.command_line import Shell

GOOD = """\
version: 1
id: hm-01900000-0000-7000-8000-0000000000d1
from: principal
to: docs
task: describe
context: {files: [{path: src/parser.py, lines: 1..2}]}
acceptance: [it is short]
"""


@pytest.fixture(autouse=True)
def _project(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "parser.py").write_text("a = 1\nb = 2\n")


def test_new_ids(me: Shell) -> None:
    ids = [me("manifest", "new-id").out.strip() for _ in range(3)]
    assert all(re.fullmatch(MANIFEST_ID, one) for one in ids)
    assert ids == sorted(set(ids))


def test_a_scaffold_is_not_valid_before_it_is_filled_in(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("be brief\n")
    answer = me(
        "manifest", "scaffold", "--role", "docs", "--task", "describe", "--file", "src/parser.py:1..2",
        "--file", "src/parser.py", "--prior-run", "r-1", "--tier", "haiku",
    )  # fmt: skip
    assert (answer.code, answer.err) == (0, "")
    value = read(answer.out).value
    assert re.fullmatch(MANIFEST_ID, value.pop("id"))
    deliverable, statement = value["expected_deliverables"][0]["path"], value["acceptance"][0]
    assert value == {
        "version": 1,
        "from": "principal",
        "to": "docs",
        "task": "describe",
        "context": {
            "files": [
                {"path": "src/parser.py", "lines": "1..2"},
                {"path": "src/parser.py"},
                {"path": "CLAUDE.md", "role": "memory"},
            ],
            "prior_runs": ["r-1"],
        },
        "expected_deliverables": [{"path": deliverable}],
        "constraints": {"model_tier": "haiku"},
        "acceptance": [statement],
    }
    file = tmp_path / "m.yaml"
    file.write_text(answer.out)
    refused = me("manifest", "validate", "m.yaml")
    assert refused.code == 2
    assert refused.err.count("error[ME380]") == 2
    file.write_text(answer.out.replace(deliverable, "parser.md"))
    assert me("manifest", "validate", "m.yaml").err.count("error[ME380]") == 1
    file.write_text(answer.out.replace(deliverable, "parser.md").replace(statement, "it is short"))
    assert me("manifest", "validate", "m.yaml").code == 0


def test_a_bare_scaffold_says_all_that_is_missing(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(me("manifest", "scaffold").out)
    assert me("manifest", "validate", "m.yaml").err.count("error[ME380]") == 4
    given = me(
        "manifest", "scaffold", "--role", "docs", "--task", "t", "--deliverable", "a.md", "--from", "me"
    )
    (tmp_path / "m.yaml").write_text(given.out)
    assert read(given.out).value["from"] == "me"
    assert me("manifest", "validate", "m.yaml").err.count("error[ME380]") == 1


def test_paths_are_relative_to_where_they_were_typed(
    me: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "src")
    value = read(me("manifest", "scaffold", "--file", "parser.py:2", "--deliverable", "../a.md").out).value
    assert value["context"]["files"] == [{"path": "src/parser.py", "lines": "2"}]
    assert value["expected_deliverables"] == [{"path": "a.md"}]


@pytest.mark.parametrize(
    ("pointer", "code", "words"),
    [
        ("src/parser.py:2..9", "ME383", "`src/parser.py` has 2 lines, and lines 2 to 9 are pointed to"),
        ("src/parser.py:9..2", "ME533", "`9..2` is not a range of lines"),
        ("src/parser.py:0", "ME533", "`0` is not a range of lines"),
        ("src/parsr.py", "ME381", "there is no file `src/parsr.py`"),
        ("src/parser.py:a", "ME381", "there is no file `src/parser.py:a`"),
        ("src", "ME382", "`src` is a directory"),
        ("../x", "ME384", "`../x` leads out of the project"),
    ],
)
def test_a_scaffold_points_to_what_is_there(me: Shell, pointer: str, code: str, words: str) -> None:
    answer = me("manifest", "scaffold", "--file", pointer)
    assert (answer.code, answer.out) == (2, "")
    assert f"error[{code}]" in answer.err
    assert words in answer.err


def test_the_memory_files_that_were_decided_on(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "CLAUDE.md").write_text("be brief\n")
    (tmp_path / "AGENTS.md").write_text("be brief\n")
    decisions = tmp_path / ".metaensemble" / "install-decisions.yaml"
    decisions.write_text("memory_files: [AGENTS.md]\n")
    value = read(me("manifest", "scaffold").out).value
    assert value["context"]["files"] == [{"path": "AGENTS.md", "role": "memory"}]
    decisions.write_text("memory_files: AGENTS.md\n")
    answer = me("manifest", "scaffold")
    assert answer.code == 2
    assert "install-decisions.yaml:1:15" in answer.err


def test_validate_says_every_problem_with_its_place(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD.replace("src/parser.py, lines: 1..2", "src/parsr.py"))
    answer = me("manifest", "validate", "good.yaml", "bad.yaml", "gone.yaml", "--json")
    assert answer.code == 2
    assert "ok: good.yaml" in answer.err
    assert "--> bad.yaml:6:26" in answer.err
    assert "did you mean `src/parser.py`?" in answer.err
    found = {one["file"]: (one["ok"], [error["code"] for error in one["errors"]]) for one in answer.json}
    assert found == {
        "good.yaml": (True, []),
        "bad.yaml": (False, ["ME381"]),
        "gone.yaml": (False, ["ME101"]),
    }
    assert not list(tmp_path.glob("*.json"))


def test_a_twin_is_written_for_a_valid_manifest_only(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(GOOD + "more: 1\n")
    assert me("manifest", "validate", "good.yaml", "bad.yaml", "--twin").code == 2
    assert [file.name for file in tmp_path.glob("*.json")] == ["good.json"]
    twin = tmp_path / "good.json"
    assert stat.S_IMODE(twin.stat().st_mode) == 0o600
    known = json.loads(twin.read_bytes())
    assert known["yaml_sha256"] == hashlib.sha256(GOOD.encode()).hexdigest()
    assert known["manifest"] == read(GOOD).value
    assert me("manifest", "validate", "good.yaml").code == 0


def test_a_twin_of_another_text_is_told_and_made_anew(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    me("manifest", "validate", "good.yaml", "--twin")
    (tmp_path / "good.yaml").write_text(GOOD + "# a note\n")
    answer = me("manifest", "validate", "good.yaml")
    assert answer.code == 2
    assert "error[ME387]: `good.json` beside `good.yaml` is the twin of another text" in answer.err
    assert me("manifest", "validate", "good.yaml", "--twin").code == 0
    assert me("manifest", "validate", "good.yaml").code == 0


@pytest.mark.parametrize("text", ['{"yaml_sha256": 1}', "[]", "no json", '{"a": 1}'])
def test_a_file_that_is_no_twin_is_left_alone(me: Shell, tmp_path: Path, text: str) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "good.json").write_text(text)
    assert me("manifest", "validate", "good.yaml").code == 0
    answer = me("manifest", "validate", "good.yaml", "--twin")
    assert answer.code == 2
    assert "is no twin of a Manifest, and is left alone" in answer.err
    assert (tmp_path / "good.json").read_text() == text


def test_a_place_that_cannot_be_written(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "good.json").mkdir()
    answer = me("manifest", "validate", "good.yaml", "--twin")
    assert answer.code == 2
    assert (tmp_path / "good.json").is_dir()
