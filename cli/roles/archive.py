"""`me roles archive`."""

from __future__ import annotations

from .args import RoleArgument, counted


def archive(name: RoleArgument) -> int:
    """Put a Role away: nobody in the project is given work in it, and its Executors retire."""
    from ... import api
    from ..place import program
    from ..speech import say

    change = api.archive_role(name)
    if not change.changed:
        say(f"`{name}` is archived already")
        return 0
    retired = f"; {counted(change.executors, 'Executor')} retired" if change.executors else ""
    say(f"`{name}` is archived{retired}; `{program()} roles restore {name}` brings it back")
    return 0
