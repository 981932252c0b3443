"""Keywords of JSON Schema whose usual implementation can take for ever, in forms that cannot.

Those that search for patterns search within a bound. `uniqueItems` and `unevaluated…` take a time that
grows with the value, not with its square. Each function has the form that `jsonschema` asks of a
keyword, after the implementation of that library, which still judges what is left and words the error.
Imports jsonschema: only for graphs with schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

from jsonschema.exceptions import ValidationError
from referencing.jsonschema import lookup_recursive_ref

from .allowance import Allowance
from .pattern_search import search

ALLOWANCE: Final[ContextVar[Allowance]] = ContextVar("ALLOWANCE")
"""That of the check that this thread is at."""

Errors = Iterable[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], Errors | None]


def _found(pattern: str, text: str) -> bool:
    return search(pattern, text, seconds=ALLOWANCE.get().pattern_seconds)


def pattern(_stock: Keyword, validator: Any, value: str, instance: Any, _schema: Any) -> Errors:
    """`pattern`: the text must match somewhere."""
    if validator.is_type(instance, "string") and not _found(value, instance):
        yield ValidationError(f"{instance!r} does not match {value!r}")


def pattern_properties(
    _stock: Keyword, validator: Any, value: Mapping[str, Any], instance: Any, _schema: Any
) -> Errors:
    """`patternProperties`: the values of fields whose names match."""
    if validator.is_type(instance, "object"):
        for expression, subschema in value.items():
            for name, item in instance.items():
                if _found(expression, name):
                    yield from validator.descend(item, subschema, path=name, schema_path=expression)


def additional_properties(stock: Keyword, validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
    """`additionalProperties`: the fields that neither have a schema nor match a pattern."""
    patterns = schema.get("patternProperties")
    if not patterns or not validator.is_type(instance, "object"):
        return stock(validator, value, instance, schema) or ()
    known = schema.get("properties", {})
    extras = {
        name: item
        for name, item in instance.items()
        if name not in known and not any(_found(expression, name) for expression in patterns)
    }
    return stock(validator, value, extras, {}) or ()


def unique_items(_stock: Keyword, validator: Any, value: Any, instance: Any, _schema: Any) -> Errors:
    """`uniqueItems`: no two items are equal as JSON values."""
    if not value or not validator.is_type(instance, "array"):
        return
    seen: set[Hashable] = set()
    for item in instance:
        ALLOWANCE.get().look()
        seen.add(_identity(item))
    if len(seen) < len(instance):
        yield ValidationError(f"{instance!r} has non-unique elements")


def unevaluated_properties(stock: Keyword, validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
    """`unevaluatedProperties`: the fields that nothing beside it has looked at."""
    if not validator.is_type(instance, "object"):
        return ()
    beside = {name: item for name, item in schema.items() if name != "unevaluatedProperties"}
    known = _evaluated_names(validator, instance, beside)
    left = {name: item for name, item in instance.items() if name not in known}
    return stock(validator, value, left, {}) or ()


def unevaluated_items(stock: Keyword, validator: Any, value: Any, instance: Any, schema: Any) -> Errors:
    """`unevaluatedItems`: the items that nothing beside it has looked at."""
    if not validator.is_type(instance, "array"):
        return ()
    known = _evaluated_places(validator, instance, schema)
    left = [item for place, item in enumerate(instance) if place not in known]
    # Without a schema beside it, the library takes what it is given for unevaluated.
    return stock(validator, value, left, {}) or ()


OWN: Final[Mapping[str, Callable[[Keyword, Any, Any, Any, Any], Errors]]] = {
    "pattern": pattern,
    "patternProperties": pattern_properties,
    "additionalProperties": additional_properties,
    "uniqueItems": unique_items,
    "unevaluatedProperties": unevaluated_properties,
    "unevaluatedItems": unevaluated_items,
}


def _identity(value: Any) -> Hashable:
    """Equal for equal JSON values: 1 equals 1.0, and neither equals true; the order of fields is none."""
    if isinstance(value, dict):
        return "object", frozenset((name, _identity(item)) for name, item in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_identity, value))
    return ("boolean", value) if isinstance(value, bool) else value


# ---- what was evaluated (JSON Schema 2020-12, core, section 11; 2019-09, section 9.3) ------------------


def _evaluated_names(validator: Any, instance: dict[str, Any], schema: Any) -> set[str]:
    """The fields of `instance` that `schema` has looked at."""
    ALLOWANCE.get().look()
    if not isinstance(schema, dict):
        return set()
    if "additionalProperties" in schema or "unevaluatedProperties" in schema:
        return set(instance)
    names: set[str] = instance.keys() & schema.get("properties", {}).keys()
    for expression in schema.get("patternProperties", ()):
        names.update(name for name in instance if _found(expression, name))
    for below, subschema in _in_place(validator, instance, schema):
        if len(names) == len(instance):
            break
        names |= _evaluated_names(below, instance, subschema)
    return names


def _evaluated_places(validator: Any, instance: list[Any], schema: Any) -> set[int]:
    """The places of the items of `instance` that `schema` has looked at."""
    ALLOWANCE.get().look()
    if not isinstance(schema, dict):
        return set()
    everything = set(range(len(instance)))
    items: Any = schema.get("items")
    if "items" in schema and ("additionalItems" in schema or not isinstance(items, list)):
        return everything
    first = len(schema.get("prefixItems", items or ()))
    places = set(range(min(first, len(instance))))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            meets = validator.evolve(schema=schema[keyword]).is_valid
            places.update(place for place, item in enumerate(instance) if meets(item))
    for below, subschema in _in_place(validator, instance, schema):
        if len(places) == len(everything):
            break
        places |= _evaluated_places(below, instance, subschema)
    return places


def _in_place(validator: Any, instance: Any, schema: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """The subschemas that `schema` applies to the same value and that hold, each with its validator."""
    resolver = validator._resolver
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            yield _referred(validator, resolver.lookup(schema[keyword]))
    if "$recursiveRef" in schema:
        yield _referred(validator, lookup_recursive_ref(resolver))
    for keyword in ("allOf", "anyOf", "oneOf"):
        for subschema in schema.get(keyword, ()):
            if _holds(validator, instance, subschema):
                yield validator, subschema
    if isinstance(instance, dict):
        for name, subschema in schema.get("dependentSchemas", {}).items():
            if name in instance:
                yield validator, subschema
    if "if" in schema:
        holds = _holds(validator, instance, schema["if"])
        if holds:
            yield validator, schema["if"]
        yield validator, schema.get("then" if holds else "else", True)


def _referred(validator: Any, resolved: Any) -> tuple[Any, Any]:
    return validator.evolve(schema=resolved.contents, _resolver=resolved.resolver), resolved.contents


def _holds(validator: Any, instance: Any, schema: Any) -> bool:
    return next(iter(validator.descend(instance, schema)), None) is None
