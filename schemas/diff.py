"""What differs between two task graphs, or between two DAG runs: the answer of `me dag diff`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class DiffModel(BaseModel):
    """Base of the models of a difference: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Change(DiffModel):
    """One value that differs: where it stands, as a dotted path, and what it was and is; null is absent."""

    path: str
    before: Any = None
    after: Any = None


class Entry(DiffModel):
    """A task or a node that is only in one of the two, or differs in some of its values."""

    id: str
    kind: Literal["added", "removed", "changed"]
    changes: tuple[Change, ...] = ()


class Diff(DiffModel):
    """All that differs. `of` says what was compared; `whole` are values of the graph or DAG run itself."""

    of: Literal["graphs", "DAG runs"]
    before: str
    after: str
    whole: tuple[Change, ...] = ()
    entries: tuple[Entry, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        return not self.whole and not self.entries
