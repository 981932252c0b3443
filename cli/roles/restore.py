"""`me roles restore`."""

from __future__ import annotations

from .args import RoleArgument, counted


def restore(name: RoleArgument) -> int:
    """Bring an archived Role back, with the Executors that retired when it was put away."""
    from ... import api
    from ..speech import say

    change = api.restore_role(name)
    if not change.changed:
        say(f"`{name}` is not archived")
        return 0
    back = f", with {counted(change.executors, 'Executor')}" if change.executors else ""
    say(f"`{name}` is back{back}")
    return 0
