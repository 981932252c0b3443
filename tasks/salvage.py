"""What is left of a document without the parts that have errors, so that the rest is checked too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..schemas.span import Path

STUB = {"run": "true"}
"""Stands for a task of which nothing can be kept, so that others may still refer to it."""
_KINDS = frozenset(("run", "role", "python", "graph", "approve"))


def salvaged(value: Any, errors: Iterable[dict[str, Any]]) -> Any | None:
    """A copy of the document `value` without the parts that pydantic's `errors` are about.

    Places in the copy are places in the document: of a list, all is kept or nothing. Tasks and
    parameters keep their names. None when nothing is left to look at.
    """
    if not isinstance(value, dict) or not isinstance(value.get("tasks"), dict):
        return None
    copy: dict[str, Any] = dict(value)
    copy["tasks"] = {
        name: dict(task) if isinstance(task, dict) else dict(STUB) for name, task in copy["tasks"].items()
    }
    for error in errors:
        place: Path = tuple(error["loc"])
        if error["type"] == "missing":
            place = place[:-1]
        _take_out(copy, place)
    for name, task in copy["tasks"].items():
        if not _KINDS & task.keys():
            copy["tasks"][name] = {**task, **STUB}
    return copy if copy["tasks"] else None


def _take_out(copy: dict[str, Any], place: Path) -> None:
    match place:
        case ("tasks", name, "[key]"):
            copy["tasks"].pop(name, None)
        case ("tasks", name, key, *_):
            copy["tasks"].get(name, {}).pop(key, None)
        case ("tasks", *_) | ():
            pass
        case ("params", name, *rest) if isinstance(copy.get("params"), dict):
            copy["params"] = {key: param for key, param in copy["params"].items() if key != name}
            if rest != ["[key]"]:
                copy["params"][name] = {"type": "json"}
        case (key, *_):
            copy.pop(str(key), None)
