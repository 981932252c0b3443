"""The exact JSON form of a bound graph, in which it is stored with its DAG run."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from . import template
from .bound import (
    BoundGraph,
    BoundTask,
    CallableSpec,
    CommandSpec,
    DeliverableSpec,
    LaterKey,
    Need,
    OutputContract,
    RetryPolicy,
)

FORMAT = 1


def to_json(graph: BoundGraph) -> dict[str, Any]:
    """`graph` as a JSON object. Fields that hold their default are left out."""
    data = _plain(graph, BoundGraph, ("tasks", "params", "pools", "outputs", "later"))
    data["format"] = FORMAT
    data["tasks"] = [task_to_json(task) for task in graph.tasks]
    data["params"] = [[name, value] for name, value in graph.params]
    data["pools"] = [[name, limit] for name, limit in graph.pools]
    data["outputs"] = _named(graph.outputs)
    data["later"] = [_later(item) for item in graph.later]
    return data


def task_to_json(task: BoundTask) -> dict[str, Any]:
    """One task as a JSON object; equal tasks give equal objects."""
    data = _plain(task, BoundTask, _STRUCTURED)
    if task.needs:
        data["needs"] = [_plain(need, Need, ()) for need in task.needs]
    if task.condition is not None:
        data["condition"] = template.to_json(task.condition)
    if task.command is not None:
        data["command"] = _command(task.command)
    if task.python is not None:
        data["python"] = _plain(task.python, CallableSpec, ())
    for name in ("inputs", "env"):
        if getattr(task, name):
            data[name] = _named(getattr(task, name))
    data["cwd"] = template.to_json(task.cwd)
    if task.output != OutputContract():
        data["output"] = _plain(task.output, OutputContract, ("path",))
        data["output"]["path"] = template.to_json(task.output.path)
    if task.deliverables:
        data["deliverables"] = [
            {"path": template.to_json(item.path), "schema": item.schema} for item in task.deliverables
        ]
    if task.retry != RetryPolicy():
        data["retry"] = _plain(task.retry, RetryPolicy, ("on",))
        if task.retry.on is not None:
            data["retry"]["on"] = sorted(task.retry.on)
    if task.later:
        data["later"] = [_later(item) for item in task.later]
    return data


def from_json(data: dict[str, Any]) -> BoundGraph:
    """The inverse of `to_json`; `ValueError` for a format that this program does not know."""
    if data.get("format") != FORMAT:
        raise ValueError(f"a bound graph of format {data.get('format')!r}, where {FORMAT} is known")
    known = {item.name for item in fields(BoundGraph)}
    given = {name: value for name, value in data.items() if name in known}
    given["tasks"] = tuple(task_from_json(item) for item in data["tasks"])
    given["params"] = tuple((name, value) for name, value in data["params"])
    given["pools"] = tuple((name, limit) for name, limit in data["pools"])
    given["outputs"] = _templates(data["outputs"])
    given["later"] = tuple(_later_from(item) for item in data["later"])
    return BoundGraph(**given)


def task_from_json(data: dict[str, Any]) -> BoundTask:
    """The inverse of `task_to_json`."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    if "needs" in data:
        given["needs"] = tuple(Need(**need) for need in data["needs"])
    if "condition" in data:
        given["condition"] = template.from_json(data["condition"])
    if "command" in data:
        given["command"] = _command_from(data["command"])
    if "python" in data:
        given["python"] = CallableSpec(**data["python"])
    for name in ("inputs", "env"):
        if name in data:
            given[name] = _templates(data[name])
    given["cwd"] = template.from_json(data["cwd"])
    if "output" in data:
        given["output"] = OutputContract(
            **{**data["output"], "path": template.from_json(data["output"]["path"])}
        )
    if "deliverables" in data:
        given["deliverables"] = tuple(
            DeliverableSpec(path=template.from_json(item["path"]), schema=item["schema"])
            for item in data["deliverables"]
        )
    if "retry" in data:
        retry = dict(data["retry"])
        if "on" in retry:
            retry["on"] = frozenset(retry["on"])
        given["retry"] = RetryPolicy(**retry)
    if "later" in data:
        given["later"] = tuple(_later_from(item) for item in data["later"])
    return BoundTask(**given)


_STRUCTURED = (
    "needs",
    "condition",
    "command",
    "python",
    "inputs",
    "env",
    "cwd",
    "output",
    "deliverables",
    "retry",
    "later",
)


def _plain(value: Any, kind: type, but: tuple[str, ...]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for name, default in _defaults(kind, but):
        found = getattr(value, name)
        if found == default:
            continue
        data[name] = list(found) if isinstance(found, tuple) else found
    return data


@cache
def _defaults(kind: type, but: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    return tuple((item.name, item.default) for item in fields(kind) if item.name not in but)


def _named(pairs: tuple[tuple[str, template.Template], ...]) -> list[list[Any]]:
    return [[name, template.to_json(item)] for name, item in pairs]


def _templates(data: list[list[Any]]) -> tuple[tuple[str, template.Template], ...]:
    return tuple((name, template.from_json(item)) for name, item in data)


def _command(command: CommandSpec) -> dict[str, Any]:
    if command.argv is not None:
        return {"argv": [template.to_json(item) for item in command.argv]}
    return {"shell": command.shell, "bindings": _named(command.bindings)}


def _command_from(data: dict[str, Any]) -> CommandSpec:
    if "argv" in data:
        return CommandSpec(argv=tuple(template.from_json(item) for item in data["argv"]))
    return CommandSpec(shell=data["shell"], bindings=_templates(data["bindings"]))


def _later(item: LaterKey) -> dict[str, Any]:
    return {"key": item.key, "where": list(item.where)}


def _later_from(data: dict[str, Any]) -> LaterKey:
    return LaterKey(key=data["key"], where=tuple(data["where"]))
