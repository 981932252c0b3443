"""Short words for quantities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ...schemas.states import NODE_STATES, NodeState

ASKS: Final = "asks a person"
"""What a plan says of a task that waits for an answer."""

_ENDED_OK: Final = re.compile(r"(?:its attempt|attempt \d+) ended ok")


def duration(ms: int) -> str:
    """Milliseconds as people say them: `85 ms`, `4.2 s`, `3m 07s`, `2h 05m`, `3d 04h`."""
    if ms < 1000:
        return f"{ms} ms"
    if ms < 59_950:
        return f"{ms / 1000:.1f} s"
    seconds = round(ms / 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24}d {hours % 24:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {seconds:02}s"


def ticking(ms: int) -> str:
    """As `duration`, but in whole seconds, for what is shown several times a second."""
    return f"{ms // 1000} s" if ms < 60_000 else duration(ms - ms % 1000)


def why(state: str, reason: str) -> str:
    """The reason to stand beside a state: "because …" where it would repeat it, "blocked because …"."""
    return reason.removeprefix(f"{state} ") if reason.startswith(f"{state} because ") else reason


def telling(reason: str) -> str:
    """The reason, unless it says no more than that an attempt ended ok."""
    return "" if _ENDED_OK.fullmatch(reason) else reason


def counted(counts: Mapping[NodeState, int]) -> str:
    """How many are in each state, in the order of states: `3 running, 990 ok, 7 failed`."""
    return ", ".join(f"{counts[state]:,} {state}" for state in NODE_STATES if counts.get(state))


def clipped(text: str, room: int) -> str:
    """The text in at most `room` characters (at least 3), the end left out."""
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def clipped_middle(text: str, room: int) -> str:
    """The text in at most `room` characters (at least 3), the middle left out: both ends of an id tell
    something."""
    if len(text) <= room:
        return text
    end = room // 2
    return f"{text[: room - end - 1]}…{text[-end:]}"
