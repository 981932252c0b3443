"""What Manifest and Brief have in common: closed maps, ids, and the mark that stands for a text to come."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

from pydantic import GetJsonSchemaHandler, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from . import mistakes
from .annotations import JsonObject, Spelled
from .line_errors import joined, line_error, lines_of
from .model import GrammarModel
from .span import Path

UUID7: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
MANIFEST_ID: Final = f"hm-{UUID7}"

TO_FILL: Final = "FILL IN:"
"""How a text begins that a scaffold leaves for a person to write. A document with one is not valid."""

WHOLE_TEXT: Final = rf"(?!{TO_FILL})[\s\S]+"


class HandoffModel(GrammarModel):
    """A map with fixed keys, and no others: not even `x-…`, for which a Manifest has `extras`."""

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if not isinstance(data, dict):
            if isinstance(data, cls):
                return data
            raise cls.not_a_map(data)
        broken = cls.broken_rules(data)
        if not broken:
            return handler(data)
        try:
            handler(data)
        except ValidationError as error:
            told = {tuple(one["loc"]) for one in broken}
            broken.extend(line for line in lines_of(error) if tuple(line["loc"]) not in told)
        raise joined(cls.__name__, broken)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        found = super().__get_pydantic_json_schema__(schema, handler)
        del handler.resolve_ref_schema(found)["patternProperties"]
        return found


def unfilled(value: Any, place: Path = ()) -> Iterator[tuple[Path, str]]:
    """Where in a document a text is still to be written, and the text that stands there."""
    if isinstance(value, str):
        if value.startswith(TO_FILL):
            yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unfilled(item, (*place, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from unfilled(item, (*place, index))


def unfilled_errors(data: dict[Any, Any]) -> list[InitErrorDetails]:
    """An error for each text of the document `data` that is still to be written."""
    return [
        line_error(
            mistakes.mistake(
                "unfilled",
                f"{mistakes.shown(text)} is still to be filled in",
                "write what it asks for, or take the entry out",
            ),
            text,
            place,
        )
        for place, text in unfilled(data)
    ]


def _bad_run_id(value: object) -> PydanticCustomError:
    hint = "write the whole id, 36 characters, in lower case"
    if not isinstance(value, str):
        return mistakes.mistake("bad_id", f"expected an id, found {mistakes.kind_of(value)}", hint)
    return mistakes.mistake("bad_id", f"{mistakes.shown(value)} is not a UUIDv7", hint)


def _bad_manifest_id(value: object) -> PydanticCustomError:
    hint = "`me manifest new-id` makes one"
    if isinstance(value, str) and re.fullmatch(UUID7, value):
        hint = f"write `hm-{value}`"
    if not isinstance(value, str):
        return mistakes.mistake("bad_id", f"expected an id, found {mistakes.kind_of(value)}", hint)
    return mistakes.mistake("bad_id", f"{mistakes.shown(value)} is not the id of a Manifest", hint)


def _bad_window(value: object) -> PydanticCustomError:
    hint = "write tokens such as `20k`, or a share of the window such as `20%`"
    if not isinstance(value, str):
        return mistakes.mistake("bad_window", f"expected text, found {mistakes.kind_of(value)}", hint)
    return mistakes.mistake("bad_window", f"{mistakes.shown(value)} is not a part of the window", hint)


def _bad_text(value: object) -> PydanticCustomError:
    if isinstance(value, str):
        return mistakes.mistake(
            "bad_text", "expected text, found empty text", "write something, or drop the key"
        )
    hint = "write something, or drop the key" if value is None else "put it in quotes"
    return mistakes.mistake("bad_text", f"expected text, found {mistakes.kind_of(value)}", hint)


Written = Annotated[str, Spelled("a text", WHOLE_TEXT, _bad_text)]
"""A text that is not empty, and not one that is still to be written."""

UuidText = Annotated[str, Spelled("a UUIDv7", UUID7, _bad_run_id)]
ManifestId = Annotated[str, Spelled("the id of a Manifest", MANIFEST_ID, _bad_manifest_id)]
WindowText = Annotated[
    str,
    Spelled(
        "tokens, or a share of the window",
        r"\d{1,15}(\.\d{1,15})?[kM]?|(100|\d{1,2}(\.\d{1,15})?)%",
        _bad_window,
        examples=("20k", "20%"),
    ),
]
