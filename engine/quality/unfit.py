"""What an axis comes to when its tool cannot tell: never a pass."""

from __future__ import annotations

from typing import Final

from .findings import AxisResult, short
from .programs import Ran

NOT_INSTALLED: Final = (
    "`{tool}` is not installed: neither in the project's `.venv`, nor on the PATH, nor beside this program"
)


def missing(axis: str, tool: str) -> AxisResult:
    """The tool is not there: the axis is skipped, and says so."""
    return AxisResult(axis=axis, state="skipped", why=NOT_INSTALLED.format(tool=tool))


def broken(axis: str, tool: str, ran: Ran) -> AxisResult:
    """The tool was started and did not do its work: somebody should look."""
    lines = [line for line in ran.tail.splitlines() if line.strip()]
    said = f": {lines[-1]}" if lines else ""
    why = f"`{tool}` did not do its work: {ran.why or f'exit status {ran.status}'}{said}"
    return AxisResult(axis=axis, state="notify", why=short(why), tool=tool)


def unreadable(axis: str, tool: str, ran: Ran) -> AxisResult:
    """What the tool says cannot be understood, or is too long to be kept."""
    what = "more than can be read" if ran.out is None else "what this program cannot read"
    return AxisResult(axis=axis, state="notify", why=f"`{tool}` says {what}", tool=tool)
