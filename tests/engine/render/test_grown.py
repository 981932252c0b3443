"""Plans and DAG runs with groups in them, in every form."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble.engine.render import FORMATS, render
from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.dot import dot
from metaensemble.engine.render.insides import OUTERMOST, insides
from metaensemble.engine.render.layered import Rect
from metaensemble.engine.render.mermaid import mermaid
from metaensemble.engine.render.nested import nested
from metaensemble.engine.render.picture import Picture, picture
from metaensemble.engine.render.svg import svg
from metaensemble.engine.render.tree import tree
from metaensemble.schemas.plan import Plan
from metaensemble.schemas.report import Report
from support.grown_plans import (
    FORESEEN,
    FORESEEN_NEEDS,
    SAMPLE,
    SAMPLE_NEEDS,
    SAMPLE_STATES,
    Group,
    grown,
    grown_plan,
)
from support.plans import make_report

Grown = tuple[Plan, Report | None]

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the program `dot` is not installed")


@pytest.mark.parametrize("form", FORMATS)
def test_golden(form: str, golden: Callable[[str, str], None]) -> None:
    plan = grown_plan(SAMPLE, SAMPLE_NEEDS, critical=["list", "build", "check", "late", "tell"])
    report = make_report(plan, SAMPLE_STATES)
    golden(f"render/grown-states.{form}", render(plan, form, report=report, collapse=12))
    golden(f"render/grown-collapsed.{form}", render(plan, form, report=report, collapse=3))
    foreseen = grown_plan(FORESEEN, FORESEEN_NEEDS, critical=["list", "build", "check"])
    golden(f"render/grown.{form}", render(foreseen, form))


def test_golden_in_ascii(golden: Callable[[str, str], None]) -> None:
    plan = grown_plan(SAMPLE, SAMPLE_NEEDS)
    drawn = render(plan, "ascii", report=make_report(plan, SAMPLE_STATES), boxes=False, width=60)
    assert drawn.isascii()
    golden("render/grown-states.ascii.tree", drawn)


def boxes_of(drawn: Picture) -> set[str]:
    return {vertex.id for vertex in drawn.vertices} - set(insides(drawn))


def is_apart(one: Rect, other: Rect) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return beside or one.y + one.height <= other.y or other.y + other.height <= one.y


def is_within(inner: Rect, outer: Rect) -> bool:
    return (
        outer.x < inner.x
        and outer.y < inner.y
        and inner.x + inner.width < outer.x + outer.width
        and inner.y + inner.height < outer.y + outer.height
    )


def is_on_border(point: tuple[float, float], rect: Rect) -> bool:
    x, y = point[0] - rect.x, point[1] - rect.y
    is_inside = -0.1 < x < rect.width + 0.1 and -0.1 < y < rect.height + 0.1
    return is_inside and min(abs(x), abs(y), abs(x - rect.width), abs(y - rect.height)) < 0.1


@settings(max_examples=60)
@given(grown())
def test_frames_hold_their_members_and_edges_end_at_frames(made: Grown) -> None:
    drawn = picture(*made)
    found = nested(drawn)
    frames = {frame.node.id: frame.rect for frame in found.frames if frame.node is not None}
    assert set(found.boxes) == boxes_of(drawn)
    assert set(frames) == set(insides(drawn)) - {OUTERMOST}
    rects = found.boxes | frames
    assert all(is_within(rects[v.id], frames[v.group]) for v in drawn.vertices if v.group is not None)
    for inside in insides(drawn).values():
        for one, other in combinations(inside.vertices, 2):
            assert is_apart(rects[one.id], rects[other.id])
    for placed in found.edges:
        edge = placed.edge
        assert is_on_border(placed.points[0], rects[edge.source])
        assert is_on_border(placed.points[-1], rects[edge.target])
    assert len(found.edges) == len(drawn.edges)
    assert all(is_within(rect, Rect(-1, -1, found.width + 2, found.height + 2)) for rect in rects.values())
    assert ET.fromstring(svg(drawn)).tag.endswith("svg")
    assert svg(drawn) == svg(picture(*made))


@given(grown(), st.integers(40, 90), st.booleans())
def test_the_tree_has_each_node_once_members_behind_their_group(made: Grown, width: int, boxes: bool) -> None:
    drawn = picture(*made)
    lines = tree(drawn, boxes=boxes, width=width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert boxes or all(line.isascii() for line in lines)


@given(grown())
def test_lines_of_the_tree_follow_needs_and_groups(made: Grown) -> None:
    from metaensemble.engine.render.strokes import BOXES
    from metaensemble.engine.render.tree import _Tree

    drawn = picture(*made)
    lines = _Tree(drawn, BOXES, 100, False)._lines()
    order = [vertex for line in lines for vertex in (line.cells or [line.vertex]) if vertex is not None]
    assert sorted(vertex.id for vertex in order) == sorted(vertex.id for vertex in drawn.vertices)
    place = {vertex.id: at for at, vertex in enumerate(order)}
    assert all(place[edge.source] < place[edge.target] for edge in drawn.edges)
    for name in insides(drawn):
        held = [at for vertex, at in ((v, place[v.id]) for v in drawn.vertices) if name in vertex.groups]
        # Nothing else stands between the members of a group, and they begin right behind it.
        assert not held or (min(held), max(held)) == (place[name] + 1, place[name] + len(held))


@given(grown(), st.integers(1, 6))
def test_collapsing_leaves_each_node_drawn_or_counted(made: Grown, most: int) -> None:
    whole = picture(*made)
    drawn = collapse(whole, most, 10_000)
    known = {vertex.id: vertex for vertex in drawn.vertices}
    collapsed = boxes_of(drawn)
    for vertex in whole.vertices:
        assert (vertex.id in known) != bool(collapsed.intersection(vertex.groups))
        kept = known.get(vertex.id, vertex)
        assert (kept.state, kept.members, kept.group) == (vertex.state, vertex.members, vertex.group)
    for name in insides(drawn):
        boxes = [v for v in drawn.vertices if name in v.groups and v.id in collapsed]
        assert len(boxes) <= most or name == OUTERMOST


@given(grown(), st.integers(1, 3))
def test_a_picture_that_is_too_large_has_no_frames(made: Grown, most: int) -> None:
    whole = picture(*made)
    drawn = collapse(whole, most, 1)
    outermost = [vertex for vertex in whole.vertices if vertex.group is None]
    assert drawn == whole or set(insides(drawn)) == {OUTERMOST}
    assert drawn == whole or sum(
        vertex.members.size if vertex.members is not None and not vertex.is_group else 1
        for vertex in drawn.vertices
    ) == len(outermost)


@given(grown())
def test_the_critical_path_runs_through_groups(made: Grown) -> None:
    plan, report = made
    drawn = picture(plan, report)
    critical = {vertex.id for vertex in drawn.vertices if vertex.critical}
    assert all(vertex.group in critical for vertex in drawn.vertices if vertex.critical and vertex.group)
    for edge in drawn.edges:
        assert not edge.critical or {edge.source, edge.target} <= critical
    if report is None or report.ended_ms is None:
        assert set(plan.critical_path) <= critical


@given(grown())
def test_mermaid_knows_all_ends_of_edges(made: Grown) -> None:
    drawn = picture(*made)
    lines = [line.strip() for line in mermaid(drawn).splitlines()]
    known = {found[1] for line in lines if (found := re.match(r'(?:subgraph )?(n\d+)\["', line))}
    ends = [found.groups() for line in lines if (found := re.match(r"(n\d+) -.*> (n\d+)$", line))]
    assert len(known) == len(drawn.vertices)
    assert len(ends) == len(drawn.edges)
    assert {end for pair in ends for end in pair} <= known
    assert sum(line.startswith("subgraph ") for line in lines) == lines.count("end")


@needs_dot
@settings(max_examples=15)
@given(grown())
def test_dot_understands_and_ends_edges_at_clusters(made: Grown) -> None:
    drawn = picture(*made)
    done = subprocess.run(
        ["dot", "-Tjson"], input=dot(drawn).encode(), capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    opened = set(insides(drawn))
    clusters = [one for one in found.get("objects", ()) if one["name"].startswith("cluster")]
    assert len(clusters) == len(opened) - 1
    edges = found.get("edges", ())
    assert sum("lhead" in edge for edge in edges) == sum(edge.target in opened for edge in drawn.edges)
    assert sum("ltail" in edge for edge in edges) == sum(edge.source in opened for edge in drawn.edges)


@settings(max_examples=25)
@given(grown(), st.integers(1, 4))
def test_every_form_draws_it(made: Grown, most: int) -> None:
    plan, report = made
    for form in FORMATS:
        assert render(plan, form, report=report, collapse=most)
    nodes = json.loads(render(plan, "json", report=report))["nodes"]
    assert [(node["id"], node["group"]) for node in nodes] == [(node.id, node.group) for node in plan.nodes]


def test_nothing_lies_far_from_the_rest() -> None:
    plan = grown_plan({"a": None, "b": SAMPLE["build"], "c": None}, {"b": ["a"], "c": ["b"]})
    found = nested(picture(plan))
    frames = {one.node.id: one.rect for one in found.frames if one.node is not None}
    areas = {name: rect.width * rect.height for name, rect in frames.items()}
    assert found.height == frames["b"].height
    assert areas["b[api]"] + areas["b[core]"] > 0.6 * areas["b"]


def test_a_chain_inside_flows_down_where_it_is_long() -> None:
    rounds = Group("repeat", {f"#{n}": None for n in range(1, 31)})
    found = nested(picture(grown_plan({"a": None, "b": rounds}, {"b": ["a"]})))
    assert not found.down
    assert found.width < 1_000
    assert {edge.down for edge in found.edges if edge.edge.source != "a"} == {True}


def test_items_alike_are_a_grid() -> None:
    items = Group("each", {f"[{n}]": None for n in range(40)})
    found = nested(picture(grown_plan({"a": items}, {})))
    assert len({rect.x for rect in found.boxes.values()}) > 4
    assert 1 < found.width / found.height < 2.5
