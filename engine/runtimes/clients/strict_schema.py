"""Schemas for services that take only strict ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_KEYWORDS: Final = frozenset(
    {"$defs", "$ref", "additionalProperties", "anyOf", "const", "definitions", "description", "enum", "items"}
    | {"properties", "required", "title", "type"}
)
_NOTES: Final = frozenset({"$schema", "$id", "$comment", "default", "examples"})


def strict(schema: Any) -> Any:
    """The schema in the form that strict services take, None when it has none.

    There, every object forbids further properties and requires all it has. Where a schema leaves further
    properties open they are forbidden: what meets that meets the schema too. A schema with properties that
    may be left out has no such form, and neither has one with other keywords than the few that are known
    everywhere; it is then left to the check that every answer meets afterwards.
    """
    try:
        made = _made(schema)
    except _NotStrictError:
        return None
    return made if isinstance(made, dict) and made.get("type") == "object" else None


class _NotStrictError(Exception):
    pass


def _made(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        raise _NotStrictError
    kept = {key: value for key, value in schema.items() if key not in _NOTES}
    if not _KEYWORDS.issuperset(kept):
        raise _NotStrictError
    for key in ("properties", "$defs", "definitions"):
        if key in kept:
            kept[key] = {name: _made(value) for name, value in _as(Mapping, kept[key]).items()}
    if "items" in kept:
        kept["items"] = _made(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [_made(option) for option in _as(list, kept["anyOf"])]
    if kept.get("type") == "object" or "properties" in kept:
        properties = kept.get("properties")
        required = _as(list, kept.get("required", []))
        further = kept.get("additionalProperties", False)
        if not properties or set(required) != set(properties) or not isinstance(further, bool):
            raise _NotStrictError
        kept["additionalProperties"] = False
    return kept


def _as(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise _NotStrictError
    return value
