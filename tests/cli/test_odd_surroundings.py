"""A home, a folder for temporary files, or a directory that is not as it should be."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from support.program import path_with_me, run_me, run_sh
from support.rights import obey_modes

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="gives up rights as Linux has them")

GRAPH = """\
params: {p: {type: path, default: .}}
tasks:
  a: {run: [printf, "%s", "${{ params.p }}"]}
  many: {run: "head -c 200000 /dev/zero | tr '\\\\0' x"}
  count: {run: [wc, -c], with: {text: "${{ tasks.many.output }}"}}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / ".metaensemble").mkdir(parents=True)
    (folder / "graph.yaml").write_text(GRAPH)
    return folder


@pytest.fixture
def path(tmp_path: Path) -> str:
    return path_with_me(tmp_path / "bin", whole=True)


@pytest.mark.parametrize("home", [None, "", "relative", b"/r\xffoot", "/" + "x" * 5000])
def test_any_home_will_do(home: str | bytes | None, project: Path, path: str) -> None:
    done = run_me("dag", "run", "graph.yaml", "-q", path=path, cwd=project, environ={"HOME": home})
    assert (done.returncode, done.stderr) == (0, b"")
    done = run_me("dag", "list", "--json", path=path, cwd=project, environ={"HOME": home})
    assert json.loads(done.stdout)[0]["state"] == "ok"


@pytest.mark.parametrize("home", [None, ""])
def test_without_a_home_a_tilde_stands_for_nothing(home: str | None, project: Path, path: str) -> None:
    done = run_me("dag", "run", "graph.yaml", "-p", "p=~/x", path=path, cwd=project, environ={"HOME": home})
    assert done.returncode == 2
    assert done.stderr.startswith(
        b"error[ME512]: the parameter `p` is `~/x`, and `~` stands for nothing: HOME is not set"
    )
    done = run_me(
        "dag", "plan", "graph.yaml", "-p", "p=./~/x", "--json", path=path, cwd=project, environ={"HOME": home}
    )
    assert json.loads(done.stdout)["params"] == {"p": f"{project}/~/x"}


def test_a_home_that_is_no_utf8_is_what_a_tilde_stands_for(project: Path, path: str) -> None:
    environ = {"HOME": b"/r\xffoot"}
    done = run_me(
        "dag", "plan", "graph.yaml", "-p", "p=~/x", "--json", path=path, cwd=project, environ=environ
    )
    assert json.loads(done.stdout)["params"] == {"p": os.fsdecode(b"/r\xffoot/x")}


@pytest.mark.parametrize("temporary", ["/no/such/folder", "/dev/null", b"/tmp/\xff"])
def test_no_folder_for_temporary_files(temporary: str | bytes, project: Path, path: str) -> None:
    done = run_me("dag", "run", "graph.yaml", "-q", path=path, cwd=project, environ={"TMPDIR": temporary})
    assert (done.returncode, done.stderr) == (0, b"")
    done = run_me("ledger", "verify", path=path, cwd=project, environ={"TMPDIR": temporary})
    assert done.stdout.startswith(b"clean: ")


COMMANDS = [
    "dag list",
    "dag resume",
    "dag run graph.yaml",
    "dag render x",
    "ledger recent",
    "ledger verify",
    "ledger rebuild",
]


@linux_only
@pytest.mark.parametrize("closed", [".", ".."], ids=["itself", "its parent"])
@pytest.mark.parametrize("line", COMMANDS)
def test_a_working_directory_that_may_not_be_entered(
    line: str, closed: str, project: Path, path: str
) -> None:
    inside = project / "inside"
    inside.mkdir()
    shut = inside if closed == "." else project
    done = run_sh(
        f"cd inside; chmod 000 {closed}; me {line}; echo status $?; chmod 755 '{shut}'",
        path=path,
        cwd=project,
        before=obey_modes,
    )
    assert done.stdout == "status 2\n", done.stderr
    assert done.stderr.startswith(("error[ME546]: ", "error[ME101]: ", "error[ME102]: "))


@linux_only
@pytest.mark.parametrize("line", COMMANDS)
def test_a_state_folder_that_may_not_be_entered(line: str, project: Path, path: str) -> None:
    done = run_sh(
        f"chmod 000 .metaensemble; me {line}; echo status $?; chmod 755 .metaensemble",
        path=path,
        cwd=project,
        before=obey_modes,
    )
    if "render" in line:
        assert done.stdout == "status 2\n", "it looks for a file of that name"
    else:
        assert done.stdout == "status 3\n", done.stderr
        assert done.stderr.startswith("error[ME706]: ")


@linux_only
def test_a_graph_elsewhere_is_run_from_a_closed_directory(project: Path, path: str) -> None:
    (project / "inside").mkdir()
    text = "cd inside; chmod 000 .; me dag run ../graph.yaml -q; echo status $?; chmod 755 ."
    done = run_sh(f"{text} '{project}/inside'", path=path, cwd=project, before=obey_modes)
    assert done.stderr.startswith("error[ME102]: "), "`..` goes through the closed directory"
    text = f"cd inside; chmod 000 .; me dag run '{project}/graph.yaml' -q; echo status $?; chmod 755 '{project}/inside'"
    done = run_sh(text, path=path, cwd=project, before=obey_modes)
    assert (done.stdout, done.stderr) == ("status 0\n", "")


@linux_only
def test_places_that_may_not_be_entered(project: Path, path: str) -> None:
    closed = project / "closed"
    closed.mkdir()
    (project / "own.yaml").write_text("tasks: {a: {run: [head, -c, '0', own.yaml]}}\n")
    (project / "cwd.yaml").write_text(
        "tasks: {a: {run: 'true', cwd: closed}, b: {run: 'true', cwd: closed/in}}\n"
    )
    (project / "program.yaml").write_text("tasks: {a: {run: [closed/program]}}\n")
    (project / "found.yaml").write_text(
        "tasks: {a: {run: printf closed}, b: {run: 'true', cwd: '${{ tasks.a.output }}'}}\n"
    )

    def me(line: str) -> str:
        text = f"chmod 000 closed; PATH='{closed}':$PATH; me dag run {line}; echo $?; chmod 755 closed"
        done = run_sh(text, path=path, cwd=project, before=obey_modes)
        return f"{done.stdout.strip()} {done.stderr}"

    assert me("own.yaml -q") == "0 ", "a closed directory on the PATH holds nothing"
    said = me("cwd.yaml")
    assert said.startswith("2 error[ME522]: the working directory `closed` may not be entered")
    assert "the working directory `closed/in` cannot be reached: permission denied" in said
    assert me("program.yaml").startswith(
        "2 error[ME521]: the program `closed/program` cannot be reached: permission denied"
    )
    assert f"cannot enter the directory `{closed}`: no permission" in me("found.yaml")


def test_a_name_that_a_terminal_would_obey(project: Path, path: str) -> None:
    name = "a\x1b[31mb\rc.yaml"
    (project / name).write_text("tasks: {a: {run: pwd, cwd: '${{ params.p }}'}}\nparams: {p: {}}\n")
    (project / "x\x1b[1m").mkdir()
    said = b""
    for words in (
        ["run", name, "-p", "p=x\x1b[1m"],
        ["status"],
        ["list"],
        ["validate", name],
        ["plan", name, "-p", "p=."],
    ):
        done = run_me("dag", *words, path=path, cwd=project)
        assert done.returncode == 0, done.stderr
        said += done.stdout + done.stderr
    assert b"a [31mb c" in said
    assert b"\x1b" not in said
    assert b"\r" not in said
