"""The Coordinator of an agent is killed with -9; whoever comes after it takes the agent's work over, or ends it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.process.orphans import carrying
from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
from metaensemble.schemas.ids import new_id
from support import agent_victim
from support.fake_agent import FakeAgent, asked, write_script
from support.fakes import Events, MemoryBlobs, run_async
from support.gates import Gate
from support.victims import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes by /proc")

VERDICT = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"enum": ["yes", "no"]}}}
BAD: dict[str, Any] = {"say": "no json", "tools": ["Read"], "total": {"tokens_in": 10, "tokens_out": 1}}
GOOD: dict[str, Any] = {"say": '{"verdict": "yes"}', "total": {"tokens_in": 25, "tokens_out": 3}}
LONG = "say " + "x" * 3000
"""More than is kept in the record itself, so that it is stored."""


class Killed:
    """An attempt whose Coordinator was killed at a place, and what it was."""

    def __init__(self, folder: Path, **request: Any) -> None:
        self.folder = folder
        self.given = {"run_id": new_id(), "dag_run_id": new_id(), "schema": VERDICT, **request}
        self.marker = frozenset({f"ME_ATTEMPT_ID={self.given['run_id']}".encode()})

    @property
    def request(self) -> AttemptRequest:
        return agent_victim.the_request(self.folder, self.given)

    def at(self, place: str, nth: int = 1) -> None:
        """Carry it out until it dies there."""
        words = [str(self.folder), place, str(nth), json.dumps(self.given)]
        program = Path(agent_victim.__file__)
        paths = {"PYTHONPATH": str(program.parent.parent)}
        done = subprocess.run(
            [sys.executable, "-P", str(program), *words],
            env={**os.environ, **paths},
            check=False,
            timeout=60,
            capture_output=True,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()

    def living(self) -> list[int]:
        return list(carrying(self.marker))

    def wait_until_alone(self) -> None:
        wait_until(lambda: not self.living(), "nothing of it lives any more")

    def times_asked(self) -> int:
        return len(asked(self.folder / "script.json"))

    def wait_until_asked(self, times: int) -> None:
        wait_until(lambda: self.times_asked() == times, f"it was asked {times} times")

    def adopt(self) -> AttemptResult | None:
        """What whoever comes after makes of it; nothing of it lives any more then."""

        async def scenario() -> AttemptResult | None:
            runtime = AgentRuntime(FakeAgent(self.folder / "script.json"), MemoryBlobs())
            try:
                handle = runtime.adopt(self.request, Events())
                if handle is None:
                    assert self.living() == []
                return None if handle is None else await handle.wait()
            finally:
                await runtime.close()

        result = run_async(scenario())
        self.wait_until_alone()
        return result


@pytest.fixture
def killed(tmp_path: Path) -> Iterator[Killed]:
    made = Killed(tmp_path)
    yield made
    for pid in made.living():
        os.kill(pid, signal.SIGKILL)


def usage(result: AttemptResult) -> tuple[int, int]:
    return result.columns["tokens_in"], result.columns["tokens_out"]


@pytest.mark.parametrize("place", ["launch", "written"])
def test_before_the_process_there_is_nothing_to_take_over(killed: Killed, place: str) -> None:
    write_script(killed.folder, GOOD)
    killed.at(place)
    assert killed.adopt() is None
    assert killed.times_asked() == 0


@pytest.mark.parametrize("place", ["spawned", "spoken", "ended", "assessed"])
def test_an_agent_that_ended_by_itself_is_taken_over(killed: Killed, place: str) -> None:
    write_script(killed.folder, GOOD)
    killed.at(place)
    killed.wait_until_alone()
    result = killed.adopt()
    assert result is not None
    assert (result.outcome, result.output) == ("ok", {"verdict": "yes"})
    assert usage(result) == (25, 3)
    assert killed.times_asked() == 1, "it was paid once"


def test_what_was_all_but_recorded_is_taken_over(killed: Killed) -> None:
    write_script(killed.folder, {**GOOD, "stderr": LONG})
    killed.at("stored")
    result = killed.adopt()
    assert result is not None
    assert result.outcome == "ok"
    assert result.stderr is not None
    assert result.stderr.size == len(LONG) + 1
    assert killed.times_asked() == 1


@pytest.mark.parametrize(("place", "nth"), [("spawned", 2), ("ended", 2), ("assessed", 1)])
def test_so_is_one_that_was_asked_again(killed: Killed, place: str, nth: int) -> None:
    write_script(killed.folder, BAD, GOOD)
    killed.at(place, nth)
    killed.wait_until_alone()
    result = killed.adopt()
    assert result is not None
    assert (result.outcome, result.output) == ("ok", {"verdict": "yes"})
    assert usage(result) == (25, 3), "the session's figures count once"
    first, second = asked(killed.folder / "script.json")
    assert first["session"] == second["session"] == result.columns["session_id"]


def test_one_whose_answer_does_not_hold_is_asked_again_by_whoever_comes_after(killed: Killed) -> None:
    write_script(killed.folder, BAD, GOOD)
    killed.at("ended")
    assert killed.times_asked() == 1
    result = killed.adopt()
    assert result is not None
    assert (result.outcome, usage(result)) == ("ok", (25, 3))
    first, second = asked(killed.folder / "script.json")
    assert first["session"] == second["session"]
    assert "no json" not in first["prompt"]
    assert "Do it." not in second["prompt"]


def test_one_that_was_about_to_be_asked_again_is_done_anew(killed: Killed) -> None:
    write_script(killed.folder, BAD, GOOD)
    killed.at("written", 2)
    assert killed.adopt() is None
    assert killed.times_asked() == 1


def test_one_that_still_works_is_stopped(killed: Killed) -> None:
    gate = Gate(killed.folder / "gate")
    family = "setsid sleep 1000 & sleep 1000 &"
    write_script(killed.folder, {**GOOD, "shell": family, "gate": str(killed.folder / "gate")})
    killed.at("spoken")
    killed.wait_until_asked(1)
    assert killed.living()
    assert killed.adopt() is None
    gate.open()


def test_one_that_works_on_and_ends_meanwhile_is_not_stopped(killed: Killed) -> None:
    gate = Gate(killed.folder / "gate")
    write_script(killed.folder, {**GOOD, "gate": str(killed.folder / "gate")})
    killed.at("spoken")
    gate.open()
    killed.wait_until_alone()
    result = killed.adopt()
    assert result is not None
    assert result.outcome == "ok"


def test_killed_together_with_its_shim_the_agent_dies_and_is_done_anew(killed: Killed) -> None:
    Gate(killed.folder / "gate")
    write_script(killed.folder, {**GOOD, "shell": "sleep 1000 &", "gate": str(killed.folder / "gate")})
    killed.at("spoken")
    killed.wait_until_asked(1)
    for pid in killed.living():
        if b"shim.py" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    assert killed.adopt() is None


def test_whoever_takes_it_over_may_be_killed_as_well(killed: Killed) -> None:
    write_script(killed.folder, GOOD)
    killed.at("ended")
    first, second = killed.adopt(), killed.adopt()
    assert first is not None
    assert first == second
    assert killed.times_asked() == 1


def test_the_limit_of_an_attempt_holds_without_its_coordinator(tmp_path: Path) -> None:
    killed = Killed(tmp_path, wall=0.5, grace=0.1)
    Gate(tmp_path / "gate")
    write_script(tmp_path, {**GOOD, "gate": str(tmp_path / "gate")})
    killed.at("spawned")
    killed.wait_until_alone()
    result = killed.adopt()
    assert result is not None
    assert (result.outcome, result.failure_reason) == ("failed", "timeout")


@pytest.mark.parametrize("wrote", [True, False])
def test_only_what_it_wrote_itself_is_its_deliverable(tmp_path: Path, wrote: bool) -> None:
    report = tmp_path / "report.md"
    report.write_text("old")
    killed = Killed(tmp_path, deliverables=[[str(report), None]], reask=0)
    write_script(tmp_path, {**GOOD, "shell": f"echo new > '{report}'" if wrote else ""})
    killed.at("ended")
    result = killed.adopt()
    assert result is not None
    assert result.outcome == ("ok" if wrote else "failed")
