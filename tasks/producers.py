"""What the fields behind a task's output can be, as far as the file tells.

The judgement is one-sided: a field is only called impossible when no output that meets the task's
own declarations could have it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..schemas.suggest import did_you_mean, in_backticks

Steps = Sequence[str | int]

_COMBINING = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$dynamicRef", "dependentSchemas")


def why_impossible(form: str, schema: Any, steps: Steps) -> tuple[str, str | None] | None:
    """Why `steps` lead nowhere in an output of this form and schema, with a hint; else None."""
    if not steps:
        return None
    first = steps[0]
    if form == "text":
        if isinstance(first, int):
            return None
        return f"is text and has no field `{first}`", "give the task `output: {as: json}` or a schema"
    if form == "lines":
        if isinstance(first, str):
            return f"is a list of lines and has no field `{first}`", "an item is written `[0]`"
        if len(steps) > 1 and isinstance(steps[1], str):
            return f"is a list of lines; a line has no field `{steps[1]}`", None
        return None
    return _in_schema(schema, steps, schema, 0)


def _in_schema(schema: Any, steps: Steps, root: Any, depth: int) -> tuple[str, str | None] | None:
    schema = _resolved(schema, root)
    if not isinstance(schema, dict) or not steps or depth > 50 or any(key in schema for key in _COMBINING):
        return None
    step = steps[0]
    types = _types(schema)
    if isinstance(step, int):
        if types and not types & {"array", "string"}:
            return f"is {_words(types)} by its schema and has no item {step}", None
        return _in_item(schema, steps, root, depth)
    if types and "object" not in types:
        return f"is {_words(types)} by its schema and has no field `{step}`", None
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    if step in known:
        return _in_schema(known[step], steps[1:], root, depth + 1)
    patterns = schema.get("patternProperties")
    if schema.get("additionalProperties") is not False or any(
        _matches(name, step) for name in patterns or ()
    ):
        return None
    there = f"it has {in_backticks(known, last='and')}" if known else "it has none"
    return f"has no field `{step}` by its schema; {there}", did_you_mean(step, known)


def _in_item(schema: dict[str, Any], steps: Steps, root: Any, depth: int) -> tuple[str, str | None] | None:
    items = schema.get("items")
    if "prefixItems" in schema or not isinstance(items, dict):
        return None
    return _in_schema(items, steps[1:], root, depth + 1)


def _resolved(schema: Any, root: Any) -> Any:
    """`schema`, or what its `$ref` into the same document leads to; None when that is not plain."""
    for _ in range(20):
        if not isinstance(schema, dict) or "$ref" not in schema:
            return schema
        reference = schema["$ref"]
        if len(schema) > 1 or not isinstance(reference, str) or not reference.startswith("#"):
            return None
        schema = root
        for part in reference[1:].split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(schema, dict) or name not in schema:
                return None
            schema = schema[name]
    return None


def _types(schema: dict[str, Any]) -> set[str]:
    given = schema.get("type")
    if isinstance(given, str):
        return {given}
    return {name for name in given if isinstance(name, str)} if isinstance(given, list) else set()


def _words(types: set[str]) -> str:
    return " or ".join(sorted(types))


def _matches(pattern: Any, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except (re.error, TypeError):
        return True
