"""Loads Manifests (YAML) and Briefs (JSON) that stand in files, with every problem at its place."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from ..schemas.brief import Brief
from ..schemas.errors import DuplicateKey, InputError
from ..schemas.errors.contracts import BriefNotJson
from ..schemas.manifest import Manifest
from ..schemas.span import Path
from ..schemas.suggest import did_you_mean, in_backticks
from .document import Document
from .reader import by_place, read, read_problems
from .shape_errors import shape_errors
from .source_file import decode_source, read_source

Schema = dict[str, Any]

_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedHandoff:
    """A Manifest or Brief that was read and is valid in itself. `data` are the bytes of its file."""

    file: str
    data: bytes
    document: Document
    value: dict[str, Any]


def load_manifest(path: str | PathLike[str]) -> tuple[LoadedHandoff | None, list[InputError]]:
    """The Manifest in the YAML file `path`; without one there is at least one problem. Never raises."""
    try:
        data = read_source(FilePath(path))
    except InputError as error:
        return None, [error]
    document, problems = read_problems(data, str(path))
    if document is None or problems:
        return None, problems
    return _validated(str(path), data, document, document.value, Manifest)


def load_brief(path: str | PathLike[str]) -> tuple[LoadedHandoff | None, list[InputError]]:
    """The Brief in the JSON file `path`; without one there is at least one problem. Never raises."""
    try:
        data = read_source(FilePath(path))
        value = _json(data, str(path))
    except InputError as error:
        return None, [error]
    document, problems = read_problems(_as_yaml(data.decode()), str(path))
    twice: list[InputError] = [error for error in problems if isinstance(error, DuplicateKey)]
    if twice:
        return None, twice
    return _validated(str(path), data, document, value, Brief)


def _as_yaml(text: str) -> str:
    """JSON for a reader of YAML, which knows the places: what YAML does not take (tabs between values, halves
    of surrogate pairs, characters that do not print) is replaced by as many others."""
    text = _SURROGATE.sub(r"\\ufffd", text.replace("\t", " "))
    return "".join(char if char.isprintable() or char in "\r\n" else "\ufffd" for char in text)


def _json(data: bytes, file: str) -> Any:
    try:
        return json.loads(data.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BriefNotJson(f"`{file}` is not JSON: byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        text = decode_source(data, file)
        said = "it is empty" if not data.strip() else f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise BriefNotJson(f"`{file}` is not JSON: {said}", span=text.span(error.pos)) from None
    except (ValueError, RecursionError) as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BriefNotJson(f"`{file}` is not JSON that can be read: {said}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not a JSON value")


def _validated(
    file: str, data: bytes, document: Document | None, value: Any, model: type[BaseModel]
) -> tuple[LoadedHandoff | None, list[InputError]]:
    placed = document or read("{}", file)
    try:
        model.model_validate(value)
    except ValidationError as error:
        details = [dict(one) for one in error.errors(include_url=False)]
        problems = sorted(shape_errors(placed, details, key_hint(model)), key=by_place)
        for problem in problems if document is None else ():
            problem.span = None
        return None, problems
    return LoadedHandoff(file=file, data=data, document=placed, value=value), []


def key_hint(model: type[BaseModel]) -> Callable[[Path], str]:
    """What to write instead of a key that a document of `model` does not know at a place."""
    schema = model.model_json_schema()

    def hint(place: Path) -> str:
        names = _keys(schema, place[:-1])
        near = did_you_mean(str(place[-1]), names)
        if near is not None:
            return near
        home = next((path for path in _homes(schema, str(place[-1])) if path != place[:-1]), None)
        if home is not None:
            return f"`{place[-1]}` is a key of {f'`{home[-1]}`' if home else 'the whole file'}; move it there"
        known = f"the keys here are {in_backticks(names, last='and', limit=len(names))}"
        return f"{known}; a Manifest's own notes go under `extras`" if model is Manifest else known

    return hint


def _keys(schema: Schema, place: Path) -> tuple[str, ...]:
    """The keys that the map at `place` may have."""
    node = schema
    for step in place:
        below = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
        node = _resolved(below, schema)
    return tuple(node.get("properties", ()))


def _homes(schema: Schema, key: str) -> list[Path]:
    """The places of maps, as keys from the top, that have the key `key`."""
    found: list[Path] = [()] if key in schema["properties"] else []
    for name, child in schema["properties"].items():
        node = _resolved(child, schema)
        node = _resolved(node.get("items", node), schema)
        if key in node.get("properties", {}):
            found.append((name,))
    return found


def _resolved(node: Schema, schema: Schema) -> Schema:
    if "$ref" not in node:
        return node
    found: Schema = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return found
