"""The base of every model of the grammar."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from . import mistakes
from .annotations import JsonObject, without_extensions
from .line_errors import joined, line_error, lines_of


class GrammarModel(BaseModel):
    """A map with fixed keys: frozen, strict, closed to other keys, `x-…` keys ignored.

    `shorthand` is an example of the map, for the error about a value that is no map.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, validate_default=False, protected_namespaces=()
    )
    shorthand: ClassVar[str] = ""

    @model_validator(mode="wrap")
    @classmethod
    def _whole(cls, data: Any, handler: ModelWrapValidatorHandler[Any]) -> Any:
        if not isinstance(data, dict):
            if isinstance(data, cls):
                return data
            raise cls.not_a_map(data)
        data = without_extensions(data)
        broken = cls.broken_rules(data)
        if not broken:
            return handler(data)
        # Every problem is told at once: those of the single keys and those of keys together.
        try:
            handler(data)
        except ValidationError as error:
            broken.extend(lines_of(error))
        raise joined(cls.__name__, broken)

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """The error for a value that is not a map at all."""
        hint = f"write `{cls.shorthand}`" if cls.shorthand else None
        return mistakes.mistake("map_expected", f"expected a map, found {mistakes.kind_of(value)}", hint)

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:  # noqa: ARG003
        """What is wrong with the keys of `data` taken together; no value has been looked at yet."""
        return []

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        found = handler(schema)
        target = handler.resolve_ref_schema(found)
        target["patternProperties"] = {"^x-": True}
        return found


def key_error(error: PydanticCustomError, data: dict[Any, Any], key: str) -> InitErrorDetails:
    """`error` about the entry `key` of `data`."""
    return line_error(error, data.get(key), (key,))


def needs_key(data: dict[Any, Any], key: str, other: str, why: str) -> list[InitErrorDetails]:
    """The error for `key` written without `other`, without which it would mean nothing."""
    if key not in data or other in data:
        return []
    problem = mistakes.mistake("key_without", f"`{key}` needs `{other}`", why, of="key", key=key, other=other)
    return [key_error(problem, data, key)]
