"""Every question about Executors and Roles that may be asked of the Ledger, by name; as in `queries`."""

from __future__ import annotations

from typing import Final

from .asking import NamedQuery, ask, bounded, columns, one
from .database_errors import ledger_errors
from .ledger import MAX_PAGE, Ledger
from .people_rows import ExecutorRow, RoleRow
from .rows import RunRow

__all__ = [
    "count_executors_of_role",
    "executor_by_alias",
    "executor_by_id",
    "executors_by_prefix",
    "executors_by_time",
    "executors_made_from",
    "idle_executors",
    "last_use_of_role",
    "latest_run_of_executor",
    "roles_by_name",
    "runs_of_executor",
    "versions_of_role",
]

_END: Final = 1 << 62
_EXECUTOR: Final = f"SELECT {columns(ExecutorRow, 'executors')} FROM executors"  # noqa: S608
_OF_EXECUTOR: Final = (
    f"SELECT {columns(RunRow, 'runs')} FROM runs WHERE executor_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?"  # noqa: S608
)
_ROLE: Final = f"SELECT {columns(RoleRow, 'roles')} FROM roles"  # noqa: S608
_SEEN: Final = " UNION ALL SELECT max(last_seen_ts) FROM executors WHERE role_id = :role AND status = "
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
    "count_executors_of_role": NamedQuery(
        "SELECT status, count(*) FROM executors WHERE role_id = ? GROUP BY status",
        ("executors USING COVERING INDEX executors_of_role",),
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
    "roles_by_name": NamedQuery(
        f"{_ROLE} WHERE (role_id, role_version) > (?, ?) ORDER BY role_id, role_version LIMIT ?",
        ("roles USING PRIMARY KEY",),
    ),
    "versions_of_role": NamedQuery(
        f"{_ROLE} WHERE role_id = ? ORDER BY role_version LIMIT ?", ("roles USING PRIMARY KEY",)
    ),
    "last_use_of_role": NamedQuery(
        f"SELECT max(used_ts) FROM roles WHERE role_id = :role{_SEEN}'idle'{_SEEN}'active'{_SEEN}'retired'",  # noqa: S608
        ("roles USING PRIMARY KEY", "executors USING COVERING INDEX executors_of_role"),
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


def roles_by_name(
    ledger: Ledger, *, after: tuple[str, str] = ("", ""), limit: int = MAX_PAGE
) -> list[RoleRow]:
    """The versions of all Roles that were worked with, by name and version; `after` names the last row so
    far. O(log n + k), by the primary key."""
    return ask(ledger, QUERIES["roles_by_name"], RoleRow, (*after, bounded(limit)))


def last_use_of_role(ledger: Ledger, role_id: str) -> int | None:
    """When the Role was used last, in Unix milliseconds: noted, brought back, or an Executor of it seen.
    None where it never was. O(log n + versions of the Role), by the primary key of `roles` and the index
    `executors_of_role`."""
    with ledger_errors(ledger.path):
        found = ledger.connection.execute(QUERIES["last_use_of_role"].sql, {"role": role_id}).fetchall()
    return max((moment for (moment,) in found if moment is not None), default=None)


def versions_of_role(ledger: Ledger, role_id: str, *, limit: int = MAX_PAGE) -> list[RoleRow]:
    """The versions of one Role that were worked with. O(log n + k), by the primary key."""
    return ask(ledger, QUERIES["versions_of_role"], RoleRow, (role_id, bounded(limit)))


def count_executors_of_role(ledger: Ledger, role_id: str) -> dict[str, int]:
    """How many Executors of the Role are in each status; none that is not there. O(log n + k), by the index
    `executors_of_role`; k are the Role's Executors."""
    with ledger_errors(ledger.path):
        return dict(ledger.connection.execute(QUERIES["count_executors_of_role"].sql, (role_id,)).fetchall())
