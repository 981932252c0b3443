"""Projects with Python modules in them, and requests to call what they hold."""

from __future__ import annotations

import textwrap
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
from metaensemble.engine.runtimes.python import PythonRuntime
from metaensemble.schemas.bound import BoundTask, CallableSpec, Place
from metaensemble.schemas.ids import new_id
from support.fakes import MemoryBlobs, a_request, carried_out, run_async

DAG_RUN_ID = new_id()


def write(project: Path, text: str, name: str = "steps") -> Path:
    """Put a module into the project; a dotted name lies in folders."""
    path = project.joinpath(*name.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def a_spec(name: str, where: Place = "process") -> CallableSpec:
    """`module:function`; without a colon, a function of the module `steps`."""
    module, _, function = name.rpartition(":")
    return CallableSpec(module=module or "steps", function=function, where=where)


def call(folder: Path, name: str, *, where: Place = "process", **fields: Any) -> AttemptRequest:
    """A request for one call; `inputs` and the like are among `fields`."""
    given: dict[str, Any] = {"command": {}, "dag_run_id": DAG_RUN_ID, "python": a_spec(name, where)}
    return a_request(folder, **(given | fields))


def a_python_task(name: str, *, where: Place = "process", **fields: Any) -> BoundTask:
    """A task whose callable this is."""
    given: dict[str, Any] = {"id": "a", "kind": "python", "runtime": "python"}
    return BoundTask(python=a_spec(name, where), **(given | fields))


@asynccontextmanager
async def a_python(blobs: Any = None, **arguments: Any) -> AsyncIterator[PythonRuntime]:
    """A runtime that is closed in the end."""
    runtime = PythonRuntime(MemoryBlobs() if blobs is None else blobs, **arguments)
    try:
        yield runtime
    finally:
        await runtime.close()


def results_of(*requests: AttemptRequest, blobs: Any = None, **arguments: Any) -> list[AttemptResult]:
    """The results of several attempts, one after the other, by one runtime."""

    async def scenario() -> list[AttemptResult]:
        async with a_python(blobs, **arguments) as runtime:
            return [await carried_out(runtime, request) for request in requests]

    return run_async(scenario())


def result_of(request: AttemptRequest, blobs: Any = None, **arguments: Any) -> AttemptResult:
    """The result of one attempt."""
    return results_of(request, blobs=blobs, **arguments)[0]
