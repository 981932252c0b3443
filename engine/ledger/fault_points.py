"""The named places at which a test may make the Ledger fail, or kill its process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Faults = Callable[[str], None]
"""Called with the name of each point as it is passed; it may raise, or never return."""

FAULT_POINTS: Final = (
    "ledger.before_commit",
    "ledger.after_commit",
    "migration.before_commit",
    "mirror.before_write",
    "mirror.torn_write",
    "mirror.after_write",
    "mirror.before_adopt",
    "mirror.before_set_aside",
    "mirror.after_set_aside",
    "blob.before_write",
    "blob.before_rename",
    "blob.after_rename",
    "rebuild.before_swap",
    "rebuild.during_swap",
    "rebuild.after_swap",
)
"""Every point. `mirror.torn_write` stands between the two halves of a line."""


def no_faults(point: str) -> None:
    """What production passes: nothing happens at any point."""
