"""The grammar of node ids: which groups a node stands in, by its id alone. Pure.

A member's id is its group's id and a suffix: `[KEY]` for an item or a cell, `#N` for a round, `/TASK` for
a task of a sub-graph. Brackets do not occur inside keys, since they are escaped there; `/` and `#` may.
"""

from __future__ import annotations


def groups_around(node_id: str) -> list[str]:
    """The ids that the node's groups would have, the innermost first."""
    found = []
    at = len(node_id)
    while at > 0:
        if node_id[at - 1] == "]":
            at = node_id.rfind("[", 0, at)
        else:
            bracket = node_id.rfind("]", 0, at)
            at = max(node_id.rfind(sign, bracket + 1, at) for sign in "/#")
            if at < 0 and bracket >= 0:
                at = node_id.rfind("[", 0, bracket)
        if at > 0:
            found.append(node_id[:at])
    return found


def is_member(node_id: str, group: str) -> bool:
    """Whether the node is inside the group, at any depth."""
    return node_id.startswith(group) and node_id[len(group) : len(group) + 1] in ("[", "#", "/")
