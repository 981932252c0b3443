"""Whether the program of a client is there and new enough, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.runtimes.client import Install
from metaensemble.engine.runtimes.client_check import check_client, is_older, version_of
from support.agents import agent_task
from support.client_programs import put_client
from support.fake_agent import FakeAgent

INSTALL = Install(program="agent", line="get it", minimum="2.1.0")


class Client(FakeAgent):
    install = INSTALL  # type: ignore[assignment]


def problems(folder: Path) -> list[str]:
    found = check_client(Client(), agent_task("a"), project="/", environ={"PATH": f"{folder}:/usr/bin:/bin"})
    return [f"{problem.code} {problem}" for problem in found]


def says(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "agent"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_one_that_is_missing_is_told_with_the_line_that_installs_it(tmp_path: Path) -> None:
    (found,) = problems(tmp_path)
    assert found.startswith("ME580")
    (error,) = check_client(Client(), agent_task("a"), project="/", environ={"PATH": str(tmp_path)})
    assert error.hint == "install it: get it"
    assert error.where == ("tasks", "a", "runtime")


@pytest.mark.parametrize(
    ("version", "old"), [("2.0.9", True), ("2.1.0", False), ("10.0", False), ("2", False)]
)
def test_one_that_is_too_old_is_told(tmp_path: Path, version: str, old: bool) -> None:
    put_client(tmp_path / "bin", "agent", version)
    found = problems(tmp_path / "bin")
    assert [one[:5] for one in found] == (["ME581"] if old else [])


def test_a_version_stands_anywhere_in_what_it_says(tmp_path: Path) -> None:
    path = says(tmp_path, "echo 'agent-cli v2.3.4 (build 5.6)'; echo 9.9.9 >&2")
    assert version_of(str(path), INSTALL, {}) == "2.3.4"


@pytest.mark.parametrize("text", ["echo no number", "exit 3", "kill -9 $$"])
def test_one_that_says_none_has_none(tmp_path: Path, text: str) -> None:
    assert version_of(str(says(tmp_path, text)), INSTALL, {}) is None


def test_one_that_hangs_is_ended(tmp_path: Path) -> None:
    path = says(tmp_path, "trap '' TERM; /bin/sleep 1000 & while :; do /bin/sleep 1000; done")
    assert version_of(str(path), INSTALL, {}, seconds=0.05) is None


def test_one_that_floods_is_ended(tmp_path: Path) -> None:
    path = says(tmp_path, "exec yes")
    assert version_of(str(path), INSTALL, {"PATH": "/usr/bin:/bin"}, seconds=1000) is None


def test_one_that_leaves_something_running_is_not_waited_for(tmp_path: Path) -> None:
    fifo = tmp_path / "hold"
    path = says(tmp_path, f"mkfifo '{fifo}'; (cat '{fifo}') & echo 3.1")
    assert version_of(str(path), INSTALL, {"PATH": "/usr/bin:/bin"}) == "3.1"
    fifo.write_text("")  # nobody is left then


def test_it_is_asked_elsewhere_and_without_what_is_another_attempts(tmp_path: Path) -> None:
    path = says(tmp_path, 'test "$PWD" = / && echo "1.${ME_IN_X:-5}"')
    assert version_of(str(path), INSTALL, {"ME_IN_X": "9"}) == "1.5"


@pytest.mark.parametrize(
    ("version", "minimum", "older"),
    [("1.9", "1.10", True), ("1.10", "1.9", False), ("1.2.3", "1.2.3", False), ("1.2", "1.2.1", True)],
)
def test_versions_compare_by_number(version: str, minimum: str, older: bool) -> None:
    assert is_older(version, minimum) is older
