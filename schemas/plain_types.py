"""The type of a key in plain words, out of its JSON Schema."""

from __future__ import annotations

import json
from typing import Any

from .shape import Node, allowed_values, entry, fixed_keys, has_free_names, shapes

_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a map",
    "array": "a list",
    "null": "null",
}


def type_words(node: Node) -> str:
    """What may be written for `node`: "a duration, or an expression `${{ … }}`"."""
    words: list[str] = []
    for shape in shapes(node):
        for word in _words_of(shape):
            if word not in words:
                words.append(word)
    return _joined(words) if words else "any value"


def _joined(words: list[str]) -> str:
    if len(words) < 3:
        return ", or ".join(words)
    return f"{', '.join(words[:-1])}, or {words[-1]}"


def _words_of(shape: Node) -> list[str]:
    values = allowed_values(shape)
    if values:
        return [f"`{as_written(value)}`" for value in values]
    if "title" in shape and shape.get("type") != "object":
        return [str(shape["title"]) + _limits(shape)]
    kind = shape.get("type")
    if kind == "array":
        return [f"a list of: {type_words(shape['items'])}" if shape.get("items") else "a list"]
    if kind == "object":
        return [_map_words(shape)]
    return [_WORDS[kind] + _limits(shape)] if kind else []


def _map_words(shape: Node) -> str:
    if "title" in shape and not fixed_keys(shape):
        return str(shape["title"])
    inner = entry(shape)
    if has_free_names(shape) and inner is not None:
        return f"a map from name to: {type_words(inner)}"
    if fixed_keys(shape):
        names = ", ".join(f"`{key}`" for key in list(fixed_keys(shape))[:4])
        more = ", …" if len(fixed_keys(shape)) > 4 else ""
        return f"a map with {names}{more}"
    return "a map"


def _limits(shape: Node) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f", at least {low}"
    return f", at most {high}" if high is not None else ""


def as_written(value: Any) -> str:
    """A JSON value as it may stand in a YAML file, on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {as_written(child)}" for key, child in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(as_written(child) for child in value) + "]"
    if isinstance(value, str) and _is_plain(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _is_plain(text: str) -> bool:
    """Whether `text` can stand in a flow collection of YAML without quotes and stays text."""
    if not text or text != text.strip() or text in ("true", "false", "null", "~"):
        return False
    if any(mark in text for mark in (": ", " #", *"{}[],&*!|>'\"%@`")) or text[0] in "-?:":
        return False
    return not text.replace(".", "", 1).isdigit()
