"""Keys that the grammar knows and that `run` refuses in this version: one table, as data.

A graph with such a key is valid and shows in the plan. It is never accepted and ignored: a limit
that silently does nothing is worse than an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .bound import LaterKey
from .span import Path


@dataclass(frozen=True, slots=True)
class Later:
    """A key whose work is not built: below a task or a graph, by its path."""

    path: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(self.path)


_MONEY: Final = tuple(
    Later((key,)) for key in ("budget", "estimate", "assume_price", "overshoot", "on_window_reset")
)

TASK: Final = _MONEY
"""What is refused in a task."""

GRAPH: Final = (Later(("budget",)), *(Later(("defaults", *entry.path)) for entry in _MONEY))
"""What is refused in the graph outside its tasks."""


_ABSENT: Final = object()


def _by_first_key(table: tuple[Later, ...]) -> dict[str, list[Later]]:
    found: dict[str, list[Later]] = {}
    for entry in table:
        found.setdefault(entry.path[0], []).append(entry)
    return found


_TASK_BY_KEY: Final = _by_first_key(TASK)
_GRAPH_BY_KEY: Final = _by_first_key(GRAPH)


def later_in_task(at: Path, written: Mapping[str, Any]) -> tuple[LaterKey, ...]:
    """The refused keys of one task, or of a member of a pattern, that stands at `at` of the (valid)
    document, in the order of its keys."""
    return tuple(_found(_TASK_BY_KEY, written, at))


def later_in_graph(written: Mapping[str, Any]) -> tuple[LaterKey, ...]:
    """The refused keys of the (valid) document outside its tasks, in the order of the top-level keys."""
    return tuple(_found(_GRAPH_BY_KEY, written, ()))


def _found(table: Mapping[str, list[Later]], written: Mapping[str, Any], at: Path) -> Iterator[LaterKey]:
    for key, value in written.items():
        for entry in table.get(key, ()):
            inner: Any = {key: value}
            for step in entry.path:
                inner = inner.get(step, _ABSENT) if isinstance(inner, dict) else _ABSENT
            if inner is not _ABSENT:
                yield LaterKey(key=entry.name, where=(*at, *entry.path))
