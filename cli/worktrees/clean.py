"""`me worktrees clean`."""

from __future__ import annotations

from ..args import AsJson


def clean(as_json: AsJson = False) -> int:
    """Remove the worktrees in which nothing can be lost any more, and the branches that were applied; and say
    why the others stay.

    What an attempt that did not end well had done is kept first: `me worktrees restore` brings it back. What
    git ignores goes with the worktree.
    """
    from dataclasses import asdict

    from ... import api
    from ..speech import give, give_json, say
    from ..table import table

    found = api.clean_worktrees()
    if as_json:
        give_json([asdict(one) for one in found])
        return 0
    if not found:
        say("there is nothing to clean")
        return 0
    rows = [["removed" if one.removed else "kept", one.kind, one.name, one.why] for one in found]
    give(table(["what", "kind", "name", "why"], rows, whole=("name", "why")))
    return 0
