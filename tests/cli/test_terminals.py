"""Real terminals: narrow and dumb ones, ones that change their size, and ones that go away."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from metaensemble.cli.rows import give_rows
from metaensemble.cli.speech import give_foreign
from support.gates import Gate
from support.program import path_with_me, run_sh
from support.terminal import Terminal

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals of macOS lose what is last shown")

SHORT = """\
tasks:
  a-task-with-a-rather-long-name: {run: "echo größe"}
  bad: {run: "echo über >&2; exit 3"}
"""

# Both are pipes with names: the first tells the test that the command runs, the second lets it end.
LONG = """\
tasks:
  wait: {run: "test ! -p begun || echo begun > begun; cat gate"}
  next: {run: "touch too-late", needs: [wait]}
"""

C_LOCALE = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

WAYS: dict[str, tuple[Mapping[str, str | None], tuple[int, int]]] = {
    "as usual": ({}, (24, 80)),
    "dumb": ({"TERM": "dumb"}, (24, 80)),
    "TERM unset": ({"TERM": None}, (24, 80)),
    "unknown TERM": ({"TERM": "no-such-terminal"}, (24, 80)),
    "COLUMNS=1": ({"COLUMNS": "1"}, (24, 80)),
    "COLUMNS=0": ({"COLUMNS": "0", "LINES": "0"}, (24, 80)),
    "COLUMNS=-5": ({"COLUMNS": "-5", "LINES": "-5"}, (24, 80)),
    "COLUMNS=wide": ({"COLUMNS": "wide", "LINES": ""}, (24, 80)),
    "COLUMNS=9999999": ({"COLUMNS": "9999999"}, (24, 80)),
    "10 columns": ({}, (24, 10)),
    "1 column": ({}, (24, 1)),
    "1 line": ({}, (1, 80)),
    "no size": ({}, (0, 0)),
    "NO_COLOR": ({"NO_COLOR": "1"}, (24, 80)),
    "C locale": (C_LOCALE, (24, 80)),
    "ascii": ({"PYTHONIOENCODING": "ascii:strict"}, (24, 80)),
    "latin-1": ({"PYTHONIOENCODING": "latin-1"}, (24, 80)),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    return path_with_me(tmp_path_factory.mktemp("bin"), whole=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "short.yaml").write_text(SHORT)
    (tmp_path / "long.yaml").write_text(LONG)
    os.mkfifo(tmp_path / "begun")
    return tmp_path


@pytest.fixture
def gate(project: Path) -> Gate:
    return Gate(project / "gate")


def wait_until_begun(project: Path) -> None:
    assert (project / "begun").read_text() == "begun\n"
    (project / "begun").unlink()


def without_controls(shown: bytes) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown.decode("utf-8", "replace"))


@pytest.mark.parametrize("way", WAYS)
def test_a_dag_run_on_an_odd_terminal(way: str, project: Path, path: str) -> None:
    environ, size = WAYS[way]
    with Terminal(
        ["me", "dag", "run", "short.yaml"], path=path, cwd=project, size=size, environ=environ
    ) as screen:
        assert screen.finish() == 1
    text = without_controls(screen.shown)
    assert "Traceback" not in text
    assert "short: failed, 2 nodes in " in text
    assert re.search(r"failed    bad.*exit status 3", text), "a line that stays"
    if environ.get("TERM", "xterm") in (None, "dumb"):
        assert b"\x1b" not in screen.shown
    if "NO_COLOR" in environ:
        assert re.search(rb"\x1b\[[0-9;]*m", screen.shown) is None
    if environ in (C_LOCALE, WAYS["ascii"][0]):
        assert screen.shown.isascii()
        assert r"\u00fcber" in text


STEERS = "tasks: {a: {run: \"printf 'x\\\\033[2J\\\\233y\\\\r\\\\nü\\\\tz'\", output: {as: text}}}\n"


def test_what_others_wrote_does_not_steer_a_terminal(project: Path, path: str) -> None:
    (project / "steers.yaml").write_text(STEERS)
    run_sh("me dag run steers.yaml -q; me dag logs 0 a >out", path=path, cwd=project)
    assert (project / "out").read_bytes() == b"x\x1b[2J\x9by\r\n\xc3\xbc\tz"
    with Terminal(["me", "dag", "logs", "0", "a"], path=path, cwd=project) as screen:
        assert screen.finish() == 0
    assert screen.shown.decode().expandtabs() == "x\ufffd[2J\ufffdy\r\nü\tz".expandtabs()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_rows_do_not_steer_a_terminal(
    is_terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    give_rows([{"a": "x\x1b[2J\x9by", "b": "line\nline"}], as_json=False, as_csv=True)
    give_foreign("a\r\n\x07b\r\n")
    said = capsys.readouterr().out
    rows = 'a,b\nx\x1b[2J\x9by,"line\nline"\na\r\n\x07b\r\n'
    assert said == (re.sub(r"[\x1b\x9b\x07]", "\ufffd", rows.replace("\r", "")) if is_terminal else rows)


@pytest.mark.parametrize("way", ["dumb", "COLUMNS=0", "COLUMNS=-5", "1 column", "no size", "C locale"])
def test_tables_and_drawings_on_an_odd_terminal(way: str, project: Path, path: str) -> None:
    environ, size = WAYS[way]
    run_sh("me dag run short.yaml -q", path=path, cwd=project)
    line = "me dag status && me dag list && me dag render short.yaml && me dag functions && me explain"
    (project / "all").write_text(f"#!/bin/sh\n{line}\n")
    (project / "all").chmod(0o755)
    words = ["sh", "-c", "./all"]
    with Terminal(words, path=f"/bin:{path}", cwd=project, size=size, environ=environ) as screen:
        assert screen.finish() == 0
    text = without_controls(screen.shown)
    assert "Traceback" not in text
    assert "error[" not in text


@pytest.mark.parametrize("environ", [C_LOCALE, {"PYTHONIOENCODING": "ascii"}], ids=str)
def test_names_in_a_locale_that_lacks_their_characters(
    environ: dict[str, str], project: Path, path: str
) -> None:
    (project / "größe").mkdir()
    (project / "größe-日本🐦.yaml").write_text(
        "params: {p: {type: path}}\n"
        "tasks:\n"
        "  here: {run: pwd, cwd: größe}\n"
        "  file: {run: 'echo wörter > größe/ü.md', deliverables: [{path: größe/ü.md}]}\n"
        '  words: {run: [printf, "%s", "${{ params.p }}"]}\n'
    )
    line = "me dag run 'größe-日本🐦.yaml' -p 'p=größe/日本' --json 2>/dev/null"
    done = run_sh(line, path=path, cwd=project, **environ)
    assert done.returncode == 0
    report = json.loads(done.stdout)
    assert report["name"] == "größe-日本🐦"
    assert report["params"] == {"p": f"{project}/größe/日本"}
    told = run_sh(f"me dag logs {report['dag_run_id']} words", path=path, cwd=project, **environ)
    assert told.stdout == f"{project}/größe/日本"
    drawn = run_sh(
        "me dag render 'größe-日本🐦.yaml' -p p=x -f json && me ledger export",
        path=path,
        cwd=project,
        **environ,
    )
    assert drawn.stderr == ""
    assert (project / "größe" / "ü.md").read_text() == "wörter\n"


def report_of(project: Path, path: str) -> dict[str, object]:
    done = run_sh("me dag status --json", path=path, cwd=project)
    found: dict[str, object] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_that_goes_away_stops_the_dag_run_in_good_order(
    term: str, project: Path, gate: Gate, path: str
) -> None:
    words = ["me", "dag", "run", "long.yaml"]
    with Terminal(words, path=path, cwd=project, environ={"TERM": term}) as screen:
        screen.wait_for("DAG run")
        wait_until_begun(project)
        screen.hang_up()
        assert screen.finish() == 130
    assert report_of(project, path)["state"] == "interrupted"
    assert not (project / "too-late").exists()
    gate.open()
    assert run_sh("me dag resume", path=path, cwd=project).returncode == 0
    assert (project / "too-late").exists()


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_ctrl_c_on_a_terminal(term: str, project: Path, gate: Gate, path: str) -> None:
    words = ["me", "dag", "run", "long.yaml"]
    with Terminal(words, path=path, cwd=project, environ={"TERM": term}) as screen:
        screen.wait_for("DAG run")
        wait_until_begun(project)
        screen.press("\x03")
        assert screen.finish() == 130
    text = without_controls(screen.shown)
    assert "stopping: 1 running, press Ctrl-C again to kill them" in text
    assert "go on with: me dag resume " in text
    if term == "xterm":
        assert screen.shown.rindex(b"\x1b[?25h") > screen.shown.rindex(b"\x1b[?25l"), "the cursor is back"


def test_a_window_that_changes_its_size_during_a_dag_run(project: Path, gate: Gate, path: str) -> None:
    with Terminal(["me", "dag", "run", "long.yaml"], path=path, cwd=project) as screen:
        wait_until_begun(project)
        for lines, columns in [(10, 20), (2, 5), (1, 1), (0, 0), (50, 200)]:
            screen.resize(lines, columns)
            before = len(screen.shown)
            while len(screen.shown) < before + 200:
                assert screen.read()
        gate.open()
        assert screen.finish() == 0
    text = without_controls(screen.shown)
    assert "Traceback" not in text
    assert "long: ok, 2 nodes in " in text
