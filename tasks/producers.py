"""What the fields behind a task's output can be, as far as the file tells.

The judgement is one-sided: a field is only called impossible when no output that meets the task's
own declarations could have it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ..schemas.pattern_search import PatternTooSlow, search
from ..schemas.suggest import did_you_mean, in_backticks
from .expression.analysis import spell

Steps = Sequence[str | int]

_WORDS = {
    "array": "a list",
    "object": "an object",
    "string": "text",
    "boolean": "true or false",
    "null": "null",
}
_COMBINING = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "$dynamicRef", "dependentSchemas")


def why_impossible(base: str, form: str, schema: Any, steps: Steps) -> tuple[str, str | None] | None:
    """Why `steps` behind the output called `base` lead nowhere, and a hint; else None.

    `form` is how the output is read and `schema` what it must meet, as far as both are known.
    """
    if not steps:
        return None
    first = steps[0]
    if form == "text":
        if isinstance(first, int):
            return None
        return (
            f"`{base}` is text and has no field `{first}`",
            "give the task `output: {as: json}` or a schema",
        )
    if form == "lines":
        if isinstance(first, str):
            return f"`{base}` is a list of lines and has no field `{first}`", "an item is written `[0]`"
        if len(steps) > 1 and isinstance(steps[1], str):
            return f"`{base}[{first}]` is a line and has no field `{steps[1]}`", None
        return None
    return _in_schema(base, schema, steps, schema)


def never_a_list(form: str, schema: Any, steps: Steps) -> str | None:
    """What lies behind `steps` of an output, in words, when that can be no list; else None."""
    if form == "text":
        return None if steps else "text"
    if form == "lines":
        return "a line" if len(steps) == 1 and isinstance(steps[0], int) else None
    root = schema
    for step in (*steps, None):
        schema = _resolved(schema, root)
        if not isinstance(schema, dict) or any(key in schema for key in _COMBINING):
            return None
        if step is None:
            break
        properties = schema.get("properties")
        schema = properties.get(step) if isinstance(properties, dict) and isinstance(step, str) else None
    types = _types(schema)
    return None if not types or "array" in types else f"{_words(types)} by its schema"


def _in_schema(base: str, schema: Any, steps: Steps, root: Any) -> tuple[str, str | None] | None:
    schema = _resolved(schema, root)
    if not isinstance(schema, dict) or not steps or any(key in schema for key in _COMBINING):
        return None
    step = steps[0]
    types = _types(schema)
    if isinstance(step, int):
        if types and not types & {"array", "string"}:
            return f"`{base}` is {_words(types)} by its schema and has no item {step}", None
        items = None if "prefixItems" in schema else schema.get("items")
        return _in_schema(f"{base}[{step}]", items, steps[1:], root)
    if types and "object" not in types:
        return f"`{base}` is {_words(types)} by its schema and has no field `{step}`", None
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    if step in known:
        return _in_schema(spell(base, (step,)), known[step], steps[1:], root)
    patterns = schema.get("patternProperties")
    if schema.get("additionalProperties") is not False or any(
        _matches(name, step) for name in patterns or ()
    ):
        return None
    there = f"it has {in_backticks(known, last='and')}" if known else "it has none"
    return f"`{base}` has no field `{step}` by its schema; {there}", did_you_mean(step, known)


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
    return " or ".join(_WORDS.get(name, "a number") for name in sorted(types))


def _matches(pattern: Any, name: str) -> bool:
    """Whether the pattern allows the name; also when that cannot be told."""
    try:
        return search(pattern, name)
    except (re.error, TypeError, PatternTooSlow):
        return True
