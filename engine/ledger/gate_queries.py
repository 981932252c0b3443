"""Every question about gates that may be asked of the Ledger, by name; as in `queries`."""

from __future__ import annotations

from typing import Final

from .asking import NamedQuery
from .column_text import to_column
from .database_errors import ledger_errors
from .ledger import Ledger

__all__ = ["coverage_of"]

QUERIES: Final = {
    "coverage_of": NamedQuery("SELECT percent FROM coverage WHERE path = ?", ("coverage USING PRIMARY KEY",))
}
"""The statements, by the name of the function that asks them."""


def coverage_of(ledger: Ledger, path: str) -> float | None:
    """The coverage, in percent, that a file (relative to the project) had when it was measured last.

    O(log n), by the primary key.
    """
    with ledger_errors(ledger.path):
        row = ledger.connection.execute(QUERIES["coverage_of"].sql, (to_column(path),)).fetchone()
    return None if row is None else float(row[0])
