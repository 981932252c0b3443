"""`me dag plan`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..args import AsJson, Concurrency, Exclude, Force, GraphFile, Params, Select, pairs, positive

if TYPE_CHECKING:
    from ...schemas.plan import Plan, PlanNode

_SECONDS = ("timeout", "idle_timeout", "backoff")
"""The settings that are durations."""

_PATTERNS_SHOWN = 5
"""Of so many patterns it is said how often they do their work."""


def plan(
    file: GraphFile,
    param: Params = None,
    concurrency: Concurrency = None,
    force: Force = False,
    select: Select = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
) -> int:
    """Show what a run would do: which nodes, in which order, and why. Touches nothing."""
    from ... import api
    from ..speech import give, give_json

    params = pairs(param, "--param")
    at_once = positive(concurrency, "--concurrency")
    found = api.plan(
        file,
        params=params,
        concurrency=at_once,
        force=force,
        select=select or (),
        exclude=exclude or (),
    )
    if as_json:
        give_json(found.model_dump(mode="json"))
    else:
        give(table_of(found))
        say_rest(found)
    return 0


def table_of(plan: Plan) -> str:
    """The nodes of the plan, one row each, in the order in which they would start."""
    from ..table import table

    nodes = sorted(plan.nodes, key=lambda node: node.order)
    heads = ["order", "node", "runtime", "needs", "why"]
    rows = [[str(n.order + 1), n.id, _runtime(n), _needs(n), _why(n)] for n in nodes]
    if any(node.agent is not None for node in nodes):
        heads.insert(2, "role")
        for row, node in zip(rows, nodes, strict=True):
            row.insert(2, "" if node.agent is None else node.agent.role)
    if any(node.action in {"reuse", "skip"} for node in nodes):
        heads.insert(1, "action")
        for row, node in zip(rows, nodes, strict=True):
            row.insert(1, node.action)
    if any(node.details for node in nodes):
        heads.append("settings")
        for row, node in zip(rows, nodes, strict=True):
            row.append(_details(node))
    if any(node.later for node in nodes):
        heads.append("refused by run")
        for row, node in zip(rows, nodes, strict=True):
            row.append(", ".join(node.later))
    return table(heads, rows, right=("order",))


def _runtime(node: PlanNode) -> str:
    """The runtime; for an agent with its tier and model."""
    agent = node.agent
    if agent is None:
        return node.runtime
    if node.runtime in {"agent", "replay"}:
        return "none" if node.runtime == "agent" else node.runtime
    return f"{node.runtime}, {agent.tier} -> {agent.model or 'its own choice'}"


def _chosen(plan: Plan) -> Iterator[str]:
    """Why each runtime does the work of the Roles that it does, one line for each reason."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for node in plan.nodes:
        if node.agent is not None and node.agent.because:
            roles = reasons.setdefault((node.runtime, node.agent.because), [])
            if node.agent.role not in roles:
                roles.append(node.agent.role)
    for (runtime, because), roles in reasons.items():
        name = "nothing does" if runtime == "agent" else f"{runtime} does"
        yield f"{name} the work of {', '.join(roles)}: {because}"


def _needs(node: PlanNode) -> str:
    told = []
    for need in node.needs:
        mode = f"{need.count}/{need.of} ok" if need.of else f"{need.count} ok" if need.count else need.mode
        told.append(need.node if mode == "ok" else f"{need.node} ({mode})")
    return ", ".join(told)


def _why(node: PlanNode) -> str:
    if node.condition is not None and node.condition not in node.why:
        return f"if {node.condition}: {node.why}"
    return node.why


def _details(node: PlanNode) -> str:
    told = {key: value for key, value in node.details.items() if key != "calls"}
    return "; ".join(f"{key}: {_setting(key, value)}" for key, value in told.items())


def _setting(key: str, value: Any) -> str:
    if key == "calls":
        model = f" ({value['model']})" if value.get("model") else ""
        return f"{value['expected']:.3g} expected, {value['worst']} at most{model}"
    if key in _SECONDS:
        from ...engine.render.words import duration

        between = value if isinstance(value, list) else [value]
        return " to ".join(duration(round(seconds * 1000)) for seconds in between)
    if isinstance(value, dict):
        return " ".join(f"{name} {_setting(name, inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _calls(plan: Plan) -> Iterator[str]:
    """How often patterns do their work, one line each; of many the first ones."""
    patterns = [node for node in plan.nodes if "calls" in node.details and "pattern" in node.details]
    for node in patterns[:_PATTERNS_SHOWN]:
        calls = _setting("calls", node.details["calls"])
        yield f"calls of {node.id}, {node.details['pattern']}: {calls}"
    if len(patterns) > _PATTERNS_SHOWN:
        yield f"and {len(patterns) - _PATTERNS_SHOWN:,} more patterns; --json has their calls"


def say_rest(plan: Plan) -> None:
    """Say what the table does not: how large it is, how often patterns do their work, and who does it."""
    from ..plain import plain
    from ..speech import say, say_dim

    count = len(plan.nodes)
    say_dim(
        f"{plain(plan.name)}: {count} node{'s' if count != 1 else ''} on {plan.levels} "
        f"level{'s' if plan.levels != 1 else ''}, at most {plan.concurrency} at once"
    )
    for line in (*_calls(plan), *_chosen(plan)):
        say_dim(line)
    if len(plan.critical_path) > 1:
        path = list(plan.critical_path)
        if len(path) > 8:
            path = [*path[:4], f"({len(path) - 7} more)", *path[-3:]]
        say_dim(f"critical path: {' -> '.join(path)}")
    if plan.refused:
        from ...schemas.suggest import in_backticks

        keys = sorted({later.key for later in plan.refused})
        are = "is" if len(keys) == 1 else "are"
        say(
            f"`me dag run` refuses this graph: {in_backticks(keys, last='and')} {are} not built yet"
            " (me explain ME501)"
        )
