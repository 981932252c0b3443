"""Which schemas have a strict form."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.engine.runtimes.clients.strict_schema import strict

INNER = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}


def test_objects_are_closed_however_deep_they_lie() -> None:
    schema = {
        "$schema": "x",
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": INNER},
            "one": {"anyOf": [INNER, {"type": "null"}]},
            "ref": {"$ref": "#/$defs/d"},
        },
        "required": ["one", "list", "ref"],
        "$defs": {"d": {**INNER, "additionalProperties": True}},
    }
    closed = {**INNER, "additionalProperties": False}
    assert strict(schema) == {
        "type": "object",
        "properties": {
            "list": {"type": "array", "items": closed},
            "one": {"anyOf": [closed, {"type": "null"}]},
            "ref": {"$ref": "#/$defs/d"},
        },
        "required": ["one", "list", "ref"],
        "$defs": {"d": closed},
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    "schema",
    [
        None,
        True,
        {"type": "string"},
        {"type": "object"},
        {**INNER, "required": []},
        {**INNER, "additionalProperties": {"type": "string"}},
        {**INNER, "patternProperties": {}},
        {**INNER, "properties": {"a": {"type": "string", "minLength": 1}}},
        {**INNER, "properties": {"a": True}},
        {**INNER, "properties": ["a"]},
        {**INNER, "required": 1},
        {**INNER, "anyOf": 3},
    ],
)
def test_others_have_none(schema: Any) -> None:
    assert strict(schema) is None
