"""How much may run at the same time."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field
from pydantic_core import PydanticCustomError

from . import mistakes
from .annotations import Names
from .model import GrammarModel
from .values import Label, Maybe, PositiveCountOr


class Concurrency(GrammarModel):
    """How many nodes may run at the same time: in all, and by pool."""

    shorthand: ClassVar[str] = "concurrency: {max: 8}"

    max: Maybe[PositiveCountOr] = Field(
        default=None,
        description="The most nodes that run at the same time.",
        examples=[8],
        json_schema_extra={"x-default": "4"},
    )
    pools: Annotated[dict[str, int | str], Names(Label, PositiveCountOr)] = Field(
        default_factory=dict,
        description="Limits by name: a task that names a pool counts against it. The name of a runtime is a"
        " pool for all its tasks.",
        examples=[{"claude": 3, "database": 1}],
    )

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """A number alone is taken to mean `max`."""
        if isinstance(value, int) and not isinstance(value, bool):
            return mistakes.mistake(
                "concurrency_map",
                "`concurrency` is a map, found a whole number",
                f"write `concurrency: {{max: {value}}}`",
            )
        return super().not_a_map(value)
