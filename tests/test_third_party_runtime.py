"""A package of somebody else's brings a runtime along, by its entry point and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.tree import ROOT

GRAPH = """\
tasks:
  call:
    runtime: shout
    run: [ignored]
    with: {text: hello}
  silent:
    runtime: shout
    run: [ignored]
    needs: {call: done}
outputs: {said: "${{ tasks.call.output }}"}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed into it, as pip does it."""
    folder = tmp_path_factory.mktemp("third-party")
    source = shutil.copytree(ROOT / "tests" / "fixtures" / "third-party-runtime", folder / "source")
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    words += [
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(folder / "site"),
        str(source),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "site"


def me(project: Path, *words: str, path: Path | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-P", "-m", "metaensemble", *words],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text(GRAPH)
    return tmp_path


def test_an_installed_runtime_carries_attempts_out(project: Path, installed: Path) -> None:
    done = me(project, "dag", "run", "graph.yaml", "--json", "--quiet", path=installed)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    nodes = {node["id"]: node for node in report["nodes"]}
    assert (nodes["call"]["state"], nodes["call"]["runtime"]) == ("ok", "shout")
    assert nodes["silent"]["reason"] == "there is no text"
    assert nodes["silent"]["attempts"][0]["failure_reason"] == "invalid_request"


def test_without_the_package_the_runtime_is_unknown_and_nothing_is_written(project: Path) -> None:
    done = me(project, "dag", "run", "graph.yaml", path=None)
    assert done.returncode == 2
    assert "error[ME520]: there is no runtime `shout`" in done.stderr
    assert not (project / ".metaensemble" / "state").exists()
