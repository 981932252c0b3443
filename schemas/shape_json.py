"""The exact JSON form of what makes one task many nodes; part of `bound_json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from . import template
from .bound import AskSpec, BoundGraph, BoundTask, Cell, EachSpec, RepeatSpec, SubGraph

FIELDS: Final = ("cells", "each", "repeat", "body", "ask")
"""The fields of a bound task that are spelled here."""


def shape_to_json(
    task: BoundTask,
    task_to_json: Callable[[BoundTask], dict[str, Any]],
    graph_to_json: Callable[[BoundGraph], dict[str, Any]],
) -> dict[str, Any]:
    """The fields that are set, each as a JSON value."""
    data: dict[str, Any] = {}
    if task.cells:
        data["cells"] = [[cell.key, dict(cell.values), task_to_json(cell.task)] for cell in task.cells]
    if task.each is not None:
        each = task.each
        data["each"] = {
            "items": template.to_json(each.items),
            "name": each.name,
            "key": None if each.key is None else template.to_json(each.key),
            "parallel": each.parallel,
            "rest": each.rest,
        }
    if task.repeat is not None:
        data["repeat"] = {"until": template.to_json(task.repeat.until), "maximum": task.repeat.maximum}
    if task.body is not None:
        body = task.body
        data["body"] = {
            "graph": graph_to_json(body.graph),
            "given": [[name, template.to_json(value)] for name, value in body.given],
            "specs": dict(body.specs),
        }
        if body.result is not None:
            data["body"] |= {"result": body.result, "pattern": body.pattern, "calls": dict(body.calls)}
        if body.called:
            data["body"]["called"] = body.called
        if body.size is not None:
            data["body"]["size"] = body.size
    if task.ask is not None:
        ask = task.ask
        data["ask"] = {
            "question": template.to_json(ask.question),
            "schema": ask.schema,
            "rewind_to": ask.rewind_to,
        }
    return data


def shape_from_json(
    data: Mapping[str, Any],
    task_from_json: Callable[[dict[str, Any]], BoundTask],
    graph_from_json: Callable[[dict[str, Any]], BoundGraph],
) -> dict[str, Any]:
    """The inverse of `shape_to_json`."""
    found: dict[str, Any] = {}
    if "cells" in data:
        found["cells"] = tuple(
            Cell(key=key, values=values, task=task_from_json(task)) for key, values, task in data["cells"]
        )
    if "each" in data:
        each = dict(data["each"])
        each["items"] = template.from_json(each["items"])
        each["key"] = None if each["key"] is None else template.from_json(each["key"])
        found["each"] = EachSpec(**each)
    if "repeat" in data:
        repeat = data["repeat"]
        found["repeat"] = RepeatSpec(until=template.from_json(repeat["until"]), maximum=repeat["maximum"])
    if "body" in data:
        body = data["body"]
        found["body"] = SubGraph(
            graph=graph_from_json(body["graph"]),
            given=tuple((name, template.from_json(value)) for name, value in body["given"]),
            specs=body["specs"],
            result=body.get("result"),
            pattern=body.get("pattern", ""),
            size=body.get("size"),
            calls=body.get("calls", {}),
            called=body.get("called", ""),
        )
    if "ask" in data:
        ask = dict(data["ask"])
        ask["question"] = template.from_json(ask["question"])
        found["ask"] = AskSpec(**ask)
    return found
