"""A Coordinator that does nothing but carry out one attempt, to be killed meanwhile.

Run as a script: the name of the client, the project, the prompt, and its environment as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from metaensemble.engine.runtimes.agent import AgentRuntime
from metaensemble.engine.runtimes.protocol import AgentRequest, AttemptRequest
from support.agents import ARCHITECT
from support.clients.kinds import KINDS, Kind
from support.fakes import MemoryBlobs, a_request

DAG_RUN = "01900000-0000-7000-8000-0000000000d1"


def request_of(kind: Kind, project: Path, prompt: str, **fields: Any) -> AttemptRequest:
    """An attempt with the client; `fields` are members of the request, or of what it asks of the agent."""
    names = AgentRequest.__dataclass_fields__
    agent = {name: fields.pop(name) for name in list(fields) if name in names}
    given = {
        "executor_id": "e1",
        "alias": "arch-7b3",
        "role": ARCHITECT,
        "model": kind.model,
        "prompt": prompt,
    }
    fixed = {"run_id": _run_of(project), "dag_run_id": DAG_RUN, "command": {}, "key": "k" * 64}
    made = a_request(project, agent=AgentRequest(**{**given, **agent}), **{**fixed, **fields})
    return replace(made, scratch=str(project.parent / "scratch" / made.run_id))


def _run_of(project: Path) -> str:
    """The id of the project's one Run. What is left of a Run is found by its id, also by another test that
    runs meanwhile: so no two projects share one."""
    return str(uuid5(NAMESPACE_URL, str(project)))


async def _carry_out(kind: Kind, project: Path, prompt: str, environ: dict[str, str]) -> None:
    runtime = AgentRuntime(kind.client(), MemoryBlobs(), environ=environ)
    await runtime.start(request_of(kind, project, prompt), lambda _: None).wait()


if __name__ == "__main__":
    asyncio.run(_carry_out(KINDS[sys.argv[1]], Path(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])))
