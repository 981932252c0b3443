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

Scalars = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Later:
    """A key whose work is not built: below a task or a graph, by its path.

    `*` in `path` stands for every position of a list and every name of a map. `values` limits the
    refusal to these values; None refuses the key whatever it says.
    """

    path: tuple[str, ...]
    values: Scalars | None = None

    @property
    def name(self) -> str:
        """The path as people write it."""
        return ".".join(step for step in self.path if step != "*")


_EXECUTION: Final = (
    Later(("tier",)),
    Later(("model",)),
    Later(("isolation",), ("worktree",)),
    Later(("setup",)),
)
_MONEY: Final = tuple(
    Later((key,)) for key in ("budget", "estimate", "assume_price", "overshoot", "on_window_reset")
)

TASK: Final = (
    *(Later((key,)) for key in ("role", "prompt", "executor")),
    *(Later((key,)) for key in ("context", "acceptance", "checks", "quality", "reask")),
    Later(("deliverables", "*", "must_export")),
    Later(("deliverables", "*", "coverage")),
    *_EXECUTION,
    *_MONEY,
)
"""What is refused in a task."""

GRAPH: Final = (
    Later(("budget",)),
    *(Later(("defaults", *entry.path), entry.values) for entry in (*_EXECUTION, *_MONEY)),
)
"""What is refused in the graph outside its tasks."""


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
            for place in _places(entry.path[1:], entry.values, value, (*at, key)):
                yield LaterKey(key=entry.name, where=place)


def _places(path: tuple[str, ...], values: Scalars | None, value: Any, at: Path) -> Iterator[Path]:
    """Where `path` leads to below `value`, as far as it is written there with one of `values`."""
    if not path:
        if values is None or (isinstance(value, str) and value in values):
            yield at
    elif path[0] != "*":
        if isinstance(value, dict) and path[0] in value:
            yield from _places(path[1:], values, value[path[0]], (*at, path[0]))
    elif isinstance(value, dict):
        for name, child in value.items():
            if not name.startswith("x-"):
                yield from _places(path[1:], values, child, (*at, name))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _places(path[1:], values, child, (*at, index))
