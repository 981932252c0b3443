"""Which of two places must be how far behind the other, as a DAG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .layers import Layers, shared_depth

GAP: Final = {"box": 18.0, "point": 12.0, "filler": 0.0}
"""Free space around an item; between two items the larger counts."""

PADDING: Final = 14.0
"""Between a frame and what lies in it."""


class Constraints:
    """The variables are the middles of the items, by their numbers, and then the two borders of each
    frame: `starts` names the number of the first, the second follows it.

    `gaps` are, for each layer, the distances that the middles of neighbouring items keep at least.
    """

    def __init__(
        self, layers: Layers, sizes: Sequence[float], title: float, least: Mapping[str, float]
    ) -> None:
        self._frames = layers.frames
        self._gap = [GAP[kind] for kind in layers.kinds]
        self._half = [size / 2 for size in sizes]
        self._title = title
        self.starts = {frame: len(layers.kinds) + 2 * at for at, frame in enumerate(layers.spans())}
        self.size = len(layers.kinds) + 2 * len(self.starts)
        self._before: list[dict[int, float]] = [{} for _ in range(self.size)]
        self.gaps = [self._chain(layer) for layer in layers.layers]
        for frame, start in self.starts.items():
            self._keep(start, start + 1, least.get(frame, 0.0))
        self._after: list[dict[int, float]] = [{} for _ in range(self.size)]
        for later, needs in enumerate(self._before):
            for earlier, gap in needs.items():
                self._after[earlier][later] = gap
        self._sequence = self._topological()

    def forth(self, wanted: Sequence[float]) -> list[float]:
        """The places that keep all constraints, none before the wanted one, all as early as can be."""
        at = list(wanted)
        for variable in self._sequence:
            for earlier, gap in self._before[variable].items():
                if at[earlier] + gap > at[variable]:
                    at[variable] = at[earlier] + gap
        return at

    def back(self, wanted: Sequence[float]) -> list[float]:
        """The places that keep all constraints, none behind the wanted one, all as late as can be."""
        at = list(wanted)
        for variable in reversed(self._sequence):
            for later, gap in self._after[variable].items():
                if at[later] - gap < at[variable]:
                    at[variable] = at[later] - gap
        return at

    def room(self, variable: int, at: Sequence[float]) -> tuple[float, float]:
        """From where to where the variable may move while all others stay."""
        low = max((at[other] + gap for other, gap in self._before[variable].items()), default=float("-inf"))
        high = min((at[other] - gap for other, gap in self._after[variable].items()), default=float("inf"))
        return low, high

    def _chain(self, layer: Sequence[int]) -> list[float]:
        """Constrain the items of a layer and the borders between them; gives the distances of items."""
        distances: list[float] = []
        previous: int | None = None
        distance = 0.0
        for at, item in enumerate([*layer, None]):
            for variable, gap in self._steps(layer[at - 1] if at else None, item):
                if previous is not None:
                    self._keep(previous, variable, gap)
                    distance += gap
                previous = variable
            if at and item is not None:
                distances.append(distance)
            distance = 0.0
        return distances

    def _steps(self, last: int | None, item: int | None) -> list[tuple[int, float]]:
        """The variables from an item to the next one of its layer, each with its distance from the one
        before: out of the frames of the one, into those of the other."""
        left = self._frames[last] if last is not None else ()
        entered = self._frames[item] if item is not None else ()
        shared = shared_depth(left, entered)
        reach = self._half[last] if last is not None else 0.0
        room = max(self._gap[i] for i in (last, item) if i is not None)
        steps: list[tuple[int, float]] = []
        for frame in reversed(left[shared:]):
            steps.append((self.starts[frame] + 1, reach + PADDING))
            reach, room = 0.0, GAP["box"]
        if entered[shared:]:
            reach += max(room, GAP["box"])
            room = 0.0
        for frame in entered[shared:]:
            steps.append((self.starts[frame], reach))
            reach = self._title + PADDING
        if item is not None:
            steps.append((item, reach + room + self._half[item]))
        return steps

    def _keep(self, earlier: int, later: int, gap: float) -> None:
        needs = self._before[later]
        needs[earlier] = max(gap, needs.get(earlier, 0.0))

    def _topological(self) -> list[int]:
        waiting = [len(needs) for needs in self._before]
        sequence = [variable for variable in range(self.size) if not waiting[variable]]
        for variable in sequence:
            for later in self._after[variable]:
                waiting[later] -= 1
                if not waiting[later]:
                    sequence.append(later)
        assert len(sequence) == self.size, "frames lie in different orders in different layers"
        return sequence
