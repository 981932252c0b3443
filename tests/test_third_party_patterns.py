"""A package of somebody else's brings patterns along: settings, pieces, a rule and a join of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from support.tree import ROOT

GRAPH = """\
tasks:
  wine:
    pattern: {tasting: {most: 5, enough: 2}}
    run: |
      n=$(cat sips 2>/dev/null || echo 0); n=$((n + 1)); echo $n > sips
      if [ $n = 2 ] && [ -f coordinator ]; then kill -9 "$(cat coordinator)"; sleep 60; fi
      echo "taste $((n % 2))"
outputs: {wine: "${{ tasks.wine.output }}"}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package installed into it, as pip does it."""
    folder = tmp_path_factory.mktemp("third-party")
    source = shutil.copytree(ROOT / "tests" / "fixtures" / "third-party-patterns", folder / "source")
    words = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    words += ["--no-index", "--no-deps", "--no-build-isolation"]
    words += ["--target", str(folder / "site"), str(source)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text(GRAPH)
    return tmp_path


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


def _run(project: Path, installed: Path, *words: str) -> dict[str, Any]:
    done = me(project, "dag", *words, "--json", "--quiet", path=installed)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def test_its_pieces_its_rule_and_its_join_are_carried_out(project: Path, installed: Path) -> None:
    report = _run(project, installed, "run", "graph.yaml")
    # Sips are tasted one at a time: 1, 0, 1, and then two are alike.
    assert report["outputs"] == {"wine": {"taste": "taste 1", "sips": 3}}
    states = {node["id"]: (node["state"], node["reason"]) for node in report["nodes"]}
    assert states["wine.sip-3"][0] == "ok"
    assert states["wine.sip-4"] == ("skipped", "tasted enough")
    assert states["wine.sip-5"] == ("skipped", "tasted enough")
    assert (project / "sips").read_text() == "3\n"


def test_a_killed_run_goes_on_where_it_was(project: Path, installed: Path) -> None:
    # The second sip kills the program that runs the graph.
    program = f"exec {sys.executable} -P -m metaensemble dag run graph.yaml"
    killed = subprocess.run(
        ["sh", "-c", f"echo $$ > coordinator; {program}"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    report = _run(project, installed, "resume")
    # The sip that was lost is taken anew, and nothing else is.
    assert report["outputs"] == {"wine": {"taste": "taste 1", "sips": 2}}
    assert (project / "sips").read_text() == "3\n"
    runs = {node["id"]: len(node["attempts"]) for node in report["nodes"]}
    assert (runs["wine.sip-1"], runs["wine.sip-2"]) == (1, 2)


WRONG = [
    ("{tasting: {mots: 3}}", "ME331", "unknown setting `mots` of `tasting`", "mots"),
    ("{tasting: {most: many}}", "ME333", "the setting `most` of `tasting`: expected a whole", "many"),
    ("{tasting: {enough: 0}}", "ME333", "nobody can taste that little", "0}"),
    ("raises_a_problem", "ME333", "not in this vintage", "raises_a_problem"),
    (
        "raises",
        "ME349",
        "package `tasting-patterns` could not expand the task `t4`: LookupError: the cellar is empty",
        "raises",
    ),
    ("nothing", "ME349", "`expand` gave no `Expansion`, but NoneType", "nothing"),
    ("no_pieces", "ME349", "its pieces are no sequence of `BoundTask`", "no_pieces"),
    ("two_of_one_id", "ME349", "two pieces are called `sip-2`", "two_of_one_id"),
    ("odd_id", "ME349", "'sip/1' is no id of a piece", "odd_id"),
    ("idle", "ME349", "the piece `sip-1` does nothing", "idle"),
    ("unknown_need", "ME349", "the piece `sip-1` needs `cork`, which is no other piece", "unknown_need"),
    ("cycle", "ME349", "the pieces wait for one another: sip-1 -> palate -> sip-1", "cycle"),
    ("no_result", "ME349", "the result is `verdict`, and the pieces are `sip-1`", "no_result"),
    ("no_rule", "ME349", "asks for the settle rule `never`, which there is not", "no_rule"),
    ("not_there", "ME349", "cannot be loaded: AttributeError: module 'tasting'", "not_there"),
    ("no_model", "ME349", "cannot be loaded: its `settings` are no pydantic model", "no_model"),
]
"""Uses of patterns, and what is said of each: the code, a part of the message, and where it points to."""


@pytest.fixture(scope="module")
def told(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """What `validate` and `plan` say of a graph with all of them, one task each."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / ".metaensemble").mkdir()
    lines = [f"  t{number}: {{run: echo, pattern: {use}}}" for number, (use, *_) in enumerate(WRONG)]
    (folder / "graph.yaml").write_text("\n".join(["tasks:", *lines, ""]))
    found = {}
    for command in ("validate", "plan"):
        done = me(folder, "dag", command, "graph.yaml", "--json", path=installed)
        assert done.returncode == 2, done.stderr
        found[command] = _errors(done.stdout)
    assert not (folder / ".metaensemble" / "state").exists()
    return found


def _errors(stdout: str) -> list[dict[str, Any]]:
    found = json.loads(stdout)
    errors: list[dict[str, Any]] = (found[0] if isinstance(found, list) else found)["errors"]
    return errors


@pytest.mark.parametrize("command", ["validate", "plan"])
@pytest.mark.parametrize(("number", "case"), list(enumerate(WRONG)), ids=[use for use, *_ in WRONG])
def test_what_is_wrong_is_told_at_the_line_that_asks_for_it(
    told: dict[str, list[dict[str, Any]]], command: str, number: int, case: tuple[str, str, str, str]
) -> None:
    use, code, said, at = case
    (error,) = (error for error in told[command] if error["task"] == f"t{number}")
    assert (error["code"], error["line"]) == (code, number + 2)
    assert said in error["message"]
    line = f"  t{number}: {{run: echo, pattern: {use}}}"
    assert line[error["column"] - 1 :].startswith(at)


def test_without_the_package_the_pattern_is_unknown(project: Path) -> None:
    done = me(project, "dag", "run", "graph.yaml", path=None)
    assert done.returncode == 2
    assert "error[ME330]: there is no pattern `tasting`" in done.stderr


def test_the_list_of_patterns_says_which_are_broken(project: Path, installed: Path) -> None:
    done = me(project, "patterns", "list", "--json", path=installed)
    assert done.returncode == 0, done.stderr
    listed = {one["name"]: one["summary"] for one in json.loads(done.stdout)}
    assert listed["tasting"] == "tastes until enough of it was alike"
    assert "cannot be loaded" in listed["not_there"]
