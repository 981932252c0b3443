"""What `me roles new` writes: a Role file that does not pass until somebody has thought about it."""

from __future__ import annotations

from typing import Any, Final

import yaml

from ...schemas.agent import Role
from ...schemas.semver import next_minor
from .role_file import MARK

SECTIONS: Final = ("Modes", "How you work", "Deliverables", "What you avoid", "Handing over")
"""The sections that a job description has; those that ship have all of them, in this order."""

_BODY: Final = f"""\
# {{title}}

{MARK} two or three sentences to the agent: what it is responsible for, and how good work looks.

## Modes

{MARK} the kinds of work that it is asked for, one line each, and what is different about each.

## How you work

{MARK} what it looks at first, what it checks before it says that it is done.

## Deliverables

{MARK} the files and answers that it leaves, and what each must have in it.

## What you avoid

{MARK} what it must not do, even where that would be the short way.

## Handing over

{MARK} what it tells whoever goes on, and when it stops and asks instead.
"""


def skeleton(name: str) -> str:
    """A Role file for `name` with a mark wherever something has to be said."""
    keys: dict[str, Any] = {
        "name": name,
        "version": "1.0.0",
        "description": f"{MARK} what the Role is for, in one sentence",
        "model_tier": "sonnet",
        "onboarding": {"read_first": ["README.md"]},
    }
    return _file(keys, _BODY.format(title=name.replace("-", " ").capitalize()))


def copied(role: Role, name: str) -> str:
    """A Role file for `name` that says what `role` says, with a mark where it should say what differs."""
    keys: dict[str, Any] = {
        "name": name,
        "version": "1.0.0" if name != role.name else next_minor(role.version),
        "description": f"{MARK} what is different from `{role.name}`: {role.description}",
        "model_tier": role.tier,
    }
    if name == role.name and role.alias_prefix:
        keys["alias_prefix"] = role.alias_prefix
    if role.tools is not None:
        keys["allowed_tools"] = list(role.tools)
    if role.color is not None:
        keys["color"] = role.color
    if role.output_styles:
        keys["output_styles"] = list(role.output_styles)
    if role.onboarding:
        keys["onboarding"] = dict(role.onboarding)
    return _file(keys, role.body + "\n")


def _file(keys: dict[str, Any], body: str) -> str:
    written = yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{written}---\n{body}"
