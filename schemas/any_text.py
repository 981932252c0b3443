"""Text of any kind in a model: also names of files that are no UTF-8."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


class _Any:
    """Lets any `str` pass, where pydantic's own text has to be Unicode through and through."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.json_or_python_schema(
            json_schema=core_schema.str_schema(), python_schema=core_schema.is_instance_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls,
        schema: CoreSchema,
        handler: GetJsonSchemaHandler,
    ) -> dict[str, Any]:
        return handler(core_schema.str_schema())


AnyText = Annotated[str, _Any]
"""Text that may hold bytes which are no UTF-8, each as a lone surrogate (U+DC80 to U+DCFF, PEP 383).

A file may be called anything. In JSON such a byte is an escape, `\\udcff` for 0xFF (`schemas.canonical`).
"""
