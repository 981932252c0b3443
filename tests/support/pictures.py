"""Pictures made by hand and by chance, with groups of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import strategies as st

from metaensemble.engine.node_ids import groups_of
from metaensemble.engine.render.levels import longest_paths
from metaensemble.engine.render.picture import Edge, Picture, Vertex
from metaensemble.schemas.states import NODE_STATES, NodeState


def make_picture(
    needs: Mapping[str, Sequence[str]],
    states: Mapping[str, NodeState] | None = None,
    *,
    name: str = "sample",
    critical: Sequence[str] = (),
) -> Picture:
    """A picture of `run` nodes; a need may end in `:done` or `:failed`. With `states`, even empty ones,
    it shows a DAG run, in which nodes that are left out are `ok`; each that ran took 1.5 seconds."""
    edges = []
    for target, sources in needs.items():
        for source, _, mode in (need.partition(":") for need in sources):
            is_critical = (source, target) in set(pairwise(critical))
            edges.append(Edge(source=source, target=target, mode=mode or "ok", critical=is_critical))
    levels = longest_paths(list(needs), [(edge.source, edge.target) for edge in edges])
    vertices = []
    for id_ in needs:
        state = None if states is None else states.get(id_, "ok")
        vertices.append(
            Vertex(
                id=id_,
                kind="run",
                runtime="command",
                level=levels[id_],
                critical=id_ in critical,
                groups=groups_of(id_),
                state=state,
                reason="exit status 1" if state == "failed" else "",
                duration_ms=1500 if state in {"ok", "failed", "running"} else None,
            )
        )
    return Picture(
        name=name,
        vertices=tuple(vertices),
        edges=tuple(edges),
        size=len(vertices),
        has_states=states is not None,
    )


def review(items: int) -> Picture:
    """The DAG run of a fan-out of so many items: each 100th from the 8th on failed, the last three run."""
    ids = [f"review[item-{number:04}]" for number in range(items)]
    needs: dict[str, list[str]] = {"changed": [], **{id_: ["changed"] for id_ in ids}, "verdict": ids}
    states: dict[str, NodeState] = {
        id_: "running" if number >= items - 3 else "failed"
        for number, id_ in enumerate(ids)
        if number >= items - 3 or number % 100 == 7
    }
    return make_picture(
        needs, {**states, "verdict": "pending"}, name="big", critical=["changed", ids[0], "verdict"]
    )


NESTED: dict[str, list[str]] = {
    "checkout": [],
    "build/configure": ["checkout"],
    "build/test[py=3.11]": ["build/configure"],
    "build/test[py=3.12]": ["build/configure"],
    "build/package": ["build/test[py=3.11]", "build/test[py=3.12]"],
    "draft#1": ["checkout"],
    "draft#2": ["draft#1"],
    "review.1": ["draft#2", "build/package"],
    "review.2": ["draft#2", "build/package"],
    "review.verdict": ["review.1:done", "review.2:done"],
    "ship": ["review.verdict"],
    "undo": ["ship:failed"],
}
"""A sub-graph with a matrix in it, a repeat, and a pattern."""

REWOUND: dict[str, list[str]] = {
    "draft#1": [],
    "check#1": ["draft#1"],
    "draft#2": ["check#1"],
    "check#2": ["draft#2"],
}
"""Two groups that cannot both be one vertex: each needs the other."""

_SEGMENTS = st.one_of(
    st.sampled_from(["/build", "/test", "[a]", "[b]", "[py=3.12,os=linux]", "#1", "#2", ".1", ".verdict"]),
    st.text(max_size=6).map(lambda key: f"[{key}]"),
)
_NAMES = st.one_of(st.sampled_from(["draft", "review", "my-task"]), st.text(min_size=1, max_size=8))


@st.composite
def pictures(draw: st.DrawFn, most: int = 16) -> Picture:
    """Any picture of up to `most` vertices; ids repeat their beginnings, so that there are groups."""
    size = draw(st.integers(0, most))
    ids: list[str] = []
    while len(ids) < size:
        start = draw(st.sampled_from(ids)) if ids and draw(st.booleans()) else draw(_NAMES)
        id_ = start + "".join(draw(st.lists(_SEGMENTS, max_size=2)))
        while id_ in ids:
            id_ += f"[{len(ids)}]"
        ids.append(id_)
    edges = []
    for at, target in enumerate(ids):
        for source in draw(st.lists(st.sampled_from(ids[:at]), unique=True, max_size=3)) if at else ():
            mode = draw(st.sampled_from(["ok", "ok", "done", "failed"]))
            quorum = draw(st.sampled_from(["", "2/3"])) if mode == "ok" else ""
            is_critical = draw(st.booleans())
            edges.append(Edge(source=source, target=target, mode=mode, quorum=quorum, critical=is_critical))
    levels = longest_paths(ids, [(edge.source, edge.target) for edge in edges])
    has_states = draw(st.booleans())
    vertices = []
    for id_ in ids:
        state = draw(st.sampled_from(NODE_STATES)) if has_states else None
        vertices.append(
            Vertex(
                id=id_,
                kind=draw(st.sampled_from(["run", "role"])),
                runtime=draw(st.sampled_from(["command", "fake"])),
                level=levels[id_],
                critical=draw(st.booleans()),
                groups=groups_of(id_),
                condition=draw(st.none() | st.text(max_size=60)),
                later=tuple(draw(st.lists(st.sampled_from(["budget", "pattern"]), max_size=2))),
                state=state,
                reason=draw(st.text(max_size=10)),
                duration_ms=draw(st.none() | st.integers(0, 10**9)) if has_states else None,
            )
        )
    name = draw(st.text(max_size=12))
    return Picture(
        name=name,
        vertices=tuple(vertices),
        edges=tuple(edges),
        size=size,
        has_states=has_states,
    )
