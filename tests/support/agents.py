"""A runtime of agents that answer at once, as a script says, and leave their answers on disk as real ones do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from metaensemble.engine.runtimes.protocol import (
    AttemptEvent,
    AttemptHandle,
    AttemptRequest,
    AttemptResult,
    Capabilities,
)
from metaensemble.schemas.agent import AgentSpec, Role
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.errors import InputError

ARCHITECT = Role(name="architect", version="1.2.0", alias_prefix="arch", digest="ab" * 32, tools=("Read",))
DOCS = Role(name="docs", version="2.0.1", alias_prefix="docs", digest="cd" * 32, tools=("Read",))

Answer = Callable[[AttemptRequest], AttemptResult]


def agent_task(name: str, role: Role = ARCHITECT, *, runtime: str = "script", **more: Any) -> BoundTask:
    """A task with a Role; keywords of `AgentSpec` go there, all others to the task."""
    of_spec = {key: more.pop(key) for key in list(more) if key in AgentSpec.__dataclass_fields__}
    spec = AgentSpec(role=role.name, identity=role, **of_spec)
    return BoundTask(id=name, kind="role", runtime=runtime, agent=spec, **more)


class Ended:
    """An attempt that has its result."""

    def __init__(self, result: AttemptResult) -> None:
        self._result = result

    async def wait(self) -> AttemptResult:
        await asyncio.sleep(0)
        return self._result

    def cancel(self, *, hard: bool) -> None:
        return


class AgentScript:
    """Answers every attempt with `answer`, and keeps what was asked in `asked`.

    What it would answer is on disk before it does: an attempt that lost its Coordinator can be adopted, as
    long as its node is not in `unfinished`. `adopted` are the runs that were.
    """

    name = "script"
    capabilities = Capabilities(structured_output=True, session_resume=True)

    def __init__(self, answer: Answer, *, unfinished: frozenset[str] = frozenset()) -> None:
        self._answer = answer
        self._unfinished = unfinished
        self.asked: list[AttemptRequest] = []
        self.adopted: list[AttemptRequest] = []

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        return []

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> AttemptHandle:
        self.asked.append(request)
        folder = Path(request.scratch)
        folder.mkdir(parents=True)
        result = self._answer(request)
        if request.node_id not in self._unfinished:
            left = {"run": request.run_id, "key": request.key, "output": result.output}
            (folder / "result.json").write_text(json.dumps({**left, "columns": dict(result.columns)}))
        return Ended(result)

    def adopt(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> AttemptHandle | None:
        try:
            found: Mapping[str, Any] = json.loads(Path(request.scratch, "result.json").read_text())
        except OSError:
            return None
        if (found["run"], found["key"]) != (request.run_id, request.key):
            return None
        self.adopted.append(request)
        return Ended(AttemptResult(outcome="ok", output=found["output"], columns=found["columns"]))

    async def close(self) -> None:
        return
