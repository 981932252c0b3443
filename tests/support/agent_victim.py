"""A process that carries an agent's attempt out, and is killed with -9 at a place of its own choice.

    python agent_victim.py FOLDER PLACE NTH REQUEST

REQUEST is a JSON object, keywords of `fake_agent.request_of`. The script of the agent lies in FOLDER. PLACES
tells what there is; NTH is how many times it comes past before it dies. It says `done` if it never does.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.client import Launch, Turn, TurnEnd
from metaensemble.engine.runtimes.protocol import (
    Activity,
    AttemptEvent,
    AttemptRequest,
    AttemptResult,
    Spawned,
)
from metaensemble.schemas.bound import OutputContract
from support.fake_agent import FakeAgent, FakeReader, request_of
from support.fakes import MemoryBlobs, MemoryWriter, carried_out

PLACES: Final = ("launch", "written", "spawned", "spoken", "ended", "assessed", "stored")
"""Before anything of a turn is there; before its process; after its start; once it has said something; once it
has ended; while the work is looked at; once all is known and nothing recorded."""


class Trap:
    """Kills this process when it comes past `place` for the `nth` time."""

    def __init__(self, place: str, nth: int) -> None:
        self._place = place
        self._left = nth

    def at(self, place: str) -> None:
        if place == self._place:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


class TrappedReader(FakeReader):
    trap: Trap

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        self.trap.at("ended")
        return super().end(status=status, signal=signal, stderr=stderr)


@dataclass(frozen=True)
class TrappedAgent(FakeAgent):
    trap: Trap = Trap("", 1)

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch:
        self.trap.at("launch")
        return super().launch(turn, environ)

    def reader(self, turn: Turn) -> FakeReader:
        self.trap.at("written")
        reader = TrappedReader(turn)
        reader.trap = self.trap
        return reader


class TrappedBlobs(MemoryBlobs):
    trap: Trap

    def writer(self, *, keep_as: str = "") -> MemoryWriter:
        self.trap.at("stored")
        return super().writer(keep_as=keep_as)


def the_request(folder: Path, given: Mapping[str, Any]) -> AttemptRequest:
    """The attempt that a victim carries out, as whoever adopts it makes it anew."""
    fields = dict(given)
    if "schema" in fields:
        fields["output"] = OutputContract(form="json", schema=fields.pop("schema"))
    if "deliverables" in fields:
        fields["deliverables"] = tuple((path, schema) for path, schema in fields["deliverables"])
    return request_of(folder, **fields)


async def main(words: Sequence[str]) -> None:
    folder, place, nth, text = Path(words[0]), words[1], int(words[2]), words[3]
    trap = Trap(place, nth)
    blobs = TrappedBlobs()
    blobs.trap = trap

    def emit(event: AttemptEvent) -> None:
        if isinstance(event, Spawned):
            trap.at("spawned")
        elif isinstance(event, Activity):
            trap.at("spoken")

    async def assess(request: AttemptRequest, result: AttemptResult, **_: object) -> Any:
        trap.at("assessed")
        return Fine()

    client = TrappedAgent(folder / "script.json", trap=trap)
    runtime = AgentRuntime(client, blobs, assess=assess)
    await carried_out(runtime, the_request(folder, json.loads(text)), emit)  # type: ignore[arg-type]
    await runtime.close()
    print("done", flush=True)


class Fine:
    ok = True
    reason = ""
    text = ""
    columns: Mapping[str, Any] = {}


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
