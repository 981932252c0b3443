"""Programs of an assessment: how they end, what is kept of what they print, and that none is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from metaensemble.engine.masking import Masker
from metaensemble.engine.process.timer import Timer
from metaensemble.engine.quality import programs as module
from metaensemble.engine.quality.programs import Program, Programs, Ran
from support.fakes import run_async
from support.launching import a_launcher
from support.processes import Fifo

SECRET = "correct-horse-battery"


def carried_out(work: Callable[[Programs], Awaitable[Ran]], **arguments: object) -> Ran:
    async def main() -> Ran:
        async with a_launcher() as launcher:
            return await work(Programs(launcher, marker="m", **arguments))  # type: ignore[arg-type]

    return run_async(main())


def sh(text: str, cwd: str = "/", seconds: float = 60.0, **env: str) -> Program:
    return Program(argv=["/bin/sh", "-c", text], cwd=cwd, timeout=seconds, env=env)


def ran(text: str, **arguments: object) -> Ran:
    return carried_out(lambda programs: programs.run(sh(text)), **arguments)


def test_what_it_prints_and_how_it_ends() -> None:
    found = ran("echo out; echo err >&2; exit 3")
    assert (found.status, found.why, found.out, found.absent) == (3, "", b"out\n", False)
    assert sorted(found.tail.split()) == ["err", "out"]


def test_where_and_with_what_it_runs(tmp_path: Path) -> None:
    program = sh('pwd; echo "$A $B $ME_ATTEMPT_ID"', cwd=str(tmp_path), A="x")
    found = carried_out(lambda programs: programs.run(program), variables={"B": "y"})
    assert found.out == f"{tmp_path.resolve()}\nx y m\n".encode()


def test_ended_by_a_signal() -> None:
    found = ran("kill -9 $$")
    assert (found.status, found.why) == (None, "it was ended by signal 9")


@pytest.mark.parametrize(
    ("argv", "cwd", "why", "absent"),
    [
        (["/no/such/program"], "/", "it cannot be started: no such file or directory", True),
        (["/bin/true"], "/no/such/folder", "there is no such directory: no such file or directory", False),
        (["/bin/echo", "a\0b"], "/", "it cannot be started: it holds a NUL character", False),
    ],
)
def test_what_cannot_be_started(argv: list[str], cwd: str, why: str, absent: bool) -> None:
    found = carried_out(lambda programs: programs.run(Program(argv=argv, cwd=cwd, timeout=9.0)))
    assert (found.status, found.why, found.absent) == (None, why, absent)


def test_one_that_takes_too_long_is_ended() -> None:
    program = sh("trap '' TERM; while :; do :; done", seconds=77)

    def hurried(seconds: float, call: Callable[[], None]) -> Timer:
        hurry = seconds in (77, module.GRACE)
        return asyncio.get_running_loop().call_later(0 if hurry else seconds, call)

    found = carried_out(lambda programs: programs.run(program), call_later=hurried)
    assert (found.status, found.why) == (None, "it ran longer than 77 s")


def test_secrets_are_in_nothing_that_is_kept() -> None:
    masker = Masker({"TOKEN": SECRET})
    found = ran(f"printf %s {SECRET[:9]}; printf %s {SECRET[9:]}; echo {SECRET} >&2", masker=masker)
    assert found.out == b"***TOKEN***"
    assert SECRET not in found.tail
    assert found.tail.count("***TOKEN***") == 2


def test_of_too_much_output_only_the_end_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_OUTPUT", 1000)
    found = ran("yes line | head -n 5000; echo end")
    assert found.out is None
    assert found.tail.endswith("line\nend\n")
    assert len(found.tail) <= module.TAIL


def test_a_sign_of_life_for_what_is_printed() -> None:
    seen: list[int] = []
    ran("echo hello", beat=seen.append)
    assert sum(seen) == len("hello\n")


def test_as_many_at_a_time_as_there_is_room(tmp_path: Path) -> None:
    # Each looks whether another is there; with one place there never is.
    text = "mkdir busy || { echo two; exit 1; }; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; rmdir busy"

    async def main() -> list[Ran]:
        async with a_launcher() as launcher:
            programs = Programs(launcher, marker="m", room=asyncio.Semaphore(1))
            return await asyncio.gather(*(programs.run(sh(text, cwd=str(tmp_path))) for _ in range(4)))

    assert [found.status for found in run_async(main())] == [0, 0, 0, 0]


def test_what_is_cancelled_leaves_no_process(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path / "held")
    text = "exec 3>held; trap '' TERM; (trap '' TERM; echo inner >&3; sleep 600) & echo outer >&3; wait"

    async def main() -> None:
        async with a_launcher() as launcher:
            programs = Programs(launcher, marker="m")
            work = asyncio.get_running_loop().create_task(programs.run(sh(text, cwd=str(tmp_path))))
            await fifo.wait_for_line(2)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            await fifo.wait_until_released()

    run_async(main())
    fifo.close()
