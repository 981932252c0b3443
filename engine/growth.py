"""How groups get their members: from what an expression came to, and again from what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ..schemas.canonical import digest
from ..schemas.template import as_text
from .instances import Frame, Instance, instances_of, safe_key

MOST_ITEMS: Final = 100_000
"""The most items of one fan-out, unless the user raises it."""

MOST_ITEMS_VARIABLE: Final = "ME_MAX_ITEMS"
"""The environment variable that raises it."""


class GrowthError(Exception):
    """A group cannot get its members; the message is one sentence for people."""


def items_growth(items: Any, key_of: Callable[[int, Any], Any] | None, *, most: int) -> dict[str, Any]:
    """What is recorded of a fan-out over `items`. Raises `GrowthError`.

    `key_of` gives the key of an item by its position and value, None stands for the item's digest.
    """
    if not isinstance(items, list):
        raise GrowthError(f"`each` needs a list, and got {_kind(items)}{_advice(items)}")
    if len(items) > most:
        raise GrowthError(
            f"`each` has {len(items):,} items, and the most is {most:,}; "
            f"set {MOST_ITEMS_VARIABLE} to raise that"
        )
    keys = [
        digest(item)[:12] if key_of is None else as_text(key_of(position, item))
        for position, item in enumerate(items)
    ]
    _refuse_equal(keys, has_key=key_of is not None)
    return {"how": "items", "keys": keys, "items": items}


def _refuse_equal(keys: Sequence[str], *, has_key: bool) -> None:
    seen: dict[str, int] = {}
    names: dict[str, int] = {}
    for position, key in enumerate(keys):
        if not key:
            raise GrowthError(f"the key of item {position + 1} is empty")
        first = seen.setdefault(key, position)
        clash = first if first != position else names.setdefault(safe_key(key), position)
        if clash != position:
            what = f"both have the key `{key}`" if has_key else "are equal, and so have one key"
            raise GrowthError(
                f"items {clash + 1} and {position + 1} {what}"
                + ("" if has_key else "; give each a `key` of its own")
            )


def grown(instance: Instance, payload: Mapping[str, Any]) -> list[Instance]:
    """The new members of the group `instance`, from what was recorded about its growth.

    `payload["how"]` is one of `cells` (the matrix stands in the task), `items` (`keys` and `items`),
    `round` (`index`, from 1) and `graph` (`params`: those that only the run could tell).
    """
    task = instance.task
    match payload["how"]:
        case "cells":
            return [
                instance.member(
                    f"[{safe_key(cell.key)}]",
                    task=cell.task,
                    depth=0,
                    key=cell.key,
                    names={**instance.names, "matrix": dict(cell.values)},
                )
                for cell in task.cells
            ]
        case "items":
            assert task.each is not None
            name = task.each.name
            return [
                instance.member(f"[{safe_key(key)}]", key=key, names={**instance.names, name: item})
                for key, item in zip(payload["keys"], payload["items"], strict=True)
            ]
        case "round":
            index = int(payload["index"])
            return [instance.member(f"#{index}", key=str(index), names={**instance.names, "round": index})]
        case "graph":
            assert task.body is not None
            graph = task.body.graph
            is_pattern = task.body.result is not None
            frame = Frame(
                graph=graph,
                prefix=f"{instance.id}{'.' if is_pattern else '/'}",
                params={**dict(graph.params), **payload.get("params", {})},
                outer=instance.frame,
                host=instance if is_pattern else None,
                background=instance.background,
            )
            return instances_of(frame, instance.id)
        case how:
            raise ValueError(f"a growth of an unknown kind: {how!r}")


def pools_of(members: Sequence[Instance], group: Instance) -> dict[str, int]:
    """The limited pools that a grown graph brings along."""
    return members[0].frame.pools() if group.layer == "graph" and members else {}


def _kind(value: Any) -> str:
    names = {str: "text", dict: "an object", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if value is None else names.get(type(value), "something else")


def _advice(value: Any) -> str:
    return "; `output: {as: lines}` makes a list of a command's lines" if isinstance(value, str) else ""
