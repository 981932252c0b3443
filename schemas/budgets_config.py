"""The file `budgets.yaml`: which runtime and which model do the work of Roles, for a project or a user."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from .agent import Tier
from .annotations import Names
from .model import GrammarModel
from .role import RoleName
from .values import FullText, Label, Maybe


class RoleChoice(GrammarModel):
    """What does the work of one Role, where the graph does not say it."""

    shorthand: ClassVar[str] = "{runtime: codex, tier: haiku}"

    runtime: Maybe[Label] = Field(
        default=None, description="The runtime that does the work of this Role.", examples=["codex"]
    )
    tier: Maybe[Tier] = Field(default=None, description="The class of model that this Role asks for.")
    model: Maybe[FullText] = Field(
        default=None,
        description="One particular model for this Role, by the name that the runtime has for it.",
        examples=["gpt-5-codex"],
    )


class TierModels(GrammarModel):
    """What the tiers are called by one runtime."""

    shorthand: ClassVar[str] = "{opus: NAME, sonnet: NAME, haiku: NAME}"

    opus: Maybe[FullText] = Field(default=None, description="The model for the most capable tier.")
    sonnet: Maybe[FullText] = Field(default=None, description="The model for the tier in the middle.")
    haiku: Maybe[FullText] = Field(default=None, description="The model for the fast and cheap tier.")


class BudgetsConfig(GrammarModel):
    """A `budgets.yaml`. What a project says counts before what its user says."""

    shorthand: ClassVar[str] = "{runtime: claude}"

    runtime: Maybe[Label] = Field(
        default=None,
        description="The runtime that does the work of every Role for which nothing else is said.",
        examples=["claude"],
    )
    roles: Annotated[dict[str, RoleChoice], Names(RoleName, RoleChoice)] = Field(
        default_factory=dict,
        description="For single Roles, by name: their runtime, tier and model.",
        examples=[{"code-quality": {"runtime": "codex"}}],
    )
    models: Annotated[dict[str, TierModels], Names(Label, TierModels)] = Field(
        default_factory=dict,
        description="By runtime: which model stands for a tier. For what is not said here, the client's own"
        " names are taken.",
        examples=[{"opencode": {"haiku": "anthropic/claude-haiku"}}],
    )
