"""What the id of a node tells about where it belongs.

An id is the name of a task, followed by segments that each say what was made of what stands before:

| segment | makes |
|---|---|
| `/compile` | a task of the sub-graph before it |
| `[KEY]` | an item of a fan-out, or with `name=value` a cell of a matrix |
| `#2` | an iteration |
| `.verdict` | a piece of a pattern |

The engine escapes `[`, `]` and `%` inside a KEY. An id that was made otherwise is read as well as
it can be: a KEY ends at the bracket that closes it, and what fits no rule belongs to the segment before.
"""

from __future__ import annotations

import re
from itertools import pairwise

_NAME = r"[A-Za-z0-9_][A-Za-z0-9_-]*"
_PLAIN_SEGMENT = re.compile(rf"/(?=[^/])|#\d+(?![^\[/#.])|\.{_NAME}(?![^\[/#.])")
"""The start of a task in a sub-graph, a whole iteration, or a whole piece."""


def parse_node_id(node_id: str) -> tuple[str, ...]:
    """The id cut at its segments, the name first: `build/test[py=3.12]#2` is `build`, `/test`,
    `[py=3.12]`, `#2`. Joined they are the id again, whatever it holds; linear but for odd keys."""
    cuts: list[int] = []
    at = 1  # the name has at least one character
    while at < len(node_id):
        found = _PLAIN_SEGMENT.match(node_id, at)
        if found is not None:
            cuts.append(at)
            at = found.end()
        elif node_id[at] == "[" and (end := _key_end(node_id, at)) is not None:
            cuts.append(at)
            at = end
        else:
            at += 1
    bounds = [0, *cuts, len(node_id)]
    return tuple(node_id[a:b] for a, b in pairwise(bounds))


def _key_end(node_id: str, start: int) -> int | None:
    """Where the key that opens at `start` is closed: at the bracket that matches and that another segment
    or the end follows, else at the last such bracket; None when there is none."""
    depth = 0
    last = None
    for at in range(start, len(node_id)):
        if node_id[at] == "[":
            depth += 1
        elif node_id[at] == "]":
            depth -= 1
            if at + 1 == len(node_id) or node_id[at + 1] in "[/#.":
                last = at + 1
                if depth == 0:
                    return last
    return last


def groups_of(node_id: str) -> tuple[str, ...]:
    """The names of the sub-graphs, fan-outs, matrices, repeats and patterns around a node, outermost
    first: `build/test[py=3.12]#2` lies in `build`, `build/test` and `build/test[py=3.12]`."""
    groups: list[str] = []
    name = ""
    for segment in parse_node_id(node_id)[:-1]:
        name += segment
        groups.append(name)
    return tuple(groups)


def within(node_id: str, group: str) -> str:
    """What is left to say of an id inside the drawn group: `[a.py]` for `review[a.py]` in `review`."""
    if not group or node_id == group or not node_id.startswith(group):
        return node_id
    rest = node_id[len(group) :]
    return rest.removeprefix("/") if rest[0] in "[/#." else node_id


def is_member(node_id: str, group: str) -> bool:
    """Whether the node is inside the group, at any depth."""
    return node_id != group and group in groups_of(node_id)


def is_piece(node_id: str) -> bool:
    """Whether the node is itself a piece of a pattern, be it of a later round: `.review-1`, `.review-1#2`."""
    last, *before = reversed(parse_node_id(node_id))
    return last.startswith(".") or (last.startswith("#") and before[:1] != [] and before[0].startswith("."))
