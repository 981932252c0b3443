"""What is found about a command before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.preflight import check_command
from metaensemble.schemas.bound import BoundTask, CommandSpec
from metaensemble.schemas.template import Concat, Expr, Literal

ENVIRON = {"PATH": "/usr/bin:/bin", "TOKEN": "12345678", "PIN": "1234", "EMPTY": ""}


def problems(project: Path, *words: str, **fields: Any) -> list[str]:
    if words:
        fields["command"] = CommandSpec(argv=tuple(Literal(word) for word in words))
    task = BoundTask(id="t", **fields)
    return [
        f"{error.code} {error.message}"
        for error in check_command(task, project=str(project), environ=ENVIRON)
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    for name, mode in (("tool", 0o755), ("plain", 0o644)):
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(mode)
    return tmp_path


def test_a_good_command_has_no_problem(project: Path) -> None:
    assert problems(project, "sh", "-c", "x") == []
    assert problems(project, "bin/tool") == []
    assert problems(project, "./tool", cwd=Literal("bin")) == []
    assert problems(project, str(project / "bin" / "tool")) == []
    assert problems(project, command=CommandSpec(shell="no-such-program")) == []
    assert problems(project) == []
    assert problems(project, "sh", secrets=("TOKEN",), inputs=(("a", Literal(1)), ("b", Literal(2)))) == []


def test_programs_that_cannot_be_run(project: Path) -> None:
    assert problems(project, "no-such") == ["ME521 the program `no-such` was not found on the PATH"]
    assert problems(project, "bin/none") == ["ME521 the program `bin/none` does not exist"]
    assert problems(project, "bin/plain") == ["ME521 `bin/plain` is not a program"]
    assert problems(project, "./bin") == ["ME521 `./bin` is not a program"]
    assert problems(project, "") == ["ME521 the command names no program"]


def test_the_tasks_own_path_is_searched(project: Path) -> None:
    assert problems(project, "tool") != []
    assert problems(project, "tool", env=(("PATH", Literal(f"/none:{project}/bin")),)) == []
    assert problems(project, "tool", env=(("PATH", Literal("bin:/usr/bin")),)) == []
    assert problems(project, "sh", env=(("PATH", Literal("/none")),)) != []


def test_what_depends_on_other_tasks_is_left_for_the_attempt(project: Path) -> None:
    later = Expr("tasks.a.output")
    assert problems(project, command=CommandSpec(argv=(later,))) == []
    assert problems(project, "no-such", env=(("PATH", Concat((Literal("/x:"), later))),)) == []
    assert problems(project, "./no-such", cwd=later) == []
    assert problems(project, "sh", cwd=later) == []


def test_directories(project: Path) -> None:
    assert problems(project, "sh", cwd=Literal("none")) == [
        "ME522 the working directory `none` does not exist"
    ]
    assert problems(project, "sh", cwd=Literal("bin/tool")) == [
        "ME522 the working directory `bin/tool` is not a directory"
    ]


def test_secrets(project: Path) -> None:
    assert problems(project, "sh", secrets=("NONE", "EMPTY", "PIN", "TOKEN")) == [
        "ME523 the secret `NONE` is not set in the environment",
        "ME523 the secret `EMPTY` is not set in the environment",
        "ME524 the value of the secret `PIN` has 4 characters; at least 8 are needed to find it in a text",
    ]


def test_inputs_that_would_share_a_name(project: Path) -> None:
    inputs = tuple((name, Literal(1)) for name in ("a-b", "a_b", "A.B", "briefs", "c"))
    assert problems(project, "sh", inputs=inputs) == [
        "ME525 the inputs `a-b` and `a_b` both become the variable `ME_IN_A_B`",
        "ME525 the inputs `a-b` and `A.B` both become the variable `ME_IN_A_B`",
        (
            "ME525 an input cannot be called `briefs`: on standard input the Briefs of what came before "
            "have that name"
        ),
    ]
