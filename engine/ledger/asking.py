"""How a named question is put to the Ledger and its rows are read; the questions stand in `queries` and
`people_queries`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from .column_text import from_column
from .database_errors import ledger_errors
from .ledger import MAX_PAGE, Ledger
from .people_rows import ExecutorRow, RoleRow
from .rows import (
    JSON_COLUMNS,
    AnswerRow,
    AttemptRow,
    BranchRow,
    DagRunRow,
    NodeRow,
    ResultRow,
    RunRow,
    json_value,
)

Params = Sequence[object] | Mapping[str, object]
Row = TypeVar(
    "Row", DagRunRow, NodeRow, AttemptRow, RunRow, ResultRow, AnswerRow, BranchRow, ExecutorRow, RoleRow
)


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A statement, and the words in which SQLite's plan must name the way to each table."""

    sql: str
    plan: tuple[str, ...]


def columns(row: type, table: str) -> str:
    """The columns that a row is made of, as a statement names them."""
    return ", ".join(f"{table}.{field.name}" for field in fields(row))


def ask(ledger: Ledger, query: NamedQuery, row: type[Row], params: Params) -> list[Row]:
    """The rows that answer a question. Raises a `LedgerError` where the database cannot be read."""
    json_at = [at for at, field in enumerate(fields(row)) if field.name in JSON_COLUMNS]
    with ledger_errors(ledger.path):
        try:
            found = ledger.connection.execute(query.sql, params).fetchall()
        except UnicodeEncodeError:
            # What is asked for holds bytes that are no UTF-8, as no id and no name of a node does.
            return []
    return [row(*_read(values, json_at)) for values in found]


def one(rows: list[Row]) -> Row | None:
    """The first of the rows, None where there are none."""
    return rows[0] if rows else None


def bounded(limit: int) -> int:
    """`limit`, if it is one that may be asked for; `ValueError` otherwise."""
    if not 0 < limit <= MAX_PAGE:
        raise ValueError(f"a limit lies between 1 and {MAX_PAGE}, not {limit}")
    return limit


def _read(values: tuple[Any, ...], json_at: list[int]) -> Sequence[Any]:
    changed: list[Any] = list(values)
    if bytes in set(map(type, values)):
        changed = [from_column(value) for value in values]
    for at in json_at:
        changed[at] = json_value(changed[at])
    return changed
