"""examples/parallel-changes: two changes that fit together, two that do not, and one that breaks the tests."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.schemas.errors import WorkDoesNotFit
from metaensemble.schemas.report import Report
from support.examples import EXAMPLES, me

EXAMPLE = EXAMPLES / "parallel-changes"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "re pository"
    done = subprocess.run(
        ["sh", str(EXAMPLE / "repository.sh"), str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{folder}\n"
    return folder


def run(repository: Path, **params: str) -> Report:
    return api.run(repository / "graph.yaml", params=params, cwd=repository)


def git(repository: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.strip()


def branches(repository: Path) -> dict[str, str]:
    """The branch of each task."""
    found = git(repository, "branch", "--list", "metaensemble/*", "--format", "%(refname:short)").split()
    return {branch.rsplit("/", 1)[1].rsplit("-", 1)[0]: branch for branch in found}


def test_two_changes_are_tested_together_and_taken_over(repository: Path) -> None:
    before = (repository / "prices.py").read_text()
    done = me("dag", "run", "graph.yaml", "--json", "--quiet", cwd=repository)
    report = json.loads(done.stdout)
    assert report["state"] == "ok", report
    for test in ("a_tenth_less", "the_currency_follows", "a_total_is_the_sum"):
        assert test in report["outputs"]["tests"]
    made = branches(repository)
    assert set(made) == {"discount", "other", "together"}
    assert "currency" not in git(repository, "show", f"{made['discount']}:prices.py")
    assert "discount" not in git(repository, "show", f"{made['other']}:prices.py")
    assert ".venv" not in git(repository, "ls-tree", "--name-only", made["together"])
    assert (repository / "prices.py").read_text() == before
    assert git(repository, "status", "--porcelain") == ""
    assert {one.name for one in api.list_worktrees(cwd=repository)} == set(made.values())

    api.apply_worktrees(report["dag_run_id"], cwd=repository)
    subprocess.run([sys.executable, "-m", "unittest"], cwd=repository, capture_output=True, check=True)
    assert {"test_discount.py", "test_currency.py"} <= {path.name for path in repository.iterdir()}


def test_changes_that_do_not_fit_fail_with_the_reason_that_the_readme_shows(repository: Path) -> None:
    nodes = {node.id: node for node in run(repository, other="tax").nodes}
    states = {name: node.state for name, node in nodes.items()}
    assert states == {"discount": "ok", "other": "ok", "together": "failed"}
    assert f"\n    {nodes['together'].reason}\n" in (EXAMPLE / "README.md").read_text()
    made = branches(repository)
    api.apply_worktrees(made["other"], cwd=repository)
    with pytest.raises(WorkDoesNotFit, match=r"prices\.py"):
        api.apply_worktrees(made["discount"], cwd=repository)
    assert "tax" in (repository / "prices.py").read_text()


def test_a_change_that_breaks_the_tests_is_not_merged(repository: Path) -> None:
    patch = repository / "changes" / "discount.patch"
    patch.write_text(patch.read_text().replace("100 - discount", "100 + discount"))
    git(repository, "commit", "-qam", "A wrong change")
    nodes = {node.id: node for node in run(repository).nodes}
    states = {name: node.state for name, node in nodes.items()}
    assert states == {"discount": "failed", "other": "ok", "together": "blocked"}
    assert nodes["discount"].attempts[0].failure_reason == "quality_gate"
