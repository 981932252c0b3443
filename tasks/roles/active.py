"""Which Roles a project has archived: `.metaensemble/active-roles.yaml`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, ValidationError

from ...schemas import mistakes
from ...schemas.annotations import Choice
from ...schemas.errors import InputError, SourceEmpty, SourceMissing
from ...schemas.model import GrammarModel
from ...schemas.role import RoleName
from ...schemas.span import Path as Place
from ...schemas.values import Several
from ..reader import read_problems
from ..source_file import read_source
from .shape import keyed_errors

FILE: Final = ".metaensemble/active-roles.yaml"
_HEAD: Final = (
    "# The Roles that this project has put away; `me roles archive` and `me roles restore` write it.\n"
)


def _version(value: Any) -> str:
    if type(value) is int and value == 1:
        return "version"
    raise mistakes.mistake(
        "bad_version", f"{mistakes.shown(value)} is not a version of the format", "write `version: 1`"
    )


class _ActiveRoles(GrammarModel):
    shorthand: ClassVar[str] = "archived: [docs]"

    version: Annotated[Literal[1], Choice(_version, {"version": Literal[1]})]
    archived: Several[RoleName] = Field(default=())


def read_archived(project: Path) -> tuple[tuple[str, ...], list[InputError]]:
    """The names of the archived Roles, sorted, and what is wrong with the file. No file archives none."""
    path = project / FILE
    if not os.path.lexists(path):
        return (), []
    try:
        data = read_source(path)
    except SourceMissing:
        return (), []
    except InputError as error:
        return (), [error]
    document, problems = read_problems(data, FILE)
    if any(isinstance(error, SourceEmpty) for error in problems):
        return (), []
    if document is None or problems:
        return (), problems
    try:
        found = _ActiveRoles.model_validate(document.value)
    except ValidationError as error:
        details: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
        return (), keyed_errors(document, details, _known_keys, {"inactive": "archived"}, "the file")
    return tuple(sorted(set(found.archived))), []


def archived_text(names: Iterable[str]) -> str:
    """What the file holds when these Roles are archived."""
    lines = "".join(f"  - {name}\n" for name in sorted(set(names)))
    return f"{_HEAD}version: 1\narchived:{chr(10) + lines if lines else ' []' + chr(10)}"


def _known_keys(place: Place) -> tuple[str, ...]:
    return tuple(_ActiveRoles.model_fields) if not place else ()
