"""`me roles show`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..args import AsJson
from .args import RoleArgument

if TYPE_CHECKING:
    from ..._api_roles import RolePage


def show(name: RoleArgument, as_json: AsJson = False) -> int:
    """Show what a Role says, all layers taken together, and the files that say it."""
    from ... import api
    from ..speech import give, give_json

    page = api.show_role(name)
    if as_json:
        give_json(_data(page))
    else:
        give(_text(page))
    return 0


def _data(page: RolePage) -> dict[str, Any]:
    from ...schemas.agent_json import role_to_json

    return {
        **role_to_json(page.role),
        "status": page.status,
        "files": list(page.files),
        "used_ms": page.used_ms,
    }


def _text(page: RolePage) -> str:
    from ..plain import plain, visible
    from ..summary import moment

    role = page.role
    facts = [
        ("status", page.status),
        ("tier", role.tier),
        ("aliases", f"{role.prefix}-…"),
        ("tools", ", ".join(role.tools) if role.tools is not None else ""),
        ("color", role.color or ""),
        ("output styles", ", ".join(role.output_styles)),
        ("used", moment(page.used_ms)),
        *((key.replace("_", " "), _said(value)) for key, value in role.onboarding.items()),
        *(("file", file) for file in page.files),
    ]
    lines = [f"{role.name} {role.version}: {role.description}", ""]
    lines += [f"{word:<16}{plain(fact)}" for word, fact in facts if fact]
    return "\n".join(plain(line) for line in lines) + f"\n\n{visible(role.body)}\n"


def _said(value: Any) -> str:
    return "; ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
