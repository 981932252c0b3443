"""Limits on what may be spent."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails

from . import mistakes
from .annotations import without_extensions
from .line_errors import line_error
from .model import GrammarModel
from .values import DurationOr, Maybe, TokenCountOr, Usd, UsdOr


class Amounts(GrammarModel):
    """Tokens, money and time; each in its own unit, and at least one of them."""

    shorthand: ClassVar[str] = "{tokens: 400k, usd: 3.00}"

    tokens: Maybe[TokenCountOr] = Field(
        default=None,
        description="Tokens of all kinds: a whole number, or one with `k` or `M`.",
        examples=["400k", "1.5M"],
    )
    usd: Maybe[UsdOr] = Field(default=None, description="Money, in US dollars.", examples=[3.0])
    wall: Maybe[DurationOr] = Field(
        default=None, description="Time by the clock on the wall.", examples=["45m"]
    )

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """At least one amount is given."""
        if without_extensions(data):
            return []
        return [line_error(mistakes.mistake("empty", "the map is empty", f"write `{cls.shorthand}`"), data)]


class Budget(Amounts):
    """The most that may be spent."""

    shorthand: ClassVar[str] = "budget: {tokens: 400k, usd: 3.00, wall: 45m}"


class Estimate(Amounts):
    """What an attempt is expected to use, for a runtime that cannot be capped and has no history."""

    shorthand: ClassVar[str] = "estimate: {tokens: 20k}"


class AssumedPrice(GrammarModel):
    """The price to reckon with for a model that has none in the table."""

    shorthand: ClassVar[str] = "assume_price: {input: 3.00, output: 15.00}"

    input: Usd = Field(description="US dollars per million tokens that go in.", examples=[3.0])
    output: Usd = Field(description="US dollars per million tokens that come out.", examples=[15.0])


class Money(GrammarModel):
    """Keys of a task about what it may spend."""

    budget: Maybe[Budget] = Field(
        default=None,
        description="The most that may be spent here, in tokens, money and time. An attempt starts only if"
        " its worst case still fits.",
        examples=[{"tokens": "400k", "usd": 3.0, "wall": "45m"}],
        json_schema_extra={"x-default": "no limit of its own"},
    )
    estimate: Maybe[Estimate] = Field(
        default=None,
        description="What one attempt is expected to use, where nothing is known from earlier runs.",
        examples=[{"tokens": "20k"}],
    )
    assume_price: Maybe[AssumedPrice] = Field(
        default=None,
        description="The price to reckon with for a model that has none in the table. Without it, a limit"
        " in dollars refuses such a model.",
        examples=[{"input": 3.0, "output": 15.0}],
    )
    overshoot: Maybe[Literal["allow"]] = Field(
        default=None,
        description="`allow`: under a hard limit, also use a runtime that cannot be stopped within an"
        " attempt.",
        json_schema_extra={"x-default": "refuse such a runtime"},
    )
    on_window_reset: Literal["ask", "resume", "stop"] = Field(
        default="ask",
        description="What happens when the provider's rolling window is spent: ask you, go on by itself"
        " when the window resets, or stop.",
    )
