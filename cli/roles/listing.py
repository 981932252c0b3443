"""`me roles list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..args import AsJson

if TYPE_CHECKING:
    from ..._api_roles import RoleSummary


def list_(as_json: AsJson = False) -> int:
    """List the Roles that a task of the project may name, and when each was worked with last.

    One that the project worked with, and then not for 60 days, is offered for archiving.
    """
    from dataclasses import asdict

    from ... import api
    from ..place import program
    from ..speech import give, give_json, say
    from ..summary import moment
    from ..table import table

    found = api.list_roles()
    if as_json:
        give_json([asdict(one) for one in found])
        return 0
    heads = ["Role", "version", "tier", "from", "used", "what it is for"]
    rows = [
        [
            one.name,
            one.version or "",
            one.tier or "",
            " + ".join(one.layers),
            moment(one.used_ms),
            _what(one),
        ]
        for one in found
    ]
    give(table(heads, rows, whole=("Role", "version")))
    for one in found:
        if one.unused_days is not None:
            say(
                f"nobody has worked with `{one.name}` for {one.unused_days} days:"
                f" `{program()} roles archive {one.name}` puts it away"
            )
    return 0


def _what(one: RoleSummary) -> str:
    if one.status == "archived":
        return f"archived; {one.description}" if one.description else "archived"
    if one.status == "broken":
        return f"cannot be used: {one.problem}"
    return one.description
