"""`me worktrees list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..args import AsJson

if TYPE_CHECKING:
    from ...engine.worktrees.upkeep import Left


def list_(as_json: AsJson = False) -> int:
    """List what attempts left in git: worktrees, branches, and what was salvaged."""
    from dataclasses import asdict

    from ... import api
    from ..speech import give, give_json, say
    from ..table import table

    found = api.list_worktrees()
    if as_json:
        give_json([asdict(one) for one in found])
        return 0
    if not found:
        say("no attempt has left anything in git")
        return 0
    rows = [[one.name, one.kind, (one.commit or "")[:12], _state(one), one.path or ""] for one in found]
    give(table(["name", "kind", "commit", "state", "at"], rows, whole=("name",)))
    return 0


def _state(one: Left) -> str:
    if one.kind != "worktree":
        return ""
    return "unknown to git" if one.clean is None else "clean" if one.clean else "not committed"
