"""From the files of several layers to one Role: a later layer replaces key by key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from ...schemas.agent import Role
from ...schemas.errors import InputError, RoleUnfinished
from ...schemas.role import RoleFrontmatter
from .role_file import RoleFile
from .shape import frontmatter_errors


def merged(files: Sequence[RoleFile]) -> tuple[Role | None, list[InputError]]:
    """The Role that `files` of one name make together, lowest layer first, or what is wrong with it.

    A key of a later file stands in place of the whole earlier one, maps and lists too. A body that is not
    empty stands in place of the earlier body.
    """
    problems = [error for one in files for error in one.problems]
    if problems:
        return None, problems
    keys: dict[str, Any] = {}
    body = ""
    for one in files:
        keys |= one.keys
        body = one.body or body
    last = files[-1]
    assert last.document is not None
    try:
        model = RoleFrontmatter.model_validate(keys)
    except ValidationError as error:
        return None, frontmatter_errors(last.document, [dict(one) for one in error.errors(include_url=False)])
    if not body:
        empty = RoleUnfinished(
            f"the Role `{model.name}` has no job description: nothing stands below the frontmatter",
            hint="say below the second `---` what the Role does, delivers and avoids",
        )
        empty.span = last.document.span(("name",))
        return None, [empty]
    return _role(model, body, files), []


def _role(model: RoleFrontmatter, body: str, files: Sequence[RoleFile]) -> Role:
    onboarding = model.onboarding.model_dump(mode="json", exclude_none=True) if model.onboarding else {}
    return Role(
        name=model.name,
        version=model.version,
        description=model.description,
        tier=model.model_tier,
        body=body,
        alias_prefix=model.alias_prefix or "",
        tools=model.allowed_tools,
        onboarding=onboarding,
        color=model.color,
        output_styles=model.output_styles or (),
        origin=files[-1].layer,
        digest=_digest(files),
    )


def _digest(files: Sequence[RoleFile]) -> str:
    """The file's own SHA-256, or that of the list of theirs where several files make the Role."""
    if len(files) == 1:
        return files[0].digest
    return hashlib.sha256("\n".join(one.digest for one in files).encode()).hexdigest()
