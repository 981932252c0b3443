"""examples/approve: its script answers everything by commands, one no included."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from support.examples import copy_of, environment, me

CHANGELOG = """\
# Changelog

## 1.2.0 (unreleased)

- You can do a thing
  of two lines.
- You no longer suffer.

## 1.1.0

- Older.
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    folder = tmp_path / "examples"
    folder.mkdir()
    return copy_of("approve", folder)


def answered(example: Path, *words: str, version: str = "1.2.0") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(example / "answered.sh"), *words],
        cwd=example.parent,
        env={**environment(), "VERSION": version},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def status(example: Path) -> dict[str, dict[str, object]]:
    done = me("dag", "status", "--json", cwd=example)
    return {node["id"]: node for node in json.loads(done.stdout)["nodes"]}


def test_notes_are_sent_back_once_and_then_published(example: Path) -> None:
    done = answered(example)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (example / ".metaensemble/releases/1.2.0.md").read_text() == (
        "# Version 1.2.0\n\n2 changes:\n\n- You can do a thing of two lines.\n- You no longer suffer.\n"
    )
    nodes = status(example)
    assert {name: node["generation"] for name, node in nodes.items()} == {
        "newest": 0, "version": 0, "draft": 1, "look-over": 1, "publish": 1
    }  # fmt: skip
    assert "The newest release in the changelog is 1.2.0 (unreleased). Which version" in done.stderr


def test_a_version_is_published_once(example: Path) -> None:
    assert answered(example).returncode == 0
    done = answered(example)
    assert done.returncode == 1
    assert "1.2.0.md is published already" in done.stderr


def test_a_version_that_is_none_is_refused(example: Path) -> None:
    done = answered(example, version="soon")
    assert done.returncode == 2
    assert "`$`: 'soon' does not match" in done.stderr
    assert status(example)["version"]["state"] == "waiting"


def test_a_changelog_without_entries_is_told(example: Path) -> None:
    (example.parent.parent / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0\n\nNothing yet.\n")
    done = answered(example)
    assert done.returncode == 1
    assert "has no entries" in done.stderr
