"""What would happen, and why: a plan made from a bound graph, touching nothing."""

from __future__ import annotations

from typing import Any

from ..schemas.bound import BoundGraph, BoundTask, RetryPolicy
from ..schemas.plan import Plan, PlanLater, PlanNeed, PlanNode
from ..schemas.template import Literal, Template, expressions
from .compile import limits, node_specs
from .dag import Dag
from .scheduler.commands import EvaluateCondition, StartAttempt
from .scheduler.events import AttemptFinished, AttemptStarted, ConditionEvaluated, DispatchOpened
from .scheduler.graph import Limits, NodeSpec
from .scheduler.machine import Scheduler


def start_order(specs: list[NodeSpec]) -> list[str]:
    """The order in which nodes start on a single slot when every attempt ends ok.

    The scheduler itself is asked, so that the plan cannot drift from what a run does.
    """
    pools = dict.fromkeys((pool for spec in specs for pool in spec.pools), 1)
    scheduler = Scheduler(specs, Limits(maximum=1, pools=pools))
    order: list[str] = []
    commands = scheduler.handle(DispatchOpened())
    while commands:
        command = commands.pop()
        if isinstance(command, StartAttempt):
            order.append(command.node)
            name = command.node
            scheduler.handle(AttemptStarted(node=name, generation=0, run_id=name))
            commands += scheduler.handle(AttemptFinished(node=name, generation=0, run_id=name, outcome="ok"))
        elif isinstance(command, EvaluateCondition):
            commands += scheduler.handle(ConditionEvaluated(node=command.node, generation=0, value=True))
        elif isinstance(command, GrowGroup):
            commands += scheduler.handle(GraphGrew(group=command.node, generation=0, specs=()))
    ran = set(order)
    # A handler of a failure does not start when all goes well; it comes where it was declared.
    return order + [spec.id for spec in specs if spec.id not in ran]


def build_plan(graph: BoundGraph, *, concurrency: int | None = None) -> Plan:
    """The plan of `graph`, which must be free of cycles."""
    specs = node_specs(graph)
    dag = Dag(graph)
    levels = dag.levels()
    order = {node: position for position, node in enumerate(start_order(specs))}
    scheduler = Scheduler(specs, Limits(maximum=1, pools={}))
    critical = dag.critical_path({spec.id: spec.weight for spec in specs})
    on_path = set(critical)
    bounds = limits(graph, concurrency)
    nodes = tuple(
        _plan_node(
            task,
            order=order[task.id],
            level=levels[task.id],
            remaining=scheduler.nodes[task.id].remaining,
            critical=task.id in on_path,
        )
        for task in graph.tasks
    )
    return Plan(
        name=graph.name,
        source=graph.source,
        project=graph.project,
        description=graph.description,
        params=dict(graph.params),
        concurrency=bounds.maximum,
        pools=dict(bounds.pools),
        nodes=nodes,
        edges=tuple(dag.reduced_edges()),
        critical_path=tuple(critical),
        levels=max(levels.values(), default=-1) + 1,
        refused=tuple(PlanLater(key=later.key) for later in graph.later)
        + tuple(PlanLater(key=later.key, task=task.id) for task in graph.tasks for later in task.later),
    )


def _plan_node(task: BoundTask, *, order: int, level: int, remaining: float, critical: bool) -> PlanNode:
    later = tuple(item.key for item in task.later)
    if later:
        action, why = "refused", "uses what this version cannot carry out yet: " + ", ".join(later)
    else:
        action, why = _why(task)
    return PlanNode(
        id=task.id,
        task=task.id,
        kind=task.kind,
        runtime=task.runtime,
        action=action,  # type: ignore[arg-type]  # one of the three literals above
        why=why,
        order=order,
        level=level,
        remaining=remaining,
        critical=critical,
        needs=tuple(
            PlanNeed(node=n.task, mode=n.mode, count=n.count, of=n.of, inferred=n.inferred)
            for n in task.needs
        ),
        condition=_source(task.condition) if task.condition is not None else None,
        pool=task.pool,
        priority=task.priority,
        details=_details(task),
        later=later,
    )


def _why(task: BoundTask) -> tuple[str, str]:
    reasons = []
    if task.condition is not None:
        reasons.append("its condition holds")
    ok = [need.task for need in task.needs if need.mode == "ok"]
    failed = [need.task for need in task.needs if need.mode == "failed"]
    if ok:
        reasons.append(f"{_names(ok)} end{'s' if len(ok) == 1 else ''} ok")
    if failed:
        reasons.append(f"{_names(failed)} fail{'s' if len(failed) == 1 else ''}")
    unsure = task.condition is not None or bool(failed)
    if not reasons:
        waits = [need.task for need in task.needs]
        return "run", f"runs once {_names(waits)} ended, however" if waits else "needs nothing"
    return ("maybe" if unsure else "run"), "runs if " + " and ".join(reasons)


def _names(tasks: list[str], shown: int = 3) -> str:
    text = ", ".join(f"`{task}`" for task in tasks[:shown])
    return text + (f" and {len(tasks) - shown} more" if len(tasks) > shown else "")


def _source(template: Template) -> str:
    if isinstance(template, Literal):
        return str(template.value).lower() if isinstance(template.value, bool) else str(template.value)
    return " ".join(expressions(template))


def _details(task: BoundTask) -> dict[str, Any]:
    details: dict[str, Any] = {}
    plain = BoundTask(id=task.id)
    for name in ("timeout", "idle_timeout", "effects", "on_lost", "cache", "isolation"):
        value = getattr(task, name)
        if value != getattr(plain, name):
            details[name] = value
    if task.retry != RetryPolicy():
        retry = task.retry
        details["retry"] = {"max": retry.maximum, "backoff": [retry.backoff_min, retry.backoff_max]}
        if retry.on is not None:
            details["retry"]["on"] = sorted(retry.on)
    for name in ("secrets", "writes", "reads", "tags"):
        if getattr(task, name):
            details[name] = list(getattr(task, name))
    output = task.output
    if output.form != "text" or output.source != "stdout":
        details["output"] = {"from": output.source, "as": output.form}
    if task.description:
        details["description"] = task.description
    return details
