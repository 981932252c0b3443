"""Values against schemas: the verdicts are those of the library, and every check ends."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from jsonschema.exceptions import SchemaError
from jsonschema.validators import validator_for
from jsonschema_specifications import REGISTRY

from metaensemble.schemas.allowance import Allowance, CheckAbandoned, CheckTooSlow
from metaensemble.schemas.bounded_check import fault_of, violations
from metaensemble.schemas.pattern_search import PatternTooSlow

HOPELESS = "(a|aa)+$"
LONG = "a" * 200 + "!"
LATEST = "https://json-schema.org/draft/2020-12/schema"
D2019 = "https://json-schema.org/draft/2019-09/schema"
D7 = "http://json-schema.org/draft-07/schema#"
D4 = "http://json-schema.org/draft-04/schema#"


def messages(value: Any, schema: Any) -> list[str]:
    found = violations(value, schema, Allowance(), most=100)
    return [f"{error.json_path}: {error.message}" for error in found]


NUMBERED = {"patternProperties": {"^n[0-9]+$": {"type": "integer"}}}
CASES: list[tuple[dict[str, Any], list[Any]]] = [
    ({"pattern": "^a+$"}, ["a", "aaa", "b", "", 1, None]),
    (NUMBERED, [{}, {"n1": 1}, {"n1": "x"}, {"x": "x"}, []]),
    ({**NUMBERED, "additionalProperties": False}, [{}, {"n1": 1}, {"x": 1}, {"n1": "x", "y": 1}, 3]),
    ({**NUMBERED, "properties": {"a": {}}, "additionalProperties": {"type": "null"}}, [{"a": 1}, {"b": 1}]),
    ({"additionalProperties": False, "properties": {"a": {}}}, [{}, {"a": 1}, {"b": 1}]),
    ({"propertyNames": {"pattern": "^a"}}, [{}, {"a": 1}, {"b": 1}]),
    ({"uniqueItems": True}, [[], [1, 2], [1, 1.0], [1, True], [0, False], [{"a": 1}, {"a": 1.0}], "aa"]),
    ({"uniqueItems": True}, [[{"a": 1, "b": [2]}, {"b": [2], "a": 1}], [[1], [True]], [None, None], [[], {}]]),
    ({"uniqueItems": False}, [[1, 1]]),
    ({"uniqueItems": True, "$schema": D4}, [[1, 1], [{"a": 1}, {"a": 2}]]),
    ({**NUMBERED, "unevaluatedProperties": False}, [{}, {"n1": 1}, {"x": 1}]),
    (
        {"allOf": [NUMBERED, {"properties": {"a": {}}}], "unevaluatedProperties": {"type": "string"}},
        [{"n1": 1, "a": 2, "s": "x"}, {"s": 1}, {"n1": "x"}],
    ),
    (
        {
            "anyOf": [{"properties": {"a": {"const": 1}}, "required": ["a"]}, {"properties": {"b": {}}}],
            "unevaluatedProperties": False,
        },
        [{"a": 1}, {"b": 1}, {"a": 2}, {"a": 1, "b": 1}],
    ),
    (
        {
            "if": {"properties": {"kind": {"const": "x"}}, "required": ["kind"]},
            "then": {"properties": {"x": {}}},
            "else": {"properties": {"y": {}}},
            "unevaluatedProperties": False,
        },
        [{"kind": "x", "x": 1}, {"kind": "x", "y": 1}, {"y": 1}, {"x": 1}, {}],
    ),
    (
        {
            "$ref": "#/$defs/base",
            "dependentSchemas": {"a": {"properties": {"more": {}}}},
            "$defs": {"base": {"properties": {"a": {}}}},
            "unevaluatedProperties": False,
        },
        [{"a": 1}, {"a": 1, "more": 2}, {"more": 2}],
    ),
    ({"allOf": [{"additionalProperties": {"type": "integer"}}], "unevaluatedProperties": False}, [{"a": 1}]),
    ({"prefixItems": [{}, {}], "unevaluatedItems": False}, [[], [1, 2], [1, 2, 3], "x"]),
    ({"prefixItems": [{}], "items": {"type": "string"}, "unevaluatedItems": False}, [[1, "a"], [1, 2]]),
    ({"contains": {"type": "string"}, "unevaluatedItems": {"type": "integer"}}, [["a", 1], ["a", None]]),
    (
        {"oneOf": [{"prefixItems": [{"const": 1}]}, {"prefixItems": [{}, {}, {}]}], "unevaluatedItems": False},
        [[1], [2, 3, 4], [2, 3, 4, 5], [1, 2, 3]],
    ),
    ({"$schema": D2019, "items": [{}], "unevaluatedItems": False}, [[1], [1, 2]]),
    (
        {"$schema": D2019, "items": [{}], "additionalItems": {"type": "null"}, "unevaluatedItems": False},
        [[1], [1, None], [1, 2]],
    ),
    (
        {
            "$schema": D2019,
            "$id": "urn:tree",
            "$recursiveAnchor": True,
            "properties": {"child": {"$recursiveRef": "#"}},
            "unevaluatedProperties": False,
        },
        [{"child": {"child": {}}}, {"child": {"other": 1}}],
    ),
    (
        {
            "$id": "urn:tree",
            "$dynamicAnchor": "node",
            "properties": {"child": {"$dynamicRef": "#node"}},
            "unevaluatedProperties": False,
        },
        [{"child": {"child": {}}}, {"child": {"other": 1}}],
    ),
    ({"$defs": {"old": {"$schema": D7, "$id": "urn:old", "items": {"pattern": "^a"}}}, "$ref": "urn:old"},
     [["a"], ["b"], [1, "b"], "b"]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "values"), CASES)
def test_the_verdict_is_that_of_the_library(schema: dict[str, Any], values: list[Any]) -> None:
    kind = validator_for(schema, default=validator_for({"$schema": LATEST}))
    usual = kind(schema, registry=REGISTRY)
    for value in values:
        places = [error.json_path for error in usual.iter_errors(value)]
        found = [error.json_path for error in violations(value, schema, Allowance(), most=100)]
        assert found == places, value


def test_what_is_wrong_is_said() -> None:
    assert messages("b", {"pattern": "^a"}) == ["$: 'b' does not match '^a'"]
    assert messages([1, 1], {"uniqueItems": True}) == ["$: [1, 1] has non-unique elements"]
    assert messages({"x": 1}, {**NUMBERED, "additionalProperties": False}) == [
        "$: Additional properties are not allowed ('x' was unexpected)"
    ]
    assert messages({"x": 1}, {**NUMBERED, "unevaluatedProperties": False}) == [
        "$: Unevaluated properties are not allowed ('x' was unexpected)"
    ]
    assert messages([1], {"unevaluatedItems": False}) == [
        "$: Unevaluated items are not allowed (1 was unexpected)"
    ]


def test_no_more_is_looked_for_than_is_asked_for() -> None:
    assert len(violations(["a"] * 9, {"items": {"type": "null"}}, Allowance(), most=2)) == 2


HANGING: list[tuple[Any, Any]] = [
    (LONG, {"pattern": HOPELESS}),
    ({LONG: 1}, {"patternProperties": {HOPELESS: False}}),
    ({LONG: 1}, {"patternProperties": {"^b": {}, HOPELESS: {}}, "additionalProperties": False}),
    ({LONG: 1}, {"propertyNames": {"pattern": HOPELESS}}),
    ({LONG: 1}, {"allOf": [{"patternProperties": {HOPELESS: {}}}], "unevaluatedProperties": False}),
    ([LONG], {"$schema": D2019, "items": [{"pattern": HOPELESS}]}),
    (LONG, {"$schema": D4, "pattern": HOPELESS}),
    (LONG, {"$ref": "urn:in", "$defs": {"in": {"$schema": LATEST, "$id": "urn:in", "pattern": HOPELESS}}}),
    (LONG, {"$ref": "urn:in", "$defs": {"in": {"$schema": D7, "$id": "urn:in", "pattern": HOPELESS}}}),
]


@pytest.mark.parametrize(("value", "schema"), HANGING)
def test_a_hopeless_pattern_is_named_wherever_it_stands(value: Any, schema: Any) -> None:
    with pytest.raises(PatternTooSlow) as caught:
        violations(value, schema, Allowance(pattern_seconds=0.01), most=1)
    assert caught.value.pattern == HOPELESS


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


BRANCHING = {
    "$defs": {
        "n": {
            "oneOf": [
                {"type": "integer"},
                {"type": "array", "items": {"$ref": "#/$defs/n"}},
                {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 2},
            ]
        }
    },
    "$ref": "#/$defs/n",
}


def test_a_check_that_would_not_end_is_given_up() -> None:
    looks = count()
    allowance = Allowance(seconds=1000, clock=lambda: float(next(looks)))
    with pytest.raises(CheckTooSlow, match="more than 1000 s"):
        violations(nested(60), BRANCHING, allowance, most=1)
    assert next(looks) == 1002


def test_an_abandoned_check_ends() -> None:
    looks = count()

    def clock() -> float:
        if next(looks) == 50:
            allowance.abandon()
        return 0.0

    allowance = Allowance(clock=clock)
    with pytest.raises(CheckAbandoned):
        violations(nested(60), BRANCHING, allowance, most=1)
    assert next(looks) == 51


def test_each_item_is_looked_at_once_for_uniqueness() -> None:
    looks = count()
    items = [{"n": number} for number in range(5000)]
    allowance = Allowance(seconds=6000, clock=lambda: float(next(looks)))
    assert violations(items, {"uniqueItems": True}, allowance, most=1) == []
    assert next(looks) < 6000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$defs": {"a": {"$ref": "#/$defs/a", "unevaluatedProperties": False}}, "$ref": "#/$defs/a"},
        {"anyOf": [{"if": {"$ref": "#"}}]},
        {"not": {"$ref": "#"}},
    ],
)
def test_a_schema_that_goes_in_circles_is_a_recursion_error(schema: Any) -> None:
    with pytest.raises(RecursionError):
        violations({}, schema, Allowance(), most=1)


def test_what_is_no_schema_is_told() -> None:
    with pytest.raises(SchemaError):
        violations(1, {"type": 3}, Allowance(), most=1)
    kind = validator_for({"$schema": LATEST})
    assert fault_of({"pattern": "a"}, kind, Allowance()) is None
    fault = fault_of({"properties": {"a": {"pattern": "("}}}, kind, Allowance())
    assert fault is not None
    assert list(fault.absolute_path) == ["properties", "a", "pattern"]


def test_a_large_enumeration_of_an_old_dialect_does_not_hold_up_the_check_of_the_schema() -> None:
    looks = count()
    schema = {"$schema": D4, "enum": [{"n": number} for number in range(5000)]}
    allowance = Allowance(seconds=50_000, clock=lambda: float(next(looks)))
    assert fault_of(schema, validator_for(schema), allowance) is None
    assert next(looks) < 50_000
