"""What reviews come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Round:
    """One round of reviews: the names of who approved and who rejected, in the order of declaration."""

    approving: tuple[str, ...]
    rejecting: tuple[str, ...]

    @property
    def valid(self) -> tuple[str, ...]:
        """Everyone whose review counts."""
        return (*self.approving, *self.rejecting)

    @property
    def score(self) -> str:
        """How it went, in words."""
        return f"{len(self.approving)} approve, {len(self.rejecting)} reject"


def round_of(ends: Sequence[tuple[str, str | None, Any]]) -> Round:
    """The round from names, states and outputs; whoever ended without a review is left out."""
    verdicts = {
        name: output.get("verdict")
        for name, state, output in ends
        if state == "ok" and isinstance(output, Mapping)
    }
    return Round(
        tuple(name for name, verdict in verdicts.items() if verdict == "approve"),
        tuple(name for name, verdict in verdicts.items() if verdict == "reject"),
    )


def judged_round(found: Round, dissent: str) -> bool:
    """Whether the round approves: more approve than reject; with `block` nobody may reject."""
    if dissent == "block":
        return not found.rejecting and bool(found.approving)
    return len(found.approving) > len(found.rejecting)
