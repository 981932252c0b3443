"""Values against JSON Schemas, in bounded time: no pattern and no schema can hold a check for ever.

Imports jsonschema: only for graphs with schemas.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import cache, partial
from itertools import islice
from typing import Any, Final

from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import Draft202012Validator, extend, validator_for
from jsonschema_specifications import REGISTRY

from .allowance import Allowance
from .bounded_keywords import ALLOWANCE, OWN, Keyword

_COMPILED: dict[int, tuple[Any, Any]] = {}
_MOST_COMPILED: Final = 1024
_ROOM: Final = 100
"""So many frames are left for what one keyword calls by itself."""


def violations(value: Any, schema: Any, allowance: Allowance, *, most: int) -> list[ValidationError]:
    """The first places where `value` breaks `schema` (2020-12 unless it names another dialect).

    A `$ref` reaches into the schema itself and the published meta-schemas; nothing is fetched. Raises
    `SchemaError` for what is no JSON Schema, `CheckTooSlow`, `CheckAbandoned`, `PatternTooSlow`,
    `RecursionError`, and `Unresolvable` of referencing.
    """
    token = ALLOWANCE.set(allowance)
    try:
        return list(islice(_validator(schema).iter_errors(value), most))
    finally:
        ALLOWANCE.reset(token)


def fault_of(schema: Any, kind: Any, allowance: Allowance) -> ValidationError | None:
    """The first thing that is wrong with `schema` in the dialect of the validator `kind`.

    Raises as `violations` does.
    """
    token = ALLOWANCE.set(allowance)
    try:
        return _fault(schema, kind)
    finally:
        ALLOWANCE.reset(token)


def _fault(schema: Any, kind: Any) -> ValidationError | None:
    meta = _bounded(validator_for(kind.META_SCHEMA, default=kind))
    validator = meta(kind.META_SCHEMA, registry=REGISTRY, format_checker=kind.FORMAT_CHECKER)
    return next(iter(validator.iter_errors(schema)), None)


def _validator(schema: Any) -> Any:
    """The compiled schema: once per schema object, which the cache keeps alive, so its id is its own."""
    known = _COMPILED.get(id(schema))
    if known is not None:
        return known[1]
    kind = validator_for(schema, default=Draft202012Validator)
    fault = _fault(schema, kind)
    if fault is not None:
        raise SchemaError.create_from(fault)
    # A registry of our own: the default one would fetch remote references.
    validator = _bounded(kind)(schema, registry=REGISTRY)
    if len(_COMPILED) >= _MOST_COMPILED:
        _COMPILED.clear()
    _COMPILED[id(schema)] = (schema, validator)
    return validator


@cache
def _bounded(kind: Any) -> Any:
    """The validator class `kind` with keywords that look at the allowance."""
    keywords = {name: _counted(_own(name, keyword)) for name, keyword in kind.VALIDATORS.items()}
    made: Any = extend(kind, keywords)  # type: ignore[no-untyped-call]
    evolve = made.evolve

    def evolve_bounded(self: Any, **changes: Any) -> Any:
        evolved = evolve(self, **changes)
        other: Any = type(evolved)
        if other is made:
            return evolved
        # A subschema that names its dialect gets the library's own class for it.
        return _bounded(other)(
            evolved.schema,
            format_checker=evolved.format_checker,
            registry=evolved._registry,
            _resolver=evolved._resolver,
        )

    made.evolve = evolve_bounded
    return made


def _own(name: str, stock: Keyword) -> Keyword:
    return partial(OWN[name], stock) if name in OWN else stock


def _counted(keyword: Keyword) -> Keyword:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        ALLOWANCE.get().look()
        _look_at_depth()
        return keyword(validator, value, instance, schema)

    return counted


def _look_at_depth() -> None:
    """Raise `RecursionError` while there is room for it: in code that is not Python it would be a crash."""
    with suppress(ValueError):
        sys._getframe(sys.getrecursionlimit() - _ROOM)
        raise RecursionError
