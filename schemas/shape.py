"""Finding one's way in the JSON Schema of the task graph: which keys there are below which.

Reads the file under `schemas/json/`, so it needs no model and no pydantic.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from .span import Path as Place

Node = dict[str, Any]


@cache
def task_graph_schema() -> Node:
    """The JSON Schema of a task graph file. Shared: not to be changed."""
    path = Path(__file__).parent / "json" / "task-graph.schema.json"
    found: Node = json.loads(path.read_text(encoding="utf-8"))
    return found


def shapes(node: Node) -> Iterator[Node]:
    """The alternatives of `node`, with references followed."""
    if "$ref" in node:
        yield from shapes(task_graph_schema()["$defs"][node["$ref"].rpartition("/")[2]])
    elif "anyOf" in node:
        for choice in node["anyOf"]:
            yield from shapes(choice)
    else:
        yield node


def fixed_keys(node: Node) -> dict[str, Node]:
    """The keys that the grammar itself names directly below `node`."""
    return {key: child for shape in shapes(node) for key, child in shape.get("properties", {}).items()}


def entry(node: Node) -> Node | None:
    """What stands behind each name of a map with free names, or at each position of a list."""
    found: list[Node] = []
    for shape in shapes(node):
        inner = [shape.get("items"), *_named(shape)]
        found += [child for child in inner if isinstance(child, dict)]
    return found[0] if len(found) == 1 else {"anyOf": found} if found else None


def _named(shape: Node) -> list[Any]:
    return [child for pattern, child in shape.get("patternProperties", {}).items() if pattern != "^x-"]


def has_free_names(node: Node) -> bool:
    """Whether `node` is a map whose keys are names that people choose."""
    return any(_named(shape) for shape in shapes(node))


def known_keys(place: Place) -> tuple[str, ...]:
    """The keys that a map at `place` of a document may have; none where names are free or unknown.

    `place` is the way to the map in the document: `("tasks", "build", "retry")`.
    """
    node = task_graph_schema()
    for step in place:
        below = fixed_keys(node).get(str(step)) or entry(node)
        if below is None:
            return ()
        node = below
    return tuple(fixed_keys(node))


def allowed_values(node: Node) -> tuple[Any, ...]:
    """The values that `node` lists by name; none when any value of its types will do."""
    found: list[Any] = []
    for shape in shapes(node):
        found += shape.get("enum", [])
        if "const" in shape:
            found.append(shape["const"])
    return tuple(found)
