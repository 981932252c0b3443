"""examples/agents/second-look: played from its recordings, as its README says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.examples import copy_of, me


@pytest.fixture
def example(tmp_path: Path) -> Path:
    return copy_of("agents/second-look", tmp_path)


def run(example: Path, *words: str) -> dict[str, Any]:
    done = me(
        "dag", "run", "graph.yaml", "--replay", "recorded.jsonl", "--json", "--quiet", *words, cwd=example
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_panel_is_heard_out_and_the_record_names_who_disagreed(example: Path) -> None:
    report = run(example)
    assert report["state"] == "ok"
    assert report["outputs"]["decision"] == "build"
    assert "Operation disagreed" in report["outputs"]["record"]
    (verdict,) = (example / ".metaensemble" / "reports").glob("*/ready.verdict.md")
    assert "`operation` votes mend" in verdict.read_text()
    made = json.loads(me("executors", "--json", cwd=example).stdout)
    assert sorted(one["role_id"] for one in made) == ["architect", "devops", "docs", "test-engineer"]


def test_a_vote_that_is_decided_asks_nobody_else(example: Path) -> None:
    file = example / "recorded.jsonl"
    file.write_text(file.read_text().replace('"verdict": "mend"', '"verdict": "build"'))
    states = {node["id"]: node["state"] for node in run(example)["nodes"]}
    assert states["ready.3"] == "skipped"
    assert states["record"] == "ok"


def test_an_answer_outside_the_schema_is_none(example: Path) -> None:
    file = example / "recorded.jsonl"
    file.write_text(file.read_text().replace('"verdict": "build"', '"verdict": "perhaps"'))
    report = run(example)
    assert report["state"] == "failed"
    assert "perhaps" in json.dumps(report)
