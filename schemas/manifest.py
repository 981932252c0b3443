"""The Manifest: the contract that work is handed over with."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue
from pydantic_core import InitErrorDetails

from . import mistakes
from .agent import Tier
from .annotations import Choice
from .handoff import HandoffModel, ManifestId, WindowText, Written, unfilled_errors
from .line_errors import line_error
from .values import Count, JsonSchema, Label, Line, Lines, Maybe, PositiveCount, Several, TaskId

VERSION = 1


def _version_shape(value: Any) -> str:
    if type(value) is int and value == VERSION:
        return "version"
    meant = value in ("1", 1, "1.0", "v1")
    hint = "write `version: 1`" if meant else "this program reads version 1 of Manifests"
    raise mistakes.mistake("bad_version", f"{mistakes.shown(value)} is not a version of Manifests", hint)


def _window_shape(value: Any) -> str:
    return "count" if isinstance(value, int) and not isinstance(value, bool) else "text"


class Pointer(HandoffModel):
    """A file that the receiver is pointed to, never its text."""

    shorthand: ClassVar[str] = "{path: src/parser.py, lines: 10..40, role: source}"

    path: Written = Field(description="The file, relative to the project.", examples=["src/parser.py"])
    lines: Maybe[Lines] = Field(
        default=None, description="The first and last line that matter.", examples=["10..40"],
        json_schema_extra={"x-default": "the whole file"},
    )  # fmt: skip
    role: Maybe[Label] = Field(
        default=None,
        description="What the file is in this task; `memory` is what the project tells its agents.",
        examples=["source", "test", "memory"],
    )


class ManifestContext(HandoffModel):
    """What the receiver is pointed to before it begins."""

    shorthand: ClassVar[str] = "context: {files: [{path: src/parser.py}]}"

    files: Several[Pointer] = Field(default=(), description="Files to read, or parts of them.")
    prior_runs: Several[Label] = Field(
        default=(), description="Ids of earlier Runs whose results matter here."
    )


class ExpectedDeliverable(HandoffModel):
    """A file that the receiver must leave behind, and what must hold of it."""

    shorthand: ClassVar[str] = "expected_deliverables: [{path: src/parser.py}]"

    path: Written = Field(
        description="The file, relative to the project. It must exist in the end.",
        examples=["src/parser.py"],
    )
    must_export: Several[Written] = Field(
        default=(),
        description="Names that the file must define for others to use.",
        examples=[["parse", "ParseError"]],
    )
    coverage: Maybe[Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]] = Field(
        default=None, description="The least test coverage of the file, in percent.", examples=[80]
    )
    schema_: Maybe[JsonSchema] = Field(
        default=None,
        alias="schema",
        description="What the file's JSON content must look like: the path of a JSON Schema file, or the"
        " schema itself.",
    )


class Constraints(HandoffModel):
    """What the receiver is to stay within."""

    shorthand: ClassVar[str] = "constraints: {model_tier: sonnet}"

    model_tier: Maybe[Tier] = Field(default=None, description="The class of model that is asked for.")
    window_budget: Maybe[
        Annotated[int | str, Choice(_window_shape, {"count": Count, "text": WindowText})]
    ] = Field(
        default=None,
        description="The most of the provider's window that the work may take: tokens, or a share of it.",
        examples=["20k", "20%"],
    )


class PeerReview(HandoffModel):
    """Who must look at the work before it counts."""

    shorthand: ClassVar[str] = "peer_review: {min_reviewers: 2}"

    mandatory_for_reversibility: Maybe[Annotated[bool, Field(strict=True)]] = Field(
        default=None,
        description="Whether work that cannot be taken back is reviewed before it counts, whoever asks.",
    )
    reviewer_role_must_differ: Maybe[Annotated[bool, Field(strict=True)]] = Field(
        default=None, description="Whether every reviewer has another Role than the author."
    )
    min_reviewers: Maybe[PositiveCount] = Field(default=None, description="How many reviewers, at least.")
    dissent_handling: Maybe[Literal["surface_minority", "block"]] = Field(
        default=None,
        description="What a reviewer who disagrees with the verdict comes to: `surface_minority` hands the"
        " dissent on with its reasons, `block` lets nothing pass over it.",
    )


class Delegation(HandoffModel):
    """Work that the receiver may give to an Executor of another Role."""

    shorthand: ClassVar[str] = "{role: test-engineer, purpose: write the tests, budget_pct_of_head: 30}"

    role: TaskId = Field(description="The Role of the Executor.", examples=["test-engineer"])
    purpose: Written = Field(description="What it is for.")
    budget_pct_of_head: Maybe[Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]] = (
        Field(default=None, description="Its share of the receiver's budget, in percent.", examples=[30])
    )


class Manifest(HandoffModel):
    """The contract of a handoff: what the receiver is pointed to, and what its work is held to."""

    shorthand: ClassVar[str] = "version: 1"

    version: Annotated[Literal[1], Choice(_version_shape, {"version": Literal[1]})] = Field(
        description="The version of the format. There is one so far."
    )
    id: ManifestId = Field(description="`hm-` and a UUIDv7; `me manifest new-id` makes one.")
    from_: Label = Field(
        alias="from",
        description="Who hands over: the alias of an Executor, a Role, `coordinator` or `principal`.",
        examples=["coordinator"],
    )
    to: Label = Field(
        description="Who it is handed to: the alias of an Executor, or a Role.", examples=["arch-7b3"]
    )
    task: Line = Field(description="The id of the task.", examples=["review"])
    context: Maybe[ManifestContext] = Field(
        default=None, description="What the receiver is pointed to: files, and earlier Runs."
    )
    expected_deliverables: Several[ExpectedDeliverable] = Field(
        default=(), description="Files that must be there in the end, and what must hold of them."
    )
    constraints: Maybe[Constraints] = Field(default=None, description="What the receiver stays within.")
    acceptance: Several[Written] = Field(
        default=(),
        description="Statements that must be true of the result.",
        examples=[["every finding names a file and a line"]],
    )
    peer_review: Maybe[PeerReview] = Field(
        default=None, description="Who must look at the work before it counts."
    )
    delegates_to: Several[Delegation] = Field(
        default=(), description="Whom the receiver may give parts of the work to."
    )
    extras: Maybe[dict[str, JsonValue]] = Field(
        default=None, description="Anything else, for programs of your own. Nothing here is looked at."
    )

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """Every text is written, and no more than the whole budget is given away."""
        problems = unfilled_errors({key: value for key, value in data.items() if key != "extras"})
        shares = [_share(one) for one in _items(data.get("delegates_to"))]
        if sum(shares) > 100:
            problem = mistakes.mistake(
                "shares",
                f"the shares of `delegates_to` come to {sum(shares):g} %, more than there is",
                "give away at most 100 %, and keep what the receiver needs itself",
            )
            problems.append(line_error(problem, data["delegates_to"], ("delegates_to",)))
        return problems


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _share(delegation: Any) -> float:
    share = delegation.get("budget_pct_of_head") if isinstance(delegation, dict) else None
    return float(share) if isinstance(share, int | float) and not isinstance(share, bool) else 0.0
