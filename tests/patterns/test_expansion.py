"""What expansion promises, over random graphs with random patterns, nested and in every shape."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import Phase, given, settings

from metaensemble.engine.growth import grown
from metaensemble.engine.instances import Instance, leaf_tasks, root_instances, spec_of
from metaensemble.engine.scheduler.graph import topological_order
from metaensemble.patterns.expansion import expanded
from metaensemble.patterns.registry import Rules, find
from metaensemble.schemas.bound import BoundGraph, BoundTask, Member, SubGraph
from metaensemble.schemas.bound_json import from_json, task_to_json, to_json
from support.pattern_documents import bound_documents, documents

Files = dict[str, dict[str, Any]]
RULES = Rules()
QUICK = settings(max_examples=60, phases=(Phase.explicit, Phase.generate))  # shrinking is slow here


def bound_from(files: Files) -> BoundGraph:
    with tempfile.TemporaryDirectory() as folder:
        return bound_documents(Path(folder), files)


def put_in_place(graph: BoundGraph) -> BoundGraph:
    found, errors = expanded(graph, find)
    assert [error.message for error in errors] == []
    return found


def tasks_of(graph: BoundGraph) -> Iterator[BoundTask]:
    """Every task at any depth, a matrix and its cells each by itself."""
    for task in graph.tasks:
        for one in (task, *(cell.task for cell in task.cells)):
            yield one
            if one.body is not None:
                yield from tasks_of(one.body.graph)


def patterns_of(graph: BoundGraph) -> Iterator[SubGraph]:
    """The body of every pattern, at any depth."""
    for task in tasks_of(graph):
        if task.body is not None and task.body.result is not None:
            yield task.body


def before(body: SubGraph) -> set[str]:
    """The result, and all that has to end before it may start."""
    needs = {task.id: [need.task for need in task.needs] for task in body.graph.tasks}
    found: set[str] = set()
    queue = [body.result or ""]
    while queue:
        name = queue.pop()
        if name not in found:
            found.add(name)
            queue += needs[name]
    return found


def nodes_of(graph: BoundGraph) -> Iterator[list[Instance]]:
    """The nodes that a DAG run comes to, in the lots in which they grow: every fan-out over two items,
    every repeat of two rounds."""
    lots = [root_instances(graph)]
    for lot in lots:
        yield lot
        for instance in lot:
            match instance.layer:
                case "matrix":
                    lots.append(grown(instance, {"how": "cells"}))
                case "each":
                    lots.append(grown(instance, {"how": "items", "keys": ["1", "2"], "items": [1, 2]}))
                case "repeat":
                    lots += [grown(instance, {"how": "round", "index": index}) for index in (1, 2)]
                case "graph":
                    lots.append(grown(instance, {"how": "graph"}))


@given(documents())
@QUICK
def test_expansion_is_deterministic_and_idempotent(files: Files) -> None:
    graph = bound_from(files)
    first = put_in_place(graph)
    assert put_in_place(graph) == first
    assert put_in_place(first) is first, "an expanded graph is given back as it is"


@given(documents())
@QUICK
def test_two_loads_of_one_text_expand_to_the_same(files: Files) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = (put_in_place(bound_documents(Path(folder), files)) for _ in range(2))
    assert json.dumps(to_json(one)) == json.dumps(to_json(two))


@given(documents())
@QUICK
def test_no_pattern_and_no_member_is_left(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for task in tasks_of(graph):
        assert task.pattern is None
        if task.settles is not None:
            assert task.settles.rule in RULES
    stack: list[Any] = [task.settles.settings for task in tasks_of(graph) if task.settles is not None]
    while stack:
        value = stack.pop()
        assert not isinstance(value, Member)
        stack += value.values() if isinstance(value, dict) else value if isinstance(value, list) else []


@given(documents())
@QUICK
def test_ids_are_unique(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        ids = [task.id for task in body.graph.tasks]
        assert len(ids) == len(set(ids))
    seen = [instance.id for lot in nodes_of(graph) for instance in lot]
    assert len(seen) == len(set(seen))


@given(documents())
@QUICK
def test_bodies_are_closed_and_acyclic_and_their_nodes_too(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        ids = {task.id for task in body.graph.tasks}
        assert body.result in ids
        assert {need.task for task in body.graph.tasks for need in task.needs} <= ids
    for lot in nodes_of(graph):
        specs = [spec_of(instance) for instance in lot]
        assert len(topological_order(specs)) == len(specs), "a cycle, or a need that is not there"


@given(documents())
@QUICK
def test_no_dependency_is_lost(files: Files) -> None:
    """Whoever needed the task needs the group of its pieces, which needs what the task needed."""
    graph = bound_from(files)
    made = put_in_place(graph)
    assert [task.id for task in made.tasks] == [task.id for task in graph.tasks]
    for task, group in zip(graph.tasks, made.tasks, strict=True):
        assert group.needs == task.needs
        assert group.condition == task.condition
        assert group.condition_at == task.condition_at
        assert (group.each, group.repeat, group.outputs_taken) == (task.each, task.repeat, task.outputs_taken)
        for old, new in zip(task.cells, group.cells, strict=True):
            assert (new.key, new.values, new.task.needs) == (old.key, old.values, old.task.needs)
    assert made.outputs == graph.outputs


@given(documents())
@QUICK
def test_every_piece_comes_before_the_result_or_holds_nothing_up(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        waited = before(body)
        for task in body.graph.tasks:
            assert (task.id in waited) != task.background, f"`{task.id}` of a {body.pattern}"


@given(documents(roles=False))
@QUICK
def test_no_two_pieces_of_a_decision_have_the_same_work_and_sample(files: Files) -> None:
    """Nested patterns and what is in graphs included: else one sample could be reused for another."""
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        works = [
            json.dumps(task_to_json(replace(task, id="", needs=(), held=False, background=False)))
            for _, task in leaf_tasks(body.graph)
            if not task.made
        ]
        assert len(works) == len(set(works)), f"two pieces of a {body.pattern} have one key"


@given(documents())
@QUICK
def test_what_is_held_is_let_go_by_a_join(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        watched = {need.task for t in body.graph.tasks if t.settles is not None for need in t.needs}
        assert {task.id for task in body.graph.tasks if task.held} <= watched


@given(documents())
@QUICK
def test_pieces_are_not_repeated_like_the_task(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    for body in patterns_of(graph):
        for piece in body.graph.tasks:
            assert (piece.each, piece.repeat, piece.condition, piece.cells) == (None, None, None, ())


def without_places(graph: BoundGraph) -> BoundGraph:
    """The graph without what is known only while it is being made."""
    return replace(graph, tasks=tuple(_without_places(task) for task in graph.tasks))


def _without_places(task: BoundTask) -> BoundTask:
    body = task.body
    return replace(
        task,
        cells=tuple(replace(cell, task=_without_places(cell.task)) for cell in task.cells),
        body=None if body is None else replace(body, where=(), asked_in="", graph=without_places(body.graph)),
    )


@given(documents())
@QUICK
def test_an_expanded_graph_survives_the_ledger(files: Files) -> None:
    graph = put_in_place(bound_from(files))
    stored = json.loads(json.dumps(to_json(graph)))
    assert from_json(stored) == without_places(graph)
    assert to_json(from_json(stored)) == stored
