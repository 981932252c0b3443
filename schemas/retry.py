"""When a failed attempt is made again."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field
from pydantic_core import PydanticCustomError

from . import mistakes
from .model import GrammarModel
from .states import FailureReason
from .values import BackoffOr, CountOr, Maybe, Several


class Retry(GrammarModel):
    """When a failed attempt is made again, and after how long."""

    shorthand: ClassVar[str] = "retry: {max: 2}"

    max: CountOr = Field(
        default=0,
        description="How many further attempts there may be after the first. Being throttled by a rate"
        " limit costs none of them.",
        examples=[2],
    )
    backoff: BackoffOr = Field(
        default="1s..1m",
        description="The wait before the first retry and the longest wait. In between it doubles, with some"
        " chance in it. One duration alone is a fixed wait.",
        examples=["2s..1m"],
    )
    on: Maybe[Several[FailureReason]] = Field(
        default=None,
        description="Which failure reasons are tried again. Without it: all that can succeed when the same"
        " attempt is repeated.",
        examples=[["timeout", "exit_status"]],
        json_schema_extra={"x-default": "every reason that can go away by itself"},
    )

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """A number alone is taken to mean `max`."""
        if isinstance(value, int) and not isinstance(value, bool):
            return mistakes.mistake(
                "retry_map", "`retry` is a map, found a whole number", f"write `retry: {{max: {value}}}`"
            )
        return super().not_a_map(value)
