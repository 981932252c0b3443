"""examples/quality-review: its scripts one by one, and the whole on a small project."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.examples import EXAMPLES, copy_of, environment, me
from support.tree import ROOT

SCRIPTS = EXAMPLES / "quality-review" / "scripts"
CHECKS = ("lint", "security", "complexity", "tests")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the fixture project: an unused import, an `eval`, a maze of branches, a failing test."""
    return Path(shutil.copytree(ROOT / "tests" / "fixtures" / "review-project", tmp_path / "shop project"))


def check(
    script: str, project: Path, *words: str, flags: tuple[str, ...] = (), **environ: str
) -> dict[str, Any]:
    """What a check says about the project."""
    done = subprocess.run(
        [sys.executable, *flags, str(SCRIPTS / f"{script}.py"), str(project), *words],
        env={**environment(), **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def places(answer: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(found["file"], found["line"], found["rule"]) for found in answer["findings"]]


def test_lint_finds_the_unused_import(project: Path) -> None:
    assert places(check("lint", project)) == [("shop/prices.py", 3, "F401")]


def test_security_finds_the_eval_and_leaves_test_code_out(project: Path) -> None:
    answer = check("security", project)
    assert places(answer) == [("shop/prices.py", 7, "B307")]
    assert answer["notes"] == ["1 files of test code are left out"]


def test_complexity_finds_the_maze_and_goes_by_the_limit(project: Path) -> None:
    (found,) = check("complexity", project, "10")["findings"]
    assert (found["file"], found["line"], found["severity"]) == ("shop/prices.py", 10, "low")
    assert check("complexity", project, "40")["findings"] == []


def test_failed_tests_are_findings_and_coverage_comes_by_file(project: Path) -> None:
    answer = check("tests", project, sys.executable, ".", "")
    assert places(answer) == [("tests/test_prices.py", 13, "test-failure")]
    assert answer["coverage"]["shop/orders.py"] == 100
    assert 0 < answer["coverage"]["shop/prices.py"] < 100
    assert answer["notes"][0] == "3 tests ran: 2 passed, 1 failed, 0 skipped"


def test_a_subset_of_the_tests_can_be_named(project: Path) -> None:
    answer = check("tests", project, sys.executable, "shop", "tests/test_prices.py -k 'total or parse'")
    assert answer["findings"] == []
    assert answer["notes"][0] == "2 tests ran: 2 passed, 0 failed, 0 skipped"


def test_a_test_file_that_cannot_be_read_is_a_finding(project: Path) -> None:
    (project / "tests" / "test_torn.py").write_text("def test(:\n")
    found = check("tests", project, sys.executable, ".", "")["findings"]
    assert [item["rule"] for item in found if "torn" in item["file"]] == ["test-error"]


def test_no_tests_is_said_and_is_no_pass(project: Path) -> None:
    shutil.rmtree(project / "tests")
    answer = check("tests", project, sys.executable, ".", "")
    assert answer["notes"] == ["there are no tests, so none failed and nothing is covered"]
    assert answer["coverage"] == {}


def test_wrong_words_for_pytest_mean_that_nothing_was_checked(project: Path) -> None:
    answer = check("tests", project, sys.executable, ".", "--no-such-flag")
    assert answer["status"] == "broken"


def test_an_interpreter_that_is_not_there_means_that_nothing_was_checked(project: Path) -> None:
    assert check("tests", project, "no-such-python", ".", "")["status"] == "broken"


@pytest.mark.parametrize("script", ["lint", "security", "complexity"])
def test_a_tool_that_is_not_there_is_reported_as_such(script: str, project: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "empty"
    nothing.mkdir()
    answer = check(
        script, project, *(["10"] if script == "complexity" else []), flags=("-S",), PATH=str(nothing)
    )
    assert answer["status"] == "missing"
    assert "pip install" in answer["notes"][0]


def test_an_interpreter_without_pytest_is_reported_as_such(project: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    assert check("tests", project, str(bare), ".", "")["status"] == "missing"


def test_a_tool_that_fails_is_not_taken_for_one_that_found_nothing(project: Path) -> None:
    (project / "ruff.toml").write_text("no-such-key = true\n")
    answer = check("lint", project)
    assert answer["status"] == "broken"
    assert answer["findings"] == []


def test_a_file_that_does_not_parse_is_a_finding_of_every_check(project: Path) -> None:
    (project / "shop" / "torn.py").write_text("def f(:\n")
    for script in ("lint", "security", "complexity"):
        answer = check(script, project, *(["10"] if script == "complexity" else []))
        assert "shop/torn.py" in {found["file"] for found in answer["findings"]}, script


def test_a_project_that_is_not_there_fails_the_check(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "lint.py"), str(tmp_path / "nowhere")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "there is no folder" in done.stderr


def test_an_empty_folder_has_nothing_to_find(tmp_path: Path) -> None:
    for script, words in (("lint", ()), ("security", ()), ("complexity", ("10",))):
        answer = check(script, tmp_path, *words)
        assert (answer["status"], answer["findings"]) == ("ran", [])


def test_the_report_names_what_was_not_checked(tmp_path: Path) -> None:
    well = {"tool": "t", "status": "ran", "notes": [], "findings": [], "coverage": {}}
    given: dict[str, Any] = dict.fromkeys(CHECKS, well)
    given |= {"project": ".", "lint": {**well, "status": "missing", "notes": ["a | b"]}}
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / "report.py"), "r.md"],
        cwd=tmp_path,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout) == {"report": "r.md", "findings": 0, "not_checked": ["lint"]}
    text = (tmp_path / "r.md").read_text()
    assert "| lint | t | **not checked** | a \\| b |" in text
    assert "This review has holes: lint" in text


def test_the_whole_graph_ends_with_a_report_by_file(project: Path, tmp_path: Path) -> None:
    example = copy_of("quality-review", tmp_path)
    done = me(
        *("dag", "run", "graph.yaml", "--param", f"project={project}", "--param", "source=shop", "--json"),
        cwd=example,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["state"] == "ok"
    assert report["outputs"] == {
        "report": ".metaensemble/reports/quality-review.md",
        "findings": 4,
        "not_checked": [],
    }
    (joined,) = (node for node in report["nodes"] if node["id"] == "report")
    assert joined["deliverable"] == report["outputs"]["report"]
    text = (example / joined["deliverable"]).read_text(encoding="utf-8")
    assert text.startswith("# Quality review of shop project\n")
    for piece in ("| lint | ruff ", "F401", "B307", "rank-", "test-failure", "### shop/prices.py"):
        assert piece in text
    assert re.search(r"^\| shop/orders\.py \| +\| +\| +\| 100 % \|$", text, re.MULTILINE)
    left = {name for folder, inner, names in os.walk(project) for name in [*inner, *names]}
    assert not left & {"__pycache__", ".pytest_cache", ".ruff_cache", ".coverage", ".metaensemble"}
