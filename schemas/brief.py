"""The Brief: the message that one Executor sends to the next, terse and typed, for machines."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue, Strict
from pydantic_core import InitErrorDetails

from . import mistakes
from .agent import Tier
from .annotations import Choice, Listed
from .handoff import HandoffModel, UuidText, Written, unfilled_errors
from .values import Count, JsonSchema, Label, Line, Lines, Maybe, Several, Usd

VERSION = 1


def _version_shape(value: Any) -> str:
    if type(value) is int and value == VERSION:
        return "version"
    meant = value in ("1", 1, "1.0", "v1")
    hint = 'write `"v": 1`' if meant else "this program reads version 1 of Briefs"
    raise mistakes.mistake("bad_version", f"{mistakes.shown(value)} is not a version of Briefs", hint)


def _lines_shape(value: Any) -> str:
    return "none" if value is None else "lines"


_PathAndLines = Annotated[
    tuple[Written, Annotated[str | None, Choice(_lines_shape, {"none": None, "lines": Lines})]],
    Strict(False),
    Listed(),
]
"""A file, and the lines of it that matter; null for the whole file."""


class BriefContext(HandoffModel):
    """What the sender worked from."""

    shorthand: ClassVar[str] = '"ctx": {"files": [["src/parser.py", "10..40"]]}'

    prior_runs: Several[Label] = Field(default=(), description="Runs whose results it had.")
    files: Several[_PathAndLines] = Field(
        default=(),
        description="Files it looked at or changed: pairs of a path relative to the project and the lines"
        " that matter, null for the whole file.",
        examples=[[["src/parser.py", "10..40"], ["README.md", None]]],
    )


class BriefOut(HandoffModel):
    """What the sender left behind."""

    shorthand: ClassVar[str] = '"out": {"files": ["src/parser.py"]}'

    files: Several[Written] = Field(
        default=(), description="Files it was asked for and wrote, relative to the project."
    )
    schema_: Maybe[JsonSchema] = Field(
        default=None,
        alias="schema",
        description="What `result` meets: the path of a JSON Schema file, or the schema itself.",
    )


class BriefBudget(HandoffModel):
    """What the sender could spend."""

    shorthand: ClassVar[str] = '"budget": {"tokens": 20000}'

    tokens: Maybe[Count] = Field(default=None, description="Tokens, in and out together.")
    usd: Maybe[Usd] = Field(default=None, description="US dollars.")


class Brief(HandoffModel):
    """What one Executor tells the next."""

    shorthand: ClassVar[str] = '"v": 1'

    v: Annotated[Literal[1], Choice(_version_shape, {"version": Literal[1]})] = Field(
        description="The version of the format. There is one so far."
    )
    brief_id: UuidText = Field(description="A UUIDv7.")
    from_: Label = Field(
        alias="from", description="Who sends it: the alias of an Executor, or `coordinator`."
    )
    to: Label = Field(description="Who it is for: the alias of an Executor, a Role, or `coordinator`.")
    task_id: Line = Field(description="The id of the task that it is about.")
    ctx: Maybe[BriefContext] = Field(default=None, description="What the sender worked from.")
    out: Maybe[BriefOut] = Field(default=None, description="What the sender left behind.")
    tier: Maybe[Tier] = Field(default=None, description="The class of model that did the work.")
    budget: Maybe[BriefBudget] = Field(default=None, description="What the sender could spend.")
    result: JsonValue = Field(
        default=None, description="The typed result: what the sender found out, decided or made."
    )

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """Every text beside the result is written."""
        return unfilled_errors({key: value for key, value in data.items() if key != "result"})
