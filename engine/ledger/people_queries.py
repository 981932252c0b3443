"""Every question about Executors that may be asked of the Ledger, by name; as in `queries`."""

from __future__ import annotations

from typing import Final

from .asking import NamedQuery, ask, bounded, columns, one
from .ledger import Ledger
from .people_rows import ExecutorRow
from .rows import RunRow

__all__ = [
    "executor_by_alias",
    "executor_by_id",
    "executors_by_prefix",
    "executors_by_time",
    "executors_made_from",
    "idle_executors",
    "latest_run_of_executor",
    "runs_of_executor",
]

_END: Final = 1 << 62
_EXECUTOR: Final = f"SELECT {columns(ExecutorRow, 'executors')} FROM executors"  # noqa: S608
_OF_EXECUTOR: Final = (
    f"SELECT {columns(RunRow, 'runs')} FROM runs WHERE executor_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
)
_BY_EXECUTOR: Final = ("run_outcomes USING INDEX runs_of_executor", "journal USING INTEGER PRIMARY KEY")

QUERIES: Final = {
    "executor_by_id": NamedQuery(f"{_EXECUTOR} WHERE executor_id = ?", ("executors USING PRIMARY KEY",)),
    "executor_by_alias": NamedQuery(
        f"{_EXECUTOR} WHERE alias = ?", ("executors USING INDEX sqlite_autoindex_executors_2",)
    ),
    "idle_executors": NamedQuery(
        f"{_EXECUTOR} WHERE role_id = ? AND status = 'idle' ORDER BY last_seen_ts DESC LIMIT ?",
        ("executors USING INDEX executors_of_role",),
    ),
    "executors_by_prefix": NamedQuery(
        f"{_EXECUTOR} WHERE alias >= ? AND alias < ? ORDER BY alias LIMIT ?",
        ("executors USING INDEX sqlite_autoindex_executors_2",),
    ),
    "executors_made_from": NamedQuery(
        f"{_EXECUTOR} WHERE parent_id = ? ORDER BY last_seen_ts DESC LIMIT ?",
        ("executors USING INDEX executors_of_parent",),
    ),
    "executors_by_time": NamedQuery(
        f"{_EXECUTOR} WHERE last_seen_ts < ? ORDER BY last_seen_ts DESC LIMIT ?",
        ("executors USING INDEX executors_by_time",),
    ),
    "runs_of_executor": NamedQuery(_OF_EXECUTOR, _BY_EXECUTOR),
    "latest_run_of_executor": NamedQuery(_OF_EXECUTOR, _BY_EXECUTOR),
}
"""The statements, by the name of the function that asks them."""


def executor_by_id(ledger: Ledger, executor_id: str) -> ExecutorRow | None:
    """The Executor of this id. O(log n), by the primary key."""
    return one(ask(ledger, QUERIES["executor_by_id"], ExecutorRow, (executor_id,)))


def executor_by_alias(ledger: Ledger, alias: str) -> ExecutorRow | None:
    """The Executor of this alias. O(log n), by the unique index on `alias`."""
    return one(ask(ledger, QUERIES["executor_by_alias"], ExecutorRow, (alias,)))


def idle_executors(ledger: Ledger, role_id: str, *, limit: int = 20) -> list[ExecutorRow]:
    """The idle Executors of a Role, the one that was seen last first. O(log n + k), by the index
    `executors_of_role`."""
    return ask(ledger, QUERIES["idle_executors"], ExecutorRow, (role_id, bounded(limit)))


def executors_by_prefix(ledger: Ledger, prefix: str, *, limit: int = 20) -> list[ExecutorRow]:
    """The Executors whose alias begins with `prefix`, by alias. O(log n + k), by the unique index on
    `alias`."""
    values = (prefix, prefix + "\U0010ffff", bounded(limit))
    return ask(ledger, QUERIES["executors_by_prefix"], ExecutorRow, values)


def executors_made_from(ledger: Ledger, executor_id: str, *, limit: int = 20) -> list[ExecutorRow]:
    """The Executors that were made on the work of another one, the one that was seen last first.
    O(log n + k), by the index `executors_of_parent`."""
    return ask(ledger, QUERIES["executors_made_from"], ExecutorRow, (executor_id, bounded(limit)))


def executors_by_time(ledger: Ledger, *, before: int = _END, limit: int = 100) -> list[ExecutorRow]:
    """Executors of all kinds, the one that was seen last first, `before` a time in Unix milliseconds.
    O(log n + k), by the index `executors_by_time`."""
    return ask(ledger, QUERIES["executors_by_time"], ExecutorRow, (before, bounded(limit)))


def runs_of_executor(
    ledger: Ledger, executor_id: str, *, before: int = _END, limit: int = 20
) -> list[RunRow]:
    """The Runs of an Executor, newest first, with a record before `before`. O(log n + k), by the index
    `runs_of_executor`."""
    return ask(ledger, QUERIES["runs_of_executor"], RunRow, (executor_id, before, bounded(limit)))


def latest_run_of_executor(ledger: Ledger, executor_id: str) -> RunRow | None:
    """The Run that an Executor ended last. O(log n), by the index `runs_of_executor`."""
    return one(ask(ledger, QUERIES["latest_run_of_executor"], RunRow, (executor_id, _END, 1)))
