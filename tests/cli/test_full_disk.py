"""Commands that write files, where the system takes none."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from support.client_programs import put_client
from support.command_line import Shell


@pytest.fixture(autouse=True)
def one_client(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    programs = tmp_path_factory.mktemp("bin")
    put_client(programs, "claude")
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")


@pytest.fixture(params=["full", "full when written", "read-only"])
def trouble(request: pytest.FixtureRequest) -> Any:
    return request.param


def refuse(trouble: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Let the system take no more files below the folder."""
    number = errno.EROFS if trouble == "read-only" else errno.ENOSPC
    opened, written, made = os.open, os.write, os.mkdir

    def may_not(path: Any) -> bool:
        return str(Path(path).absolute()).startswith(str(folder))

    def no_open(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR) and may_not(path):
            raise OSError(number, os.strerror(number))
        return opened(path, flags, *rest, **named)

    def no_write(descriptor: int, data: Any) -> int:
        if may_not(Path(f"/proc/self/fd/{descriptor}").readlink()):
            raise OSError(number, os.strerror(number))
        return written(descriptor, data)

    def no_folder(path: Any, *rest: Any, **named: Any) -> None:
        if may_not(path):
            raise OSError(number, os.strerror(number))
        made(path, *rest, **named)

    if trouble == "full when written":
        patch.setattr(os, "write", no_write)
    else:
        patch.setattr(os, "open", no_open)
        patch.setattr(os, "mkdir", no_folder)


MANIFEST = """
version: 1
id: hm-019e2a35-a3f8-7c91-b4d7-2f5a8e3b9c10
from: principal
to: docs
task: T-1
context: {files: [{path: a.txt}]}
expected_deliverables: [{path: b.txt}]
"""


@pytest.mark.parametrize(
    ("words", "exit_code", "codes"),
    [
        (("dispatch", "docs", "Write it."), 3, {"read-only": "ME706", "": "ME705"}),
        (("roles", "new", "scribe"), 2, {"": "ME544"}),
        (("roles", "new", "scribe", "--user"), 2, {"": "ME544"}),
        (("manifest", "validate", "m.yaml", "--twin"), 2, {"": "ME544"}),
    ],
)
def test_it_is_told_as_what_it_is(
    me: Shell,
    tmp_path: Path,
    trouble: str,
    words: tuple[str, ...],
    exit_code: int,
    codes: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "a.txt").write_text("x\n")
    (tmp_path / "m.yaml").write_text(MANIFEST)
    with monkeypatch.context() as patch:
        for folder in (tmp_path, Path(os.environ["HOME"])):
            refuse(trouble, folder, patch)
        answer = me(*words)
    code = codes.get(trouble, codes[""])
    assert answer.err.startswith(f"error[{code}]: ")
    assert (answer.code, answer.out) == (exit_code, "")
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".md", ".json", ".part")]


def test_a_role_is_not_put_away(
    me: Shell, tmp_path: Path, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        refuse(trouble, tmp_path, patch)
        answer = me("roles", "archive", "docs")
    assert answer.code in (2, 3)
    assert answer.err.startswith(("error[ME544]: ", "error[ME705]: ", "error[ME706]: "))
    assert me("roles", "archive", "docs").code == 0


@pytest.mark.parametrize(
    "words",
    [("ledger", "export", "-o", "/dev/full"), ("dag", "render", "g.yaml", "-f", "dot", "-o", "/dev/full")],
)
def test_a_flag_may_name_a_full_disk(me: Shell, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "g.yaml").write_text("tasks: {a: {run: 'true'}}\n")
    assert me("dag", "run", "g.yaml").code == 0
    answer = me(*words)
    assert answer.code == 2
    assert answer.err.startswith("error[ME544]: `/dev/full` cannot be written: ")
