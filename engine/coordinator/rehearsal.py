"""Goes through a DAG run without running anything: which results would be taken over, and why not others.

A node whose earlier result can be taken hands its output on, as in a run; so do conditions, fan-outs and
sub-graphs that depend on nothing else. What would run is left standing: nothing behind it is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from typing import Literal

from ...schemas.bound import BoundGraph
from ...schemas.settling import Rule
from ..compile import node_specs
from ..growth import MOST_ITEMS
from ..instances import GROUPS, leaf_tasks
from ..ledger.ledger import Ledger
from ..reuse.results import Results as EarlierResults
from ..runtimes.protocol import Runtime
from ..scheduler.commands import Command, EvaluateCondition, GrowGroup, JudgeGroup, StartAttempt
from ..scheduler.events import ConditionEvaluated, DispatchOpened, GroupJudged, NodeReused
from ..scheduler.graph import Limits
from ..scheduler.machine import Scheduler
from .growing import Growing, Instances, ReadParameter
from .outputs import Outputs
from .requests import Evaluate, RenderError, RequestBuilder
from .results import Results
from .reuse import Reuse

_NO_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of one node, and why."""

    action: Literal["run", "reuse", "skip"]
    why: str


class _Shelf:
    """Blobs of a Ledger that is only read; what is put lies in memory."""

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger
        self._put: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        name = sha256(data).hexdigest()
        self._put[name] = data
        return name

    def get(self, name: str) -> bytes:
        if name in self._put or self._ledger is None:
            return self._put[name]
        return self._ledger.blobs.get(name)


def has_offers(graph: BoundGraph) -> bool:
    """Whether any task of the graph keeps its results, so that a rehearsal has something to tell."""
    return any(task.reads is not None for _, task in leaf_tasks(graph))


def rehearse(
    graph: BoundGraph,
    ledger: Ledger | None,
    *,
    evaluate: Evaluate,
    runtimes: Mapping[str, Runtime],
    environ: Mapping[str, str],
    read_parameter: ReadParameter | None = None,
    rules: Mapping[str, Rule] = MappingProxyType({}),
    force: bool = False,
) -> dict[str, Foreseen]:
    """What would become of each node that can be told, by id. `ledger` is only read."""
    instances = Instances(graph)
    specs = node_specs(graph)
    pools = {pool: _NO_LIMIT for spec in specs for pool in spec.pools}
    scheduler = Scheduler(specs, Limits(maximum=_NO_LIMIT, pools=pools), rules)
    shelf = _Shelf(ledger)
    outputs = Outputs(shelf)
    deliverables: dict[str, str] = {}
    requests = RequestBuilder(
        graph,
        dag_run_id="",
        evaluate=evaluate,
        results=Results(scheduler, instances, outputs, deliverables),
        environ=environ,
        spec_digests={},
    )
    growing = Growing(
        instances,
        scheduler,
        outputs,
        shelf,
        requests,
        read_parameter=read_parameter,
        most_items=MOST_ITEMS,
    )
    earlier = EarlierResults(ledger, "", project=graph.project, force=force)
    reuse = Reuse(earlier, requests, runtimes, project=graph.project)
    found: dict[str, Foreseen] = {}
    commands = scheduler.handle(DispatchOpened())
    while commands:
        command = commands.pop(0)
        match command:
            case StartAttempt(node=name):
                commands += _attempt(name, instances, reuse, scheduler, outputs, deliverables, found)
            case EvaluateCondition(node=name, generation=generation):
                commands += _condition(name, generation, instances, requests, scheduler)
            case GrowGroup(node=name, generation=generation):
                payload = growing.growth(name, generation)
                commands += scheduler.handle(growing.event(name, payload, cause=0))
            case JudgeGroup(node=name, generation=generation):
                payload = growing.judgement(name, generation)
                event = GroupJudged(
                    group=name, generation=generation, holds=payload["holds"], error=payload.get("error")
                )
                commands += scheduler.handle(event)
            case _:
                pass
    for name, node in scheduler.nodes.items():
        if node.state == "skipped":
            found[name] = Foreseen("skip", node.reason)
        elif node.state == "ok" and instances[name].kind in GROUPS:
            found[name] = Foreseen("reuse", node.reason)
    return found


def _attempt(
    name: str,
    instances: Instances,
    reuse: Reuse,
    scheduler: Scheduler,
    outputs: Outputs,
    deliverables: dict[str, str],
    found: dict[str, Foreseen],
) -> list[Command]:
    instance = instances[name]
    if not reuse.applies(instance.task):
        found[name] = Foreseen("run", _never(instance.task.reads is None, instance.task.effects))
        return []
    decision = reuse.foresee(instance)
    if decision.payload is None:
        found[name] = Foreseen("run", decision.why)
        return []
    outputs.recall(name, decision.payload)
    if decision.payload.get("deliverable_ref"):
        deliverables[name] = decision.payload["deliverable_ref"]["path"]
    run_id = decision.payload["run_id"]
    found[name] = Foreseen("reuse", decision.payload["reason"])
    output = outputs.get(name) if scheduler.is_watched(name) else None
    return scheduler.handle(NodeReused(node=name, generation=0, run_id=run_id, output=output))


def _never(undeclared: bool, effects: str) -> str:
    if undeclared:
        return "not reused: it declares no `reads`"
    return "not reused: its effects are external" if effects == "external" else "not reused: `cache: off`"


def _condition(
    name: str, generation: int, instances: Instances, requests: RequestBuilder, scheduler: Scheduler
) -> list[Command]:
    value, error = None, None
    try:
        value = requests.condition(instances[name])
    except RenderError as problem:
        error = str(problem)
    return scheduler.handle(ConditionEvaluated(node=name, generation=generation, value=value, error=error))
