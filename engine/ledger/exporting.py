"""Tables of the Ledger as text, row by row, for other programs."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal, get_args

from .column_text import from_column
from .database_errors import ledger_errors
from .ledger import Ledger
from .rows import JSON_COLUMNS, json_value
from .schema import PROJECTIONS

ExportForm = Literal["jsonl", "json", "csv"]

_INTERNAL: Final = frozenset({"coverage", "results", "run_outcomes", "stretches"})
"""Tables that only serve the queries: all that they say stands in another."""

EXPORT_TABLES: Final = ("journal", "runs", *(name for name in PROJECTIONS if name not in _INTERNAL))
"""What can be exported. `journal` holds everything; the others are made from it."""

_HASHES: Final = frozenset({"prev_hash", "hash"})

_ORDER: Final = {
    "tasks": "dag_run_id, position",
    "nodes": "dag_run_id, node_id, generation",
    "roles": "role_id, role_version",
}


def export(ledger: Ledger, table: str = "runs", form: ExportForm = "jsonl") -> Iterator[str]:
    """The rows of `table` as text, oldest first, in pieces that are written one after the other.

    `jsonl` has one object per line, `json` one array of objects, `csv` a header and one line per row
    (RFC 4180; JSON columns as their text). Hashes are hexadecimal. Memory does not grow with the
    table. `ValueError` for a table or a form that is not known.
    """
    if table not in EXPORT_TABLES:
        raise ValueError(f"no table {table!r}; there are {', '.join(EXPORT_TABLES)}")
    if form not in get_args(ExportForm):
        raise ValueError(f"no form {form!r}; there are {', '.join(get_args(ExportForm))}")
    return _pieces(ledger, table, form)


def _pieces(ledger: Ledger, table: str, form: ExportForm) -> Iterator[str]:
    # Only who exports pays for the import.
    from sqlite_utils import Database

    with ledger_errors(ledger.path):
        database = Database(ledger.connection, recursive_triggers=False, execute_plugins=False)
        names = [column.name for column in database[table].columns]
        found = database[table].rows_where(order_by=_ORDER.get(table, "seq"))
        yield from _FORMS[form](names, (tuple(row.values()) for row in found))


def _jsonl(names: list[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"{_object(names, row)}\n"


def _json(names: list[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    before = "[\n"
    for row in rows:
        yield f"{before}{_object(names, row)}"
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def _csv(names: list[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    pieces: list[str] = []
    writer = csv.writer(_Collector(pieces))
    for row in _with_header(names, rows):
        writer.writerow([_plain(name, value) for name, value in zip(names, row, strict=True)])
        yield pieces.pop()


def _with_header(names: list[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[Iterable[Any]]:
    yield names
    yield from rows


def _object(names: list[str], row: tuple[Any, ...]) -> str:
    return json.dumps(
        {name: _value(name, value) for name, value in zip(names, row, strict=True)}, ensure_ascii=False
    )


def _value(name: str, value: Any) -> Any:
    return json_value(value) if name in JSON_COLUMNS else _plain(name, value)


def _plain(name: str, value: Any) -> Any:
    if not isinstance(value, bytes):
        return value
    return value.hex() if name in _HASHES else from_column(value)


class _Collector:
    """What `csv` writes to: it hands each line over as it is made."""

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces

    def write(self, text: str) -> int:
        self._pieces.append(text)
        return len(text)


_FORMS: Final[dict[str, Callable[[list[str], Iterable[tuple[Any, ...]]], Iterator[str]]]] = {
    "jsonl": _jsonl,
    "json": _json,
    "csv": _csv,
}
