"""Where edges end that lead to a group, for programs that know edges between boxes only."""

from __future__ import annotations

from dataclasses import dataclass

from .insides import OUTERMOST, insides
from .picture import Picture


@dataclass(frozen=True, slots=True)
class Ends:
    """A box in the group that edges into it can lead to, and one that edges out of it can come from."""

    first: str
    last: str


def ends_of_groups(picture: Picture) -> dict[str, Ends]:
    """For each open group a box that needs nothing in it, and one that nothing in it needs: of several
    the one in the middle."""
    found: dict[str, Ends] = {}
    for name, inside in reversed(insides(picture).items()):
        if name == OUTERMOST:
            continue
        ids = [vertex.id for vertex in inside.vertices]
        first = _middle(ids, {edge.target for edge in inside.edges})
        last = _middle(ids, {edge.source for edge in inside.edges})
        found[name] = Ends(
            found[first].first if first in found else first, found[last].last if last in found else last
        )
    return found


def _middle(ids: list[str], others: set[str]) -> str:
    """The middle one of the ids that are not among the others."""
    left = [id_ for id_ in ids if id_ not in others]
    return left[len(left) // 2]
