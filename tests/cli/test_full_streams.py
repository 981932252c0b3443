"""Streams that cannot be written: a full disk, a reader who went away, a stream that was closed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from metaensemble.cli.streams import SteadyFile
from support.program import path_with_me, run_sh

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")

GRAPHS = {
    "ok.yaml": "tasks: {a: {run: echo hi}, b: {run: echo ho, needs: [a]}}\n",
    "bad.yaml": "tasks: {a: {run: echo hi}, b: {run: exit 3, needs: [a]}}\n",
}

TALKERS = [
    "--version",
    "-V",
    "--help",
    "dag --help",
    "explain",
    "explain ME547",
    "explain --json",
    "dag status",
    "dag status --json",
    "dag list",
    "dag plan ok.yaml",
    "dag run ok.yaml --json",
    "dag render ok.yaml",
    "dag validate ok.yaml --json",
    "dag logs $ID a",
    "dag schema",
    "dag functions",
    "ledger export",
    "ledger export -t journal -f csv",
    "ledger verify",
    "ledger head",
]
"""Commands that have something for stdout and end with 0."""

FAILING = {
    "dag run bad.yaml --json": 1,
    "dag resume --json": 1,
    "dag validate missing.yaml --json": 2,
    "dag lst --json": 2,
    "dag": 2,
}
"""Commands that end otherwise, whatever becomes of their output."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full") / "project"
    (folder / ".metaensemble").mkdir(parents=True)
    for name, text in GRAPHS.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def path(project: Path) -> str:
    return path_with_me(project.parent / "whole", whole=True)


@pytest.fixture(scope="module")
def quick(project: Path) -> str:
    """As `path`, without the interpreter's own last look at its streams."""
    return path_with_me(project.parent / "quick")


@pytest.fixture(scope="module")
def run_id(project: Path, path: str) -> str:
    """A DAG run that failed, which is also the one that a resume takes up."""
    done = run_sh("me dag run bad.yaml --json 2>/dev/null", path=path, cwd=project)
    return str(json.loads(done.stdout)["dag_run_id"])


def is_clean(text: str) -> bool:
    """Whether neither we nor the interpreter speak of an error of Python's."""
    return not any(word in text for word in ("Traceback", "Exception ignored", "error[ME900]", "Errno"))


@pytest.mark.parametrize("line", TALKERS)
def test_what_stdout_does_not_take_is_an_error(line: str, project: Path, quick: str, run_id: str) -> None:
    done = run_sh(f"me {line} >/dev/full", path=quick, cwd=project, ID=run_id)
    assert done.returncode == 2
    assert done.stderr.endswith("error[ME547]: standard output cannot be written: no space left on device\n")
    assert done.stderr.count("error[") == 1
    assert is_clean(done.stderr)


@pytest.mark.parametrize(
    "line", ["--version", "--help", "dag status", "explain --json", "dag run ok.yaml --json"]
)
def test_the_interpreter_has_nothing_to_add(line: str, project: Path, path: str, run_id: str) -> None:
    done = run_sh(f"me {line} >/dev/full", path=path, cwd=project)
    assert done.returncode == 2
    assert done.stderr.endswith("error[ME547]: standard output cannot be written: no space left on device\n")
    assert is_clean(done.stderr)


@pytest.mark.parametrize("line", FAILING)
def test_what_failed_keeps_its_own_exit_code(line: str, project: Path, quick: str, run_id: str) -> None:
    done = run_sh(f"me {line} >/dev/full", path=quick, cwd=project, ID=run_id)
    assert done.returncode == FAILING[line], done.stderr
    assert is_clean(done.stderr)
    assert ("error[ME547]" in done.stderr) is (line != "dag"), "the help of a group is an error, in words"


@pytest.mark.parametrize(
    "line", ["dag run ok.yaml", "dag run bad.yaml", "dag run ok.yaml --quiet", "dag resume $ID"]
)
def test_a_dag_run_that_says_nothing_on_stdout_does_not_miss_it(
    line: str, project: Path, quick: str, run_id: str
) -> None:
    done = run_sh(f"me {line} >/dev/full", path=quick, cwd=project, ID=run_id)
    assert done.returncode == (0 if "ok.yaml" in line else 1)
    assert "ME547" not in done.stderr


