"""The exact JSON form of the work of an agent."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from typing import Any

from . import template
from .agent import AgentSpec, PointerSpec, Role

_PLAIN = ("executor", "prior_runs", "reask", "max_turns", "tier", "model", "independent", "named", "where")


def to_json(spec: AgentSpec) -> dict[str, Any]:
    """`spec` as a JSON object. Fields that hold their default are left out."""
    data: dict[str, Any] = {"role": spec.role, "prompt": template.to_json(spec.prompt)}
    defaults = {item.name: item.default for item in fields(AgentSpec)}
    for name in _PLAIN:
        value = getattr(spec, name)
        if value != defaults[name]:
            data[name] = list(value) if isinstance(value, tuple) else value
    if spec.files:
        data["files"] = [_pointer(item) for item in spec.files]
    if spec.identity is not None:
        data["identity"] = role_to_json(spec.identity)
    return data


def from_json(data: dict[str, Any]) -> AgentSpec:
    """The inverse of `to_json`."""
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    given["prompt"] = template.from_json(data["prompt"])
    given["files"] = tuple(_pointer_from(item) for item in data.get("files", ()))
    if "identity" in data:
        given["identity"] = role_from_json(data["identity"])
    return AgentSpec(**given)


def role_to_json(role: Role) -> dict[str, Any]:
    """A Role as a JSON object."""
    data = asdict(role)
    data["tools"] = None if role.tools is None else list(role.tools)
    data["output_styles"] = list(role.output_styles)
    return data


def role_from_json(data: dict[str, Any]) -> Role:
    """The inverse of `role_to_json`."""
    tools = data.get("tools")
    found = Role(**{**data, "tools": None, "output_styles": tuple(data.get("output_styles", ()))})
    return found if tools is None else replace(found, tools=tuple(tools))


def _pointer(item: PointerSpec) -> dict[str, Any]:
    data: dict[str, Any] = {"path": template.to_json(item.path)}
    if item.lines is not None:
        data["lines"] = list(item.lines)
    if item.role is not None:
        data["role"] = item.role
    return data


def _pointer_from(data: dict[str, Any]) -> PointerSpec:
    lines = data.get("lines")
    return PointerSpec(
        path=template.from_json(data["path"]),
        lines=None if lines is None else (lines[0], lines[1]),
        role=data.get("role"),
    )
