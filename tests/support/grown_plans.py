"""Plans with groups in them, as a DAG run grows them: made by hand, and by chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from metaensemble.schemas.plan import Plan, PlanNeed, PlanNode
from metaensemble.schemas.report import Report
from metaensemble.schemas.states import NODE_STATES, NodeState
from support.plans import make_report


@dataclass(frozen=True)
class Group:
    """A group node of this kind and its members, by what their ids have behind the group's own."""

    kind: str
    members: Mapping[str, Group | None] = field(default_factory=dict)


Members = Mapping[str, Group | None]

DETAILS: dict[str, dict[str, Any]] = {
    "each": {"each": "tasks.list.output"},
    "repeat": {"repeat": {"until": "repeat.last.output.good", "max": 5}},
    "graph": {"graph": "/project/parts/package.yaml"},
}


def grown_plan(
    members: Members,
    needs: Mapping[str, Sequence[str]],
    *,
    name: str = "grown",
    critical: Sequence[str] = (),
) -> Plan:
    """The plan of these nodes, None for those that are no groups; `needs` goes by whole ids, and a need may
    end in `:done`, `:failed` or `:2/3`."""
    nodes = list(_nodes(members, None, needs))
    placed = [node.model_copy(update={"order": at}) for at, node in enumerate(nodes)]
    return Plan(
        name=name,
        source="/project/graph.yaml",
        project="/project",
        concurrency=4,
        nodes=tuple(placed),
        edges=tuple((need.node, node.id) for node in placed for need in node.needs),
        critical_path=tuple(critical),
    )


def _nodes(members: Members, group: str | None, needs: Mapping[str, Sequence[str]]) -> Iterator[PlanNode]:
    for suffix, inner in members.items():
        id_ = (group or "") + suffix
        kind = inner.kind if inner is not None else "run"
        yield PlanNode(
            id=id_,
            task="task",
            group=group,
            kind=kind,
            runtime=kind if inner is not None else "command",
            action="run",
            why="",
            order=0,
            level=0,
            remaining=1.0,
            critical=False,
            needs=tuple(map(_need, needs.get(id_, ()))),
            details=DETAILS.get(kind, {}),
        )
        if inner is not None:
            yield from _nodes(inner.members, id_, needs)


def _need(text: str) -> PlanNeed:
    node, _, mode = text.rpartition(":") if ":" in text else (text, "", "ok")
    if "/" in mode:
        count, _, of = mode.partition("/")
        return PlanNeed(node=node, mode="ok", count=int(count), of=int(of))
    return PlanNeed(node=node, mode=mode)  # type: ignore[arg-type]


PACKAGE = Group("graph", {"/lint": None, "/test": None, "/pack": None})

SAMPLE: Members = {
    "list": None,
    "build": Group("each", {"[api]": PACKAGE, "[core]": PACKAGE}),
    "draft": Group("repeat", {"#1": None, "#2": None}),
    "check": Group("matrix", {f"[py={py},os={os}]": None for py in ("3.11", "3.12") for os in ("l", "m")}),
    "late": Group("each"),
    "tell": None,
}
"""Groups of all kinds, one of them not grown."""

SAMPLE_NEEDS = {
    "build": ["list"],
    "draft": ["list"],
    "check": ["build:1/2", "draft"],
    "late": ["check"],
    "tell": ["check:done", "late:done"],
    **{f"build[{name}]/pack": [f"build[{name}]/lint", f"build[{name}]/test"] for name in ("api", "core")},
}

SAMPLE_STATES: dict[str, NodeState] = {
    "check": "failed",
    "check[py=3.12,os=l]": "failed",
    "late": "blocked",
}

FORESEEN: Members = {
    "list": None,
    "build": Group("each", {"[*]": PACKAGE}),
    "draft": Group("repeat", {"#1": None}),
    "check": Group("each", {"[*]": None}),
}
"""What a plan shows of such a graph before it runs."""

FORESEEN_NEEDS = {
    "build": ["list"],
    "draft": ["list"],
    "check": ["build", "draft"],
    "build[*]/pack": ["build[*]/lint", "build[*]/test"],
}


@st.composite
def grown(draw: st.DrawFn) -> tuple[Plan, Report | None]:
    """Any plan with groups in groups, some of which have no members, and perhaps its DAG run."""
    needs: dict[str, list[str]] = {}
    members = draw(_members("outermost", "", needs, 3))
    first = draw(st.sampled_from(list(members)))
    plan = grown_plan(members, needs, name=draw(st.sampled_from(["grown", "<b>", ""])), critical=[first])
    if draw(st.booleans()):
        return plan, None
    states = {node.id: draw(st.sampled_from(NODE_STATES)) for node in plan.nodes}
    more = {} if draw(st.booleans()) else {"ended_ms": None, "state": "running"}
    return plan, make_report(plan, states, **more)


@st.composite
def _members(
    draw: st.DrawFn, kind: str, prefix: str, needs: dict[str, list[str]], depth: int
) -> dict[str, Group | None]:
    size = draw(st.integers(0 if prefix else 1, 4))
    suffixes = {
        "repeat": [f"#{at + 1}" for at in range(size)],
        "graph": [f"/t{at}" for at in range(size)],
        "outermost": [f"t{at}" for at in range(size)],
    }.get(kind, [f"[{key}]" for key in ("a", "py=3.12,os=linux", "<&\"'", "long" * 12)[:size]])
    found: dict[str, Group | None] = {}
    for suffix in suffixes:
        if kind in ("graph", "outermost") and found:
            above = draw(st.lists(st.sampled_from(list(found)), unique=True, max_size=2))
            modes = draw(st.lists(st.sampled_from(["", ":done", ":failed", ":2/3"]), min_size=2, max_size=2))
            needs[prefix + suffix] = [prefix + n + m for n, m in zip(above, modes, strict=False)]
        inner = draw(st.sampled_from([None, None, "each", "matrix", "repeat", "graph"])) if depth else None
        if inner is not None:
            found[suffix] = Group(inner, draw(_members(inner, prefix + suffix, needs, depth - 1)))
        else:
            found[suffix] = None
    return found