@pytest.mark.parametrize("full", ["2>/dev/full", "2>&-", "<&- 2>&-"])
@pytest.mark.parametrize("graph", GRAPHS)
def test_words_that_cannot_be_written_do_not_harm_a_dag_run(
    full: str, graph: str, project: Path, path: str
) -> None:
    done = run_sh(f"me dag run {graph} --json {full}", path=path, cwd=project)
    report = json.loads(done.stdout)
    assert report["state"] == ("ok" if graph == "ok.yaml" else "failed")
    assert done.returncode == (0 if graph == "ok.yaml" else 1)
    assert done.stderr == ""


@pytest.mark.parametrize("line", ["--version", "dag run ok.yaml --json", "dag lst"])
@pytest.mark.parametrize(
    ("streams", "code"),
    [(">/dev/full 2>&1", 2), (">/dev/full 2>&-", 2), (">&- 2>/dev/full", 0), (">&- 2>&-", 0)],
)
def test_neither_stream(line: str, streams: str, code: int, project: Path, path: str, run_id: str) -> None:
    done = run_sh(f"me {line} {streams}", path=path, cwd=project)
    assert done.returncode == (2 if line == "dag lst" else code)
    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("line", ["dag render ok.yaml", "ledger export -t journal"])
def test_a_file_that_does_not_take_it(line: str, project: Path, quick: str, run_id: str) -> None:
    done = run_sh(f"me {line} -o /dev/full", path=quick, cwd=project)
    assert done.returncode == 2
    assert done.stderr.startswith("error[ME544]: `/dev/full` cannot be written: no space left on device\n")
    assert is_clean(done.stderr)


READERLESS = {
    "--version": 0,
    "--help": 0,
    "explain --json": 0,
    "dag list": 0,
    "ledger export -t journal": 0,
    "dag run ok.yaml --json": 0,
    "dag run bad.yaml --json": 1,
    "dag validate missing.yaml --json": 2,
}


@pytest.mark.parametrize("which", ["stdout", "stderr", "both"])
@pytest.mark.parametrize("line", READERLESS)
def test_a_pipe_that_nobody_reads(line: str, which: str, project: Path, path: str, run_id: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    kept: dict[str, int] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    kept |= {name: writer for name in kept if which in (name, "both")}
    done = subprocess.run(
        ["me", *line.split()],
        executable=Path(path.split(os.pathsep, maxsplit=1)[0], "me"),
        cwd=project,
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=240,
        check=False,
        **kept,  # type: ignore[call-overload]
    )
    os.close(writer)
    assert done.returncode == READERLESS[line]
    assert is_clean(done.stderr or "")
    if which == "stdout" and READERLESS[line] == 0 and "dag run" not in line:
        assert done.stderr == ""


def test_without_a_buffer_nothing_is_lost(project: Path, path: str, run_id: str) -> None:
    done = run_sh("me explain ME301; me dag lst >/dev/full", path=path, cwd=project, PYTHONUNBUFFERED="1")
    assert done.stdout.startswith("ME301  ")
    assert done.stdout.endswith("(fault: your input)\n")
    assert done.returncode == 2


def test_a_reader_who_has_seen_enough_ends_an_export(project: Path, quick: str) -> None:
    # Far more than a pipe holds: only a program that stops by itself says which record came last.
    lines = "".join(f"  t{number}: {{run: 'true'}}\n" for number in range(300))
    (project / "many.yaml").write_text(f"concurrency: {{max: 1}}\ntasks:\n{lines}")
    text = "me dag run many.yaml -q --replay many.jsonl; (me ledger export -t journal; echo $? >code) | head -n 1"
    (project / "many.jsonl").write_text("".join(f'{{"node": "t{n}", "outcome": "ok"}}\n' for n in range(300)))
    done = run_sh(text, path=quick, cwd=project)
    assert json.loads(done.stdout)["seq"] == 1
    assert done.stderr == ""
    assert (project / "code").read_text() == "0\n"


def test_a_file_that_never_fails(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        file = SteadyFile(full.fileno(), "full")
        assert file.write(b"abc") == 3
        assert file.failure is not None
        assert file.failure.strerror == "No space left on device"
        assert file.write(b"def") == 3
        assert (file.writable(), file.isatty(), file.fileno()) == (True, False, full.fileno())
        file.close()
        os.fstat(full.fileno())


def test_a_pipe_that_does_not_wait_is_waited_for(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    size = 1 << 20
    code = "import sys; print(len(sys.stdin.buffer.read()))"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=reader, stdout=subprocess.PIPE, text=True
    ) as child:
        os.close(reader)
        file = SteadyFile(writer, "pipe")
        assert file.write(b"x" * size) == size
        os.close(writer)
        said, _ = child.communicate(timeout=240)
    assert file.failure is None
    assert int(said) == size
