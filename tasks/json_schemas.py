"""JSON Schemas that a graph gives: reading their files, and whether they are valid themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

from ..schemas.allowance import Allowance, CheckTooSlow
from ..schemas.errors import InputError, InputErrors
from ..schemas.span import Path
from .reader import read
from .source_file import read_source

_DATA = frozenset({"const", "enum", "default", "examples"})
"""Keywords whose values are data and no schemas."""


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """Why a schema is not valid; `place` leads to the spot inside the schema."""

    message: str
    hint: str | None
    place: Path = ()


class UnreadableSchema(Exception):
    """A schema file cannot be read; the message says why, for people."""


def load_schema(file: FilePath) -> Any:
    """The schema in `file`, JSON or YAML. Raises `UnreadableSchema`."""
    try:
        data = read_source(file)
        if file.suffix == ".json":
            return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant)
        return read(data, str(file)).value
    except InputErrors as error:
        first = error.errors[0]
        message = first.message.replace(f"`{file}`", "it")
        place = f" (line {first.span.line})" if first.span else ""
        raise UnreadableSchema(f"{message}{place}") from None
    except InputError as error:
        message = error.message.replace(f"there is no file `{file}`", "there is no such file")
        raise UnreadableSchema(message.replace(f"`{file}`", "it")) from None
    except json.JSONDecodeError as error:
        raise UnreadableSchema(f"it is not JSON from line {error.lineno}, column {error.colno} on") from None
    except RecursionError:
        raise UnreadableSchema("it nests too deeply") from None
    except ValueError as error:
        raise UnreadableSchema(f"it is not JSON text in UTF-8: {error}") from None


def schema_problem(schema: Any) -> SchemaProblem | None:
    """What is wrong with `schema`, if anything: it must be valid by its dialect and refer to itself only."""
    if not isinstance(schema, dict | bool):
        return SchemaProblem("a JSON Schema is a map", None)
    try:
        return _problem_of(json.dumps(schema))
    except (TypeError, ValueError, RecursionError):
        return _problem(schema)


@lru_cache(maxsize=256)
def _problem_of(text: str) -> SchemaProblem | None:
    """What is wrong with a schema, given as JSON text: many tasks of a graph have the same."""
    return _problem(json.loads(text))


def _problem(schema: Any) -> SchemaProblem | None:
    try:
        problem = _against_dialect(schema)
        return problem if problem is not None else _bad_reference(schema)
    except RecursionError:
        return SchemaProblem("the schema nests too deeply", None)


def _against_dialect(schema: Any) -> SchemaProblem | None:
    # jsonschema costs 60 ms to import, which a graph without schemas need not pay.
    from jsonschema.validators import Draft202012Validator, validator_for

    from ..schemas.bounded_check import fault_of

    unknown: Any = None
    dialect = schema.get("$schema") if isinstance(schema, dict) else None
    named = isinstance(dialect, str)
    validator = validator_for(schema, default=unknown) if named else Draft202012Validator
    if validator is unknown:
        hint = "leave `$schema` out for JSON Schema 2020-12"
        return SchemaProblem(f"the dialect `{dialect}` is not known", hint, ("$schema",))
    try:
        error = fault_of(schema, validator, Allowance())
    except CheckTooSlow as slow:
        return SchemaProblem(f"the schema could not be checked: {slow}", None)
    if error is not None:
        place: Path = tuple(error.absolute_path)
        words = re.sub(r"'([^']*)'", r"`\1`", error.message)
        where = f" at `{'.'.join(map(str, place))}`" if place else ""
        return SchemaProblem(f"the schema is not valid{where}: {words[:200]}", None, place)
    return None


def _bad_reference(schema: Any) -> SchemaProblem | None:
    names = {
        part[key] for _, part in _parts(schema, ()) for key in ("$id", "id") if isinstance(part.get(key), str)
    }
    anchors = {
        f"#{part[key]}"
        for _, part in _parts(schema, ())
        for key in ("$anchor", "$dynamicAnchor")
        if isinstance(part.get(key), str)
    }
    for place, part in _parts(schema, ()):
        for key in ("$ref", "$dynamicRef"):
            target = part.get(key)
            if not isinstance(target, str):
                continue
            if not target.startswith("#"):
                if not any(name.endswith(target.partition("#")[0]) for name in names):
                    message = (
                        f"the schema refers to `{target}`, outside itself; nothing is fetched from elsewhere"
                    )
                    hint = "copy what is needed under `$defs` and refer to `#/$defs/NAME`"
                    return SchemaProblem(message, hint, (*place, key))
            elif not names and target not in anchors and not _leads_somewhere(schema, target):
                return SchemaProblem(f"`{target}` leads to nothing in the schema", None, (*place, key))
    return None


def _parts(schema: Any, place: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield place, schema
        for key, value in schema.items():
            if key not in _DATA:
                yield from _parts(value, (*place, key))
    elif isinstance(schema, list):
        for index, value in enumerate(schema):
            yield from _parts(value, (*place, index))


def _leads_somewhere(schema: Any, pointer: str) -> bool:
    """Whether a JSON pointer in a fragment (RFC 6901, section 6) leads to a value."""
    if pointer == "#":
        return True
    if not pointer.startswith("#/"):
        return False
    for part in pointer[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(schema, dict) and name in schema:
            schema = schema[name]
        elif isinstance(schema, list) and name.isdecimal() and int(name) < len(schema):
            schema = schema[int(name)]
        else:
            return False
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")
