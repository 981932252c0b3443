"""How values of the grammar are validated: annotations that pydantic and its JSON Schemas understand.

Whatever a value is, one error comes out of it, at the value's own place: where a key takes several
shapes, `Choice` picks by shape before anything is validated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from . import mistakes, scalars
from .line_errors import joined, lines_of

JsonObject = dict[str, Any]
Explain = Callable[[object], PydanticCustomError]


class Given:
    """Marks `X | None` where None only means that the key is absent: a written null is an error."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = handler(source)
        if schema["type"] != "nullable":
            raise TypeError(f"`Given` marks `X | None`, not {source!r}")
        return _written_as_is(schema["schema"])


def _written_as_is(schema: CoreSchema) -> CoreSchema:
    """`schema`, dumped by the looks of the value: None and each of several shapes without a warning."""
    return {**schema, "serialization": core_schema.simple_ser_schema("any")}


class Spelled:
    """Text that must match `pattern` from end to end and, where given, that `parse` accepts.

    `explain` makes the error for every other value. `title` is the type in plain words.
    """

    def __init__(
        self,
        title: str,
        pattern: str,
        explain: Explain,
        *,
        parse: Callable[[str], object] | None = None,
        examples: tuple[str, ...] = (),
    ) -> None:
        self.title = title
        self.pattern = f"^({pattern})$"
        self.explain = explain
        self.parse = parse
        self.examples = examples

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        match = re.compile(self.pattern.removesuffix("$") + r"\Z").match
        parse, explain = self.parse, self.explain

        def check(value: Any) -> str:
            if not isinstance(value, str) or not match(value):
                raise explain(value)
            if parse is not None:
                try:
                    parse(value)
                except ValueError:
                    raise explain(value) from None
            return value

        # One call into Python and none back is the fastest way to an error with a fixed line in it.
        return core_schema.no_info_plain_validator_function(check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        found: JsonObject = {"title": self.title, "type": "string", "pattern": self.pattern}
        if self.examples:
            found["examples"] = list(self.examples)
        return found


class WholeExpression:
    """Text that is one `${{ … }}` from end to end."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    @staticmethod
    def check(value: Any) -> str:
        """`value` when it is one whole expression; else the error that says how to write it."""
        if not scalars.is_expression(value):
            raise mistakes.no_braces(value)
        return str(value)

    @staticmethod
    def json_schema() -> dict[str, Any]:
        """The same as a JSON Schema."""
        pattern = r"^\s*\$\{\{((?!\$\{\{)[\s\S])*\}\}\s*$"
        return {"title": "an expression `${{ … }}`", "type": "string", "pattern": pattern}

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        return self.json_schema()


class Choice:
    """One of several shapes, told apart by `pick` before anything is validated.

    `pick` gives the name of the shape, or raises the error for a value that fits none.
    """

    def __init__(self, pick: Callable[[Any], str], shapes: Mapping[str, Any]) -> None:
        self.pick = pick
        self.shapes = shapes

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        choices = {name: handler.generate_schema(shape) for name, shape in self.shapes.items()}
        union = core_schema.tagged_union_schema(choices, discriminator=self.pick)
        return _written_as_is(core_schema.no_info_wrap_validator_function(_without_tag, union))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        found = dict(handler(schema))
        if "oneOf" in found:
            found["anyOf"] = found.pop("oneOf")
        return found


def _without_tag(value: Any, check: Callable[[Any], Any]) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        # The name of the shape is ours: it is no place in the document.
        raise joined(error.title, lines_of(error, lambda place: place[1:])) from None


class OrExpression:
    """The values of `shape`, or one whole expression that gives such a value."""

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        typed = handler.generate_schema(self.shape)
        return _written_as_is(core_schema.no_info_wrap_validator_function(self._check, typed))

    @staticmethod
    def _check(value: Any, check: Callable[[Any], Any]) -> Any:
        if isinstance(value, str) and "${{" in value:
            return WholeExpression.check(value)
        return check(value)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        return {"anyOf": [handler(schema), WholeExpression.json_schema()]}


class Listed:
    """Marks a list: a value alone in its place gets an error that puts it in brackets."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._check, handler(source))

    @staticmethod
    def _check(value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise mistakes.no_list(value)
        return value


class Names:
    """A map from names to values. Names that begin with `x-` are left out; an empty map is an error
    when `least` is 1. `explain` makes the error for what is not a map; `value` shapes the values.
    """

    def __init__(self, name: Any, value: Any, *, explain: Explain | None = None, least: int = 0) -> None:
        self.name = name
        self.value = value
        self.explain = explain
        self.least = least

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        entries = core_schema.dict_schema(
            handler.generate_schema(self.name), handler.generate_schema(self.value), strict=True
        )
        return core_schema.no_info_before_validator_function(self._clean, entries)

    def _clean(self, value: Any) -> Any:
        if not isinstance(value, dict):
            if self.explain is not None:
                raise self.explain(value)
            return value
        kept = without_extensions(value)
        if len(kept) < self.least:
            raise mistakes.mistake("empty", "the map is empty", "it needs at least one entry")
        return kept

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        plain = handler(schema)
        ((pattern, value),) = plain.get("patternProperties", {"^.+$": True}).items()
        found: dict[str, Any] = {
            "type": "object",
            "patternProperties": {
                "^x-": True,
                f"^(?!x-){pattern.removeprefix('^')}": value,
            },
            "additionalProperties": False,
        }
        if self.least:
            found["minProperties"] = self.least
        return found


def without_extensions(value: dict[Any, Any]) -> dict[Any, Any]:
    """`value` without the keys that begin with `x-`: they are for people and other programs."""
    for key in value:
        if isinstance(key, str) and key.startswith("x-"):
            return {k: v for k, v in value.items() if not (isinstance(k, str) and k.startswith("x-"))}
    return value
