"""Asks for earlier results on behalf of the driver: slow work on a thread, the Ledger on the loop."""

from __future__ import annotations

import asyncio
import os.path
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...schemas.bound import BoundTask
from ..instances import Instance
from ..reuse.results import Candidate, Recorded, Results
from ..runtimes.protocol import Runtime
from ..scheduler.commands import StartAttempt
from ..scheduler.machine import Scheduler
from .requests import RenderError, RequestBuilder

__all__ = ["Candidate", "Decision", "Reuse", "label_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an earlier result is taken: `payload` is the record of that, None when the node runs.

    `why` says why it runs. `candidate` goes into the record of its result.
    """

    payload: dict[str, Any] | None = None
    why: str = ""
    candidate: Candidate | None = None


class Reuse:
    """Decides, node by node, for one DAG run."""

    def __init__(
        self, results: Results, requests: RequestBuilder, runtimes: Mapping[str, Runtime], *, project: str
    ) -> None:
        self._results = results
        self._requests = requests
        self._runtimes = runtimes
        self._project = project

    def abandon(self) -> None:
        """Look at no files any more, and end the looking that goes on."""
        self._results.abandon()

    def applies(self, task: BoundTask) -> bool:
        """Whether results of the task are kept, or may be taken over."""
        return self._results.is_offered(task)

    async def decide(self, instance: Instance, command: StartAttempt, scheduler: Scheduler) -> Decision:
        """Look for an earlier result for the node, and put its files back if there is one."""
        rewinds = scheduler.nodes[instance.id].rewinds
        try:
            arguments = self._arguments(instance, command.generation, rewinds)
        except RenderError:
            # The attempt itself tells what cannot be evaluated.
            return Decision()
        candidate = await asyncio.to_thread(self._results.candidate, instance.task, **arguments)
        found = self._results.recorded(instance.task, candidate)
        if found is None:
            return Decision(candidate=candidate)
        amiss = await asyncio.to_thread(self._results.put_back, found)
        if amiss is not None:
            return Decision(why=amiss, candidate=candidate)
        return Decision(payload=self._payload(found, command.generation, candidate), candidate=candidate)

    def foresee(self, instance: Instance, rewinds: int = 0) -> Decision:
        """What `decide` would come to, with nothing touched: for the plan."""
        try:
            arguments = self._arguments(instance, 0, rewinds)
        except RenderError as problem:
            return Decision(why=str(problem))
        except KeyError:
            return Decision(why=f"there is no runtime `{instance.task.runtime}`")
        candidate = self._results.candidate(instance.task, **arguments)
        found = self._results.recorded(instance.task, candidate)
        if found is None:
            why = self._results.why_not(instance.task, self._label(instance), candidate)
            return Decision(why=why, candidate=candidate)
        amiss = self._results.put_back(found, touch=False)
        if amiss is not None:
            return Decision(why=amiss, candidate=candidate)
        return Decision(payload=self._payload(found, 0, candidate), candidate=candidate)

    async def offer(self, node_id: str, candidate: Candidate) -> dict[str, Any] | None:
        """What is recorded of the node's result for later DAG runs; None when it cannot be offered."""
        found = await asyncio.to_thread(self._results.offer, candidate)
        return None if found is None else {**found, "task": candidate.label or node_id}

    def _arguments(self, instance: Instance, generation: int, rewinds: int) -> dict[str, Any]:
        requests = self._requests
        request = requests.build(
            instance, run_id="", generation=generation, attempt_no=1, rewinds=rewinds, scratch=""
        )
        runtime = self._runtimes[instance.task.runtime]
        return {
            "request": request,
            "label": self._label(instance),
            "reads": requests.reads(instance),
            "written": requests.written(instance, request),
            "upstream": requests.upstream(instance),
            "runtime": f"{runtime.name} {getattr(runtime, 'version', '1')}",
            "rewinds": rewinds,
            "round_number": instance.round,
        }

    def _label(self, instance: Instance) -> str:
        return label_of(instance, self._project)

    def _payload(self, found: Recorded, generation: int, candidate: Candidate) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "generation": generation,
            "run_id": found.run_id,
            "from_dag_run": found.dag_run_id,
            "key": candidate.key,
            "reason": f"reused: nothing has changed since Run {found.run_id}",
        }
        for name in ("output", "output_blob", "deliverable_ref"):
            if name in found.payload:
                payload[name] = found.payload[name]
        return payload


def label_of(instance: Instance, project: str) -> str:
    """What results of a node are filed under: the graph file, as the project sees it, and the node's id."""
    frame = instance.frame
    while frame.outer is not None:
        frame = frame.outer
    return f"{os.path.relpath(frame.graph.source, project)}:{instance.id}"
