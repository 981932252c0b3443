"""The frontmatter of a Role file."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, ClassVar, Final

from pydantic import Field
from pydantic_core import PydanticCustomError

from . import mistakes
from .agent import Tier
from .annotations import Spelled
from .model import GrammarModel
from .semver import SEMVER
from .values import Line, Maybe, Several

ROLE_NAME: Final = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
"""The name of a Role, which is the name of its file too: lower case, words joined by `-`."""
LONGEST_NAME: Final = 64
_COLOR: Final = r"[a-z]+|#[0-9a-fA-F]{6}"


def bad_role_name(value: object) -> PydanticCustomError:
    """For what cannot be the name of a Role, nor the beginning of an alias."""
    rule = "lower-case letters, digits and single `-` inside, at most 64 characters, such as `code-quality`"
    if not isinstance(value, str):
        return mistakes.mistake("bad_name", f"expected a name, found {mistakes.kind_of(value)}", rule)
    fixed = re.sub(r"[^a-z0-9]+", "-", value.casefold()).strip("-0123456789")[:LONGEST_NAME].rstrip("-")
    hint = f"{rule}: `{fixed}`" if fixed and fixed != value else rule
    return mistakes.mistake("bad_name", f"{mistakes.shown(value)} cannot be the name of a Role", hint)


def bad_version(value: object) -> PydanticCustomError:
    """For what is no semantic version."""
    hint = "write three numbers, such as `1.0.0`"
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    pieces = text.strip().removeprefix("v").split(".")
    if len(pieces) < 4 and all(piece.isdecimal() and len(piece) < 10 for piece in pieces):
        numbers = [str(int(piece)) for piece in pieces]
        hint = f"write three numbers: `{'.'.join([*numbers, '0', '0'][:3])}`"
    return mistakes.mistake("bad_semver", f"{mistakes.shown(value)} is not a semantic version", hint)


def bad_color(value: object) -> PydanticCustomError:
    """For what is no colour."""
    hint = 'write a word such as `blue`, or `"#3366cc"` in quotes'
    return mistakes.mistake("bad_color", f"{mistakes.shown(value)} is not a colour", hint)


def bad_project_path(value: object) -> PydanticCustomError:
    """For a path that is not one below the root of a project."""
    hint = "write it as it is from the project's root, such as `docs/architecture.md`"
    return mistakes.mistake("bad_path", f"{mistakes.shown(value)} is not a path inside the project", hint)


def _short_enough(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise ValueError("too long")


def _inside(path: str) -> None:
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts or path.startswith("~"):
        raise ValueError("outside")


RoleName = Annotated[
    str, Spelled("the name of a Role", ROLE_NAME, bad_role_name, parse=_short_enough, examples=("backend",))
]
_Prefix = Annotated[str, Spelled("the beginning of an alias", ROLE_NAME, bad_role_name, parse=_short_enough)]
_Version = Annotated[str, Spelled("a semantic version", SEMVER, bad_version, examples=("1.0.0",))]
_Color = Annotated[str, Spelled("a colour", _COLOR, bad_color, examples=("blue", "#3366cc"))]
_ProjectPath = Annotated[
    str, Spelled("a path inside the project", r"\S(.*\S)?", bad_project_path, parse=_inside)
]


class Onboarding(GrammarModel):
    """What a new Executor of the Role is told once, with its first Run."""

    shorthand: ClassVar[str] = "onboarding: {read_first: [README.md]}"

    read_first: Maybe[Several[_ProjectPath]] = Field(
        default=None,
        description="Files of the project to read before anything else, from its root. Those that a project"
        " does not have are left out.",
        examples=[["README.md", "docs/architecture.md"]],
    )
    coordinate_with: Maybe[Several[RoleName]] = Field(
        default=None,
        description="Roles whose work touches this one's.",
        examples=[["test-engineer"]],
    )
    conventions: Maybe[Several[Line]] = Field(
        default=None,
        description="Customs of the house, one sentence each.",
        examples=[["Every change comes with a test that fails without it."]],
    )
    mentor_role: Maybe[RoleName] = Field(
        default=None, description="The Role to ask when in doubt.", examples=["architect"]
    )


class RoleFrontmatter(GrammarModel):
    """The keys between the two lines `---` at the top of a Role file.

    The text below them is the job description. A file of a later layer (core, then user, then project) need
    only give `name` and what it changes.
    """

    name: RoleName = Field(description="The Role's name; the file is called the same, with `.md` behind it.")
    version: _Version = Field(
        description="Its semantic version. A new major version has the Executors of older ones looked at."
    )
    description: Line = Field(description="What the Role is for, in one sentence.")
    model_tier: Tier = Field(description="The class of models that it asks for.")
    alias_prefix: Maybe[_Prefix] = Field(
        default=None,
        description="What the aliases of its Executors begin with, such as `arch` for `arch-7b3`.",
        examples=["arch"],
        json_schema_extra={"x-default": "the Role's name"},
    )
    allowed_tools: Maybe[Several[Line]] = Field(
        default=None,
        description="The only tools that its Executors may use, by the names that the runtime has for them.",
        examples=[["Read", "Grep"]],
        json_schema_extra={"x-default": "every tool that the runtime offers"},
    )
    color: Maybe[_Color] = Field(
        default=None, description="The colour in which runtimes and tables may show it."
    )
    output_styles: Maybe[Several[Line]] = Field(
        default=None,
        description="Manners of writing that the runtime is asked for, by its own names for them.",
        examples=[["concise"]],
    )
    onboarding: Maybe[Onboarding] = Field(
        default=None, description="What a new Executor is told once, with its first Run."
    )
