"""Process groups, from the Coordinator's side."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.process.identity import boot_id, is_same_process, process_start
from metaensemble.engine.process.launcher import End, Exited, Killed, Lost, NotStarted
from metaensemble.engine.process.open_files import room_for
from support.fakes import run_async
from support.launching import Watched, a_launcher, sh, start
from support.processes import Fifo, gone

LINUX = Path("/proc/self/environ").exists()
linux_only = pytest.mark.skipif(not LINUX, reason="needs /proc")


def test_a_command_starts_and_its_status_comes_back() -> None:
    async def scenario() -> None:
        async with a_launcher() as launcher:
            for status in (0, 1, 127, 255):
                _, watched = sh(launcher, f"exit {status}")
                assert await watched.ended == Exited(status)

    run_async(scenario())


def test_a_signal_is_told_apart_from_a_status() -> None:
    async def scenario() -> None:
        async with a_launcher() as launcher:
            _, watched = sh(launcher, "kill -SEGV $$")
            assert await watched.ended == Killed(signal.SIGSEGV)

    run_async(scenario())


def test_it_leads_a_session_of_its_own_and_is_known_by_its_start() -> None:
    async def scenario() -> None:
        async with a_launcher() as launcher:
            group, watched = sh(launcher, "exec sleep 1000")
            pid, started = await watched.started
            assert os.getsid(pid) == os.getpgid(pid) == pid == group.pid
            assert process_start(pid) == started
            group.kill()
            assert await watched.ended == Killed(signal.SIGKILL)
            assert process_start(pid) is None

    run_async(scenario())


def test_variables_come_on_top_of_the_inherited_ones(tmp_path: Path) -> None:
    async def scenario() -> None:
        environ = {"PATH": os.environ["PATH"], "KEPT": "a=b", "CHANGED": "old"}
        async with a_launcher(environ) as launcher:
            text = 'printf "%s|%s|%s|%s" "$KEPT" "$CHANGED" "$NEW" "$PWD" > got'
            _, watched = sh(launcher, text, cwd=str(tmp_path), CHANGED="new", NEW="x\ny=z")
            assert await watched.ended == Exited(0)
        assert (tmp_path / "got").read_text() == f"a=b|new|x\ny=z|{tmp_path}"

    run_async(scenario())


@linux_only
def test_only_the_three_descriptors_are_open(tmp_path: Path) -> None:
    async def scenario() -> None:
        inheritable, other = os.pipe()
        os.set_inheritable(inheritable, True)
        async with a_launcher() as launcher:
            _, watched = sh(launcher, "ls /proc/$$/fd > list", cwd=str(tmp_path))
            assert await watched.ended == Exited(0)
        os.close(inheritable)
        os.close(other)
        # The shell itself has 0, 1, 2, and perhaps a copy of its own while it redirects.
        assert {int(line) for line in (tmp_path / "list").read_text().split()} <= {0, 1, 2, 10}

    run_async(scenario())


@linux_only
def test_signals_are_neither_ignored_nor_blocked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with a_launcher() as launcher:
            _, watched = start(launcher, "cp", "/proc/self/status", "status", cwd=str(tmp_path))
            assert await watched.ended == Exited(0)
        lines = dict(line.split(":\t", 1) for line in (tmp_path / "status").read_text().splitlines())
        assert int(lines["SigBlk"], 16) == 0
        assert int(lines["SigIgn"], 16) & (1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGTERM - 1)) == 0

    run_async(scenario())


@pytest.mark.parametrize(
    ("words", "cwd", "expected"),
    [
        (["no-such-program"], "/", NotStarted("exec", errno.ENOENT)),
        (["/no/such/program"], "/", NotStarted("exec", errno.ENOENT)),
        (["true"], "/no/such/folder", NotStarted("chdir", errno.ENOENT)),
        (["./plain"], ".", NotStarted("exec", errno.EACCES)),
        (["./text"], ".", NotStarted("exec", errno.ENOEXEC)),
        (["."], ".", NotStarted("exec", errno.ENOENT)),
        (["./"], ".", NotStarted("exec", errno.EACCES)),
    ],
)
def test_what_cannot_start_says_at_which_step(
    words: list[str], cwd: str, expected: NotStarted, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("no program")
    (tmp_path / "text").write_text("no first line that names an interpreter")
    (tmp_path / "text").chmod(0o755)

    async def scenario() -> None:
        async with a_launcher() as launcher:
            _, watched = start(launcher, *words, cwd=str(tmp_path) if cwd == "." else cwd)
            assert await watched.ended == expected
            assert not watched.started.done()

    run_async(scenario())


def test_programs_are_looked_for_on_the_path_of_the_command(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir()
    (tmp_path / "open").mkdir()
    for folder, mode in (("closed", 0o644), ("open", 0o755)):
        (tmp_path / folder / "greet").write_text("#!/bin/sh\nexit 7\n")
        (tmp_path / folder / "greet").chmod(mode)
    path = f"/no/such:{tmp_path}/closed:open:/usr/bin:/bin"

    async def scenario() -> None:
        async with a_launcher() as launcher:
            _, watched = start(launcher, "greet", cwd=str(tmp_path), PATH=path)
            assert await watched.ended == Exited(7)

    run_async(scenario())


def test_terminate_reaches_the_whole_group_and_stopped_members(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            group, watched = sh(
                launcher, f"exec 9>{fifo.path}; sleep 1000 & sleep 1000 & kill -STOP $!; echo on >&9; wait"
            )
            await fifo.wait_for_line()
            group.terminate()
            assert await watched.ended == Killed(signal.SIGTERM)
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


def test_what_is_left_of_the_group_is_killed_when_the_leader_ends(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            text = f"exec 9>{fifo.path}; (trap '' TERM HUP; sleep 1000) & echo on >&9; exit 0"
            _, watched = sh(launcher, text)
            assert await watched.ended == Exited(0)
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


@linux_only
def test_a_descendant_that_left_the_group_dies_with_its_attempt(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            other, others_end = sh(launcher, "exec sleep 1000", marker="other")
            text = (
                f"exec 9>{fifo.path}; setsid sh -c 'echo on >&9; sleep 1000; :' & read line < {tmp_path}/go"
            )
            os.mkfifo(tmp_path / "go")
            _, watched = sh(launcher, text)
            await fifo.wait_for_line()
            with (tmp_path / "go").open("w") as go:
                go.write("\n")
            assert await watched.ended == Exited(0)
            await fifo.wait_until_released()
            assert not others_end.ended.done()
            other.kill()
            await others_end.ended
        fifo.close()

    run_async(scenario())


@linux_only
def test_closing_ends_even_what_shed_its_environment(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            text = (
                f"exec 9>{fifo.path}; env -i setsid /bin/sh -c 'echo on >&9; sleep 1000; :' & exec sleep 1000"
            )
            _, watched = sh(launcher, text)
            await fifo.wait_for_line()
            await launcher.close()
            assert await watched.ended == Lost()
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


def test_a_dead_spawner_ends_its_commands_and_is_replaced(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            group, watched = sh(launcher, f"exec 9>{fifo.path}; echo on >&9; sleep 1000; :")
            await fifo.wait_for_line()
            first = launcher.spawner_pid
            assert first is not None
            os.kill(first, signal.SIGKILL)
            assert await watched.ended == Lost()
            if LINUX:
                await fifo.wait_until_released()
            group.terminate()
            group.kill()
            _, again = sh(launcher, "exit 0")
            assert await again.ended == Exited(0)
            assert launcher.spawner_pid not in (None, first)
        fifo.close()

    run_async(scenario())


def test_a_spawner_that_is_asked_to_stop_takes_everything_along(tmp_path: Path) -> None:
    async def scenario() -> None:
        fifo = Fifo(tmp_path / "held")
        async with a_launcher() as launcher:
            _, watched = sh(launcher, f"exec 9>{fifo.path}; trap '' TERM; echo on >&9; sleep 1000 & wait")
            await fifo.wait_for_line()
            assert launcher.spawner_pid is not None
            os.kill(launcher.spawner_pid, signal.SIGTERM)
            assert await watched.ended == Lost()
            await fifo.wait_until_released()
        fifo.close()

    run_async(scenario())


def test_requests_larger_than_the_socket_arrive_whole_and_in_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        environ = dict(os.environ) | {f"FILLER_{number}": "x" * 100_000 for number in range(5)}
        async with a_launcher(environ) as launcher:
            words = ["/bin/sh", "-c", 'printf "%s" "$#" > got; echo on'] + ["y" * 1000] * 500
            reader, writer = os.pipe()
            pairs = [start(launcher, *words, cwd=str(tmp_path), out=writer) for _ in range(5)]
            os.close(writer)
            ends = [await watched.ended for _, watched in pairs]
            assert ends == [Exited(0)] * 5
            assert os.read(reader, 100) == b"on\n" * 5
            os.close(reader)
        assert (tmp_path / "got").read_text() == "499"

    run_async(scenario())


def test_many_commands_leave_no_descriptor_and_no_zombie() -> None:
    async def scenario() -> None:
        async with a_launcher() as launcher:
            _, watched = sh(launcher, "exit 0")
            await watched.ended
            spawner = launcher.spawner_pid
            assert spawner is not None
            before = os.listdir("/proc/self/fd"), os.listdir(f"/proc/{spawner}/fd")
            for _ in range(20):
                await asyncio.gather(*(sh(launcher, "exit 0")[1].ended for _ in range(5)))
            after = os.listdir("/proc/self/fd"), os.listdir(f"/proc/{spawner}/fd")
            children = Path(f"/proc/{spawner}/task/{spawner}/children")
            left = children.read_text() if children.exists() else ""
            assert after == before
            assert left == ""

    if LINUX:
        run_async(scenario())


def test_a_launcher_that_is_closed_leaves_no_process() -> None:
    async def scenario() -> tuple[int, int, int]:
        async with a_launcher() as launcher:
            _, watched = sh(launcher, "exec sleep 1000")
            pid, started = await watched.started
            assert launcher.spawner_pid is not None
            return pid, started, launcher.spawner_pid

    pid, started, spawner = run_async(scenario())
    assert not is_same_process(pid, started, boot_id())
    assert gone(spawner)


def test_a_start_whose_descriptors_did_not_all_arrive_fails_as_a_want_of_files() -> None:
    async def scenario() -> End:
        async with a_launcher() as launcher:
            watched = Watched()
            null = os.open(os.devnull, os.O_RDWR)
            lost: tuple[int, ...] = (null, null)  # as the system passes them on when the receiver has no room
            launcher.start(
                [b"/bin/true"],
                cwd=b"/",
                variables=[],
                marker="m",
                descriptors=lost,
                listener=watched,  # type: ignore[arg-type]
            )
            os.close(null)
            return await watched.ended

    assert run_async(scenario()) == NotStarted("exec", errno.EMFILE)


def test_too_many_descriptors_under_way_are_sent_a_little_later(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = iter([True, True])
    really = socket.send_fds

    def send_fds(*arguments: Any) -> int:
        if next(refusals, False):
            raise OSError(errno.ETOOMANYREFS, "too many references")
        return really(*arguments)

    monkeypatch.setattr("socket.send_fds", send_fds)

    async def scenario() -> list[End]:
        async with a_launcher() as launcher:
            return [await sh(launcher, f"exit {number}")[1].ended for number in range(3)]

    assert run_async(scenario()) == [Exited(0), Exited(1), Exited(2)]
    assert next(refusals, None) is None


def test_a_raised_limit_of_open_files_is_not_handed_on(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (300, hard))
    try:
        with room_for(400), (tmp_path / "told").open("wb") as file:

            async def scenario() -> End:
                async with a_launcher() as launcher:
                    return await start(launcher, "/bin/sh", "-c", "ulimit -Sn", out=file.fileno())[1].ended

            assert run_async(scenario()) == Exited(0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (tmp_path / "told").read_text() == "300\n"
