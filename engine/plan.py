"""What would happen, and why: a plan made from a bound graph, touching nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from ..schemas.bound import BoundGraph, BoundTask, Need, RetryPolicy
from ..schemas.plan import Plan, PlanAgent, PlanLater, PlanNeed, PlanNode
from ..schemas.template import Concat, Expr, Literal, Template, as_text, expressions
from .compile import limits
from .dag import Dag
from .foresight import foreseen_nodes, start_order
from .instances import Instance, graphs_of


def build_plan(
    graph: BoundGraph,
    *,
    concurrency: int | None = None,
    rehearsed: Mapping[str, Rehearsed] = MappingProxyType({}),
    grown: Sequence[Instance] | None = None,
) -> Plan:
    """The plan of `graph`, which must be free of cycles.

    `grown` are the nodes of a DAG run as it went, members right behind their group; without them it
    shows those that can be foreseen.

    `rehearsed` is what a rehearsal found out, by node id: which results would be taken over, and why
    others would not.
    """
    nodes = foreseen_nodes(graph) if grown is None else list(grown)
    order = start_order(nodes) if grown is None else [one.id for one in nodes]
    position = {node: index for index, node in enumerate(order)}
    known: dict[_Shape, _Ranks] = {}
    outermost = _Ranks.of(graph, known)
    ranks = {"": outermost}
    levels: dict[str, int] = {}
    edges = list(outermost.edges)
    made = []
    for one in nodes:
        rank = ranks.get(one.frame.prefix)
        if rank is None:
            rank = ranks[one.frame.prefix] = _Ranks.of(one.frame.graph, known)
            edges += [(one.frame.prefix + a, one.frame.prefix + b) for a, b in rank.edges]
        is_task = one.depth == 0 and one.id == one.frame.prefix + one.task.id
        above = levels[one.group] if one.group is not None else 0
        levels[one.id] = above + (rank.levels[one.task.id] if is_task else 0)
        made.append(
            _plan_node(
                one,
                order=position[one.id],
                level=levels[one.id],
                remaining=rank.remaining[one.task.id],
                critical=one.group is None and one.task.id in outermost.on_path,
                foreseen=_foreseen(one, rehearsed),
            )
        )
    bounds = limits(graph, concurrency)
    return Plan(
        name=graph.name,
        source=graph.source,
        project=graph.project,
        description=graph.description,
        params=dict(graph.params),
        concurrency=bounds.maximum,
        pools=dict(bounds.pools),
        nodes=tuple(made),
        edges=tuple(edges),
        critical_path=tuple(outermost.path),
        levels=max(levels.values(), default=-1) + 1,
        refused=tuple(_refused(graph)),
    )


_Shape = tuple[tuple[str, tuple[str, ...]], ...]
"""The tasks of a graph, each with its needs."""


@dataclass(frozen=True, slots=True)
class _Ranks:
    """What networkx tells of one graph: levels, edges without the implied ones, and the critical path."""

    levels: dict[str, int]
    remaining: dict[str, float]
    edges: list[tuple[str, str]]
    path: list[str]
    on_path: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, graph: BoundGraph, known: dict[_Shape, _Ranks]) -> _Ranks:
        """Those of `graph`; of graphs of one shape, such as a pattern makes of many tasks, the same."""
        shape = tuple((task.id, tuple(need.task for need in task.needs)) for task in graph.tasks)
        found = known.get(shape)
        if found is None:
            dag = Dag(graph)
            path = dag.critical_path({task.id: 1.0 for task in graph.tasks})
            found = cls(dag.levels(), dag.remaining(), dag.reduced_edges(), path, set(path))
            known[shape] = found
        return found


def _refused(graph: BoundGraph) -> Iterator[PlanLater]:
    for one in graphs_of(graph):
        yield from (PlanLater(key=later.key) for later in one.later)
        yield from (PlanLater(key=later.key, task=task.id) for task in one.tasks for later in task.later)


class Rehearsed(Protocol):
    """What would become of one node: `run`, `reuse` or `skip`, and why."""

    @property
    def action(self) -> str: ...
    @property
    def why(self) -> str: ...


def _foreseen(one: Instance, rehearsed: Mapping[str, Rehearsed]) -> tuple[str, str] | None:
    """What the rehearsal says of a node; of the one that stands for all items, what it says of them."""
    known = rehearsed.get(one.id)
    if known is not None:
        return known.action, known.why
    if "[*]" not in one.id:
        return None
    before, _, behind = one.id.partition("[*]")
    items = [
        (name, found)
        for name, found in rehearsed.items()
        if name.startswith(f"{before}[") and name.endswith(f"]{behind}") and name != one.id
    ]
    if not items:
        return None
    reused = sum(found.action == "reuse" for _, found in items)
    if reused == len(items):
        return "reuse", f"all {reused} reused: nothing has changed"
    name, first = next(item for item in items if item[1].action != "reuse")
    return "run", f"{reused} of {len(items)} reused; `{name}` runs: {first.why}"


def _plan_node(
    one: Instance,
    *,
    order: int,
    level: int,
    remaining: float,
    critical: bool,
    foreseen: tuple[str, str] | None,
) -> PlanNode:
    task = one.task
    needs = task.needs if one.id == one.frame.prefix + task.id else ()
    later = tuple(item.key for item in task.later)
    if later:
        action, why = "refused", "uses what this version cannot carry out yet: " + ", ".join(later)
    else:
        action, why = _why(one, needs)
        if foreseen is not None:
            action = foreseen[0]
            why = foreseen[1] if action != "run" else f"{why}; {foreseen[1]}"
    return PlanNode(
        id=one.id,
        task=task.id,
        group=one.group,
        kind=one.kind,
        runtime=one.runtime,
        action=action,  # type: ignore[arg-type]  # one of the model's literals
        why=why,
        order=order,
        level=level,
        remaining=remaining,
        critical=critical,
        needs=tuple(
            PlanNeed(
                node=one.frame.prefix + need.task,
                mode=need.mode,
                count=need.count,
                of=need.of,
                inferred=need.inferred,
            )
            for need in needs
        ),
        condition=_source(task.condition) if one.asks_condition and task.condition is not None else None,
        pool=task.pool,
        priority=task.priority,
        held=_is_held(one),
        background=one.background,
        details=_details(one),
        agent=_agent(one),
        later=later,
    )


def _agent(one: Instance) -> PlanAgent | None:
    """Who would do the work; None where no Role does."""
    spec = one.task.agent
    if spec is None or one.layer is not None:
        return None
    return PlanAgent(
        role=spec.role,
        version=None if spec.identity is None else spec.identity.version,
        because=spec.why,
        tier=spec.tier or (None if spec.identity is None else spec.identity.tier),
        model=spec.named,
        executor=spec.executor,
        independent=spec.independent,
    )


def _why(one: Instance, needs: tuple[Need, ...]) -> tuple[str, str]:
    action, why = _why_at_all(one, needs)
    return action, f"{why}; in the background: holds nothing else up" if one.task.background else why


def _why_at_all(one: Instance, needs: tuple[Need, ...]) -> tuple[str, str]:
    reasons = ["its condition holds"] if one.asks_condition else []
    within = _within(one)
    if _is_held(one):
        return "maybe", _held(one)
    if within is not None:
        return ("maybe" if reasons else "run"), " and ".join([within, *(f"if {why}" for why in reasons)])
    ok = [need.task for need in needs if need.mode == "ok" and need.count is None]
    failed = [need.task for need in needs if need.mode == "failed"]
    if ok:
        reasons.append(f"{_names(ok)} end{'s' if len(ok) == 1 else ''} ok")
    reasons += [f"{_quorum(need)} of `{need.task}` end ok" for need in needs if need.count is not None]
    if failed:
        reasons.append(f"{_names(failed)} fail{'s' if len(failed) == 1 else ''}")
    if not reasons:
        waits = [need.task for need in needs]
        if waits and one.task.settles is not None:
            return "run", f"runs once it has seen enough of {_names(waits)}"
        return "run", f"runs once {_names(waits)} ended, however" if waits else "needs nothing"
    unsure = one.asks_condition or bool(failed)
    return ("maybe" if unsure else "run"), "runs if " + " and ".join(reasons)


def _is_held(one: Instance) -> bool:
    """Whether the node itself waits for a rule, and not only what it is a part of."""
    return one.task.held and one.id == one.frame.prefix + one.task.id


def _held(one: Instance) -> str:
    """Who lets a held node start: the join whose rule counts on it."""
    joins = [
        task.id
        for task in one.frame.graph.tasks
        if task.settles is not None and any(need.task == one.task.id for need in task.needs)
    ]
    return f"held until {_names(joins)} has need of it"


def _within(one: Instance) -> str | None:
    """Why a member of a group is there; None for the tasks of a graph, which have needs of their own."""
    if one.group is None or one.id == one.frame.prefix + one.task.id:
        return None
    if one.id.endswith("[*]"):
        assert one.task.each is not None
        return f"one for each item of {_source(one.task.each.items)}"
    if one.id.endswith("#1"):
        assert one.task.repeat is not None
        return f"repeated until {_source(one.task.repeat.until)}, at most {one.task.repeat.maximum} times"
    return "one of the matrix"


def _quorum(need: Need) -> str:
    if need.of is None:
        return f"at least {need.count}"
    return f"at least {need.count}/{need.of}"


def _names(tasks: list[str], shown: int = 3) -> str:
    text = ", ".join(f"`{task}`" for task in tasks[:shown])
    return text + (f" and {len(tasks) - shown} more" if len(tasks) > shown else "")


def _source(template: Template) -> str:
    if isinstance(template, Literal):
        return str(template.value).lower() if isinstance(template.value, bool) else str(template.value)
    return " ".join(expressions(template))


def _shown(template: Template) -> str:
    """A template as people write it."""
    match template:
        case Literal(value):
            return as_text(value)
        case Expr(source):
            return f"${{{{ {source} }}}}"
        case Concat(parts):
            return "".join(_shown(part) for part in parts)
        case _:
            return ", ".join(f"${{{{ {source} }}}}" for source in expressions(template))


def _growth_details(one: Instance) -> dict[str, Any]:
    """What a group grows from, and what a person is asked."""
    task = one.task
    details: dict[str, Any] = {}
    if one.layer == "each" and task.each is not None:
        details["each"] = _source(task.each.items)
        if task.each.parallel is not None:
            details["parallel"] = task.each.parallel
    if one.layer == "repeat" and task.repeat is not None:
        details["repeat"] = {"until": _source(task.repeat.until), "max": task.repeat.maximum}
    if one.layer == "graph" and task.body is not None:
        body = task.body
        if body.result is None:
            details["graph"] = body.graph.source
        else:
            details["pattern"] = body.pattern if body.size is None else f"{body.pattern} of {body.size}"
        if body.calls:
            details["calls"] = dict(body.calls)
    if task.ask is not None:
        details["approve"] = _shown(task.ask.question)
    return details


def _details(one: Instance) -> dict[str, Any]:
    task = one.task
    details = _growth_details(one)
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
    for name in ("secrets", "tags"):
        if getattr(task, name):
            details[name] = list(getattr(task, name))
    for name in ("writes", "reads"):
        if getattr(task, name):
            details[name] = [_shown(item) for item in getattr(task, name)]
    output = task.output
    if output.form != "text" or output.source != "stdout":
        details["output"] = {"from": output.source, "as": output.form}
    if task.description:
        details["description"] = task.description
    return details
