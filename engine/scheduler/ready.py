"""The nodes that wait for a slot, in the order in which they may have one."""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush

from .graph import Limits
from .node import Node

_Entry = tuple[int, float, int, int, Node]
_Kind = tuple[bool, tuple[str, ...]]


class ReadyQueue:
    """Ready nodes by (user priority, longest remaining path, declaration order).

    Nodes are kept in one heap per set of limited pools, so that a full pool costs nothing to the
    nodes that do not use it: O(log n) to push, O(log n + number of pool sets) to pop. An entry whose
    node is no longer `ready`, or of an older generation, is dropped when it comes to the top.

    Nodes in the background have as many slots again, so that they take none of the others'; of a limited
    pool they take a slot only when nothing else is left that could want it.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._heaps: dict[_Kind, list[_Entry]] = {}
        self._free = limits.maximum
        self._free_behind = limits.maximum
        self._free_in = dict(limits.pools)
        self._sizes = dict(limits.pools)

    @property
    def free(self) -> int:
        """Slots that are not taken."""
        return self._free

    @property
    def free_behind(self) -> int:
        """Slots for nodes in the background that are not taken."""
        return self._free_behind

    def free_in(self, pool: str) -> int:
        """Slots of a pool that are not taken."""
        return self._free_in[pool]

    def add_pools(self, pools: Mapping[str, int]) -> None:
        """Know further pools; one that is known keeps its size."""
        for pool, size in pools.items():
            self._free_in.setdefault(pool, size)
            self._sizes.setdefault(pool, size)

    @property
    def sizes(self) -> Mapping[str, int]:
        """The size of every pool, those of grown graphs included."""
        return self._sizes

    def push(self, node: Node) -> None:
        """Queue a node that has become ready."""
        spec = node.spec
        entry = (-spec.priority, -node.remaining, node.index, -node.generation, node)
        kind = (spec.background, spec.pools)
        heap = self._heaps.get(kind)
        if heap is None:
            heap = self._heaps[kind] = []
        heappush(heap, entry)

    def pop(self, *, only_behind: bool = False) -> Node | None:
        """Take the first node that may start, and its slots; None when none may.

        `only_behind`: nothing but nodes in the background is left.
        """
        if self._free <= 0 and self._free_behind <= 0:
            return None
        best: list[_Entry] | None = None
        for (behind, pools), heap in self._heaps.items():
            while heap and (heap[0][4].state != "ready" or heap[0][4].starting):
                heappop(heap)
            if not heap or (self._free_behind if behind else self._free) <= 0:
                continue
            if pools and any(self._free_in[pool] <= 0 for pool in pools):
                continue
            if behind and pools and not only_behind:
                continue
            if best is None or heap[0] < best[0]:
                best = heap
        if best is None:
            return None
        node = heappop(best)[4]
        self.take(node)
        return node

    def take(self, node: Node) -> None:
        """Take the slots of a node; the limits may be exceeded when a recorded start is replayed."""
        if node.spec.background:
            self._free_behind -= 1
        else:
            self._free -= 1
        for pool in node.spec.pools:
            self._free_in[pool] -= 1

    def give_back(self, node: Node) -> None:
        """Return the slots of a node whose attempt ended, or never began."""
        if node.spec.background:
            self._free_behind += 1
        else:
            self._free += 1
        for pool in node.spec.pools:
            self._free_in[pool] += 1
