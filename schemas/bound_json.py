"""The exact JSON form of a bound graph, in which it is stored with its DAG run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any, Final

from . import agent_json, shape_json, template
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
    SettleSpec,
)

FORMAT: Final = 4


def to_json(graph: BoundGraph) -> dict[str, Any]:
    """`graph` as a JSON object. Fields that hold their default are left out."""
    data = _plain(graph, BoundGraph, ("tasks", "params", "pools", "outputs", "later", "given"))
    data["format"] = FORMAT
    data["tasks"] = [task_to_json(task) for task in graph.tasks]
    data["params"] = [[name, value] for name, value in graph.params]
    data["pools"] = [[name, limit] for name, limit in graph.pools]
    data["outputs"] = _named(graph.outputs)
    data["later"] = [_later(item) for item in graph.later]
    if graph.given:
        data["given"] = [[name, value] for name, value in graph.given]
    return data


def task_to_json(task: BoundTask) -> dict[str, Any]:
    """One task as a JSON object; equal tasks give equal objects."""
    data = _plain(task, BoundTask, _STRUCTURED)
    if task.needs:
        data["needs"] = [_plain(need, Need, ()) for need in task.needs]
    if task.condition is not None:
        data["condition"] = template.to_json(task.condition)
    data |= shape_json.shape_to_json(task, task_to_json, to_json)
    data |= _work(task) | _files(task)
    if task.retry != RetryPolicy():
        data["retry"] = _plain(task.retry, RetryPolicy, ("on",))
        if task.retry.on is not None:
            data["retry"]["on"] = sorted(task.retry.on)
    if task.settles is not None:
        data["settles"] = {"rule": task.settles.rule, "settings": dict(task.settles.settings)}
    if task.later:
        data["later"] = [_later(item) for item in task.later]
    return data


def _work(task: BoundTask) -> dict[str, Any]:
    """What is done, and with what."""
    data: dict[str, Any] = {"cwd": template.to_json(task.cwd)}
    if task.command is not None:
        data["command"] = _command(task.command)
    if task.python is not None:
        data["python"] = _plain(task.python, CallableSpec, ())
    if task.agent is not None:
        data["agent"] = agent_json.to_json(task.agent)
    if task.acceptance:
        data["acceptance"] = [template.to_json(item) for item in task.acceptance]
    if task.checks:
        data["checks"] = [_command(item) for item in task.checks]
    if task.setup is not None:
        data["setup"] = _command(task.setup)
    for name in ("inputs", "env"):
        if getattr(task, name):
            data[name] = _named(getattr(task, name))
    return data


def _files(task: BoundTask) -> dict[str, Any]:
    """What is read and what is left behind."""
    data: dict[str, Any] = {}
    if task.reads is not None:
        data["reads"] = [template.to_json(item) for item in task.reads]
    if task.writes:
        data["writes"] = [template.to_json(item) for item in task.writes]
    if task.output != OutputContract():
        data["output"] = _plain(task.output, OutputContract, ("path",))
        data["output"]["path"] = template.to_json(task.output.path)
    if task.deliverables:
        data["deliverables"] = [_deliverable(item) for item in task.deliverables]
    return data


def from_json(data: dict[str, Any]) -> BoundGraph:
    """The inverse of `to_json`, for every format so far; `ValueError` for one that this program does not
    know.
    """
    if data.get("format") not in (1, 2, 3, FORMAT):
        raise ValueError(f"a bound graph of format {data.get('format')!r}, where {FORMAT} is known")
    known = {item.name for item in fields(BoundGraph)}
    given = {name: value for name, value in data.items() if name in known}
    given["tasks"] = tuple(
        task_from_json(_from_format_1(item) if data["format"] == 1 else item) for item in data["tasks"]
    )
    given["params"] = tuple((name, value) for name, value in data["params"])
    given["pools"] = tuple((name, limit) for name, limit in data["pools"])
    given["outputs"] = _templates(data["outputs"])
    given["later"] = tuple(_later_from(item) for item in data["later"])
    given["given"] = tuple((name, value) for name, value in data.get("given", ()))
    return BoundGraph(**given)


def _from_format_1(task: dict[str, Any]) -> dict[str, Any]:
    """A task of format 1, in which globs were plain text."""
    globs = {name: [{"lit": text} for text in task[name]] for name in ("reads", "writes") if name in task}
    return task | globs


def task_from_json(data: dict[str, Any]) -> BoundTask:
    """The inverse of `task_to_json`."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    given |= {name: read(data[name]) for name, read in _READ.items() if name in data}
    given |= shape_json.shape_from_json(data, task_from_json, from_json)
    return BoundTask(**given)


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


def _output_from(data: dict[str, Any]) -> OutputContract:
    return OutputContract(**{**data, "path": template.from_json(data["path"])})


def _deliverable(item: DeliverableSpec) -> dict[str, Any]:
    data = {"path": template.to_json(item.path), "schema": item.schema}
    return data | _plain(item, DeliverableSpec, ("path", "schema"))


def _deliverables_from(data: list[dict[str, Any]]) -> tuple[DeliverableSpec, ...]:
    return tuple(
        DeliverableSpec(
            path=template.from_json(item["path"]),
            schema=item["schema"],
            must_export=tuple(item.get("must_export", ())),
            coverage=item.get("coverage"),
        )
        for item in data
    )


def _retry_from(data: dict[str, Any]) -> RetryPolicy:
    return RetryPolicy(**{**data, "on": frozenset(data["on"])} if "on" in data else data)


def _globs(data: list[Any]) -> tuple[template.Template, ...]:
    return tuple(template.from_json(item) for item in data)


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "needs": lambda data: tuple(Need(**need) for need in data),
    "condition": template.from_json,
    "command": _command_from,
    "python": lambda data: CallableSpec(**data),
    "agent": agent_json.from_json,
    "acceptance": _globs,
    "checks": lambda data: tuple(_command_from(item) for item in data),
    "setup": _command_from,
    "reads": _globs,
    "writes": _globs,
    "inputs": _templates,
    "env": _templates,
    "cwd": template.from_json,
    "output": _output_from,
    "deliverables": _deliverables_from,
    "retry": _retry_from,
    "settles": lambda data: SettleSpec(**data),
    "later": lambda data: tuple(_later_from(item) for item in data),
}
"""How each field that is no plain value is read."""

_STRUCTURED: Final = (*shape_json.FIELDS, *_READ, "pattern")
