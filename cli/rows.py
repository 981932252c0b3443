"""Rows of the Ledger in the three forms that its commands offer."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from ..schemas.errors import BadFlagValue

AsCsv = Annotated[bool, typer.Option("--csv", help="Write CSV with a head line to stdout.")]


def give_rows(
    rows: Sequence[Mapping[str, Any]],
    *,
    as_json: bool,
    as_csv: bool,
    shown: Sequence[str] = (),
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """The rows to stdout. A table has only the columns `shown` (all without it); JSON and CSV have all."""
    from .speech import give, give_foreign, give_json
    from .table import table

    if as_json and as_csv:
        raise BadFlagValue("`--json` and `--csv` exclude each other")
    if as_json:
        give_json([dict(row) for row in rows])
    elif as_csv:
        give_foreign(as_csv_text(rows))
    elif rows:
        heads = list(shown or rows[0])
        cells = [[cell(row.get(head)) for head in heads] for row in rows]
        give(table(heads, cells, right=right, whole=whole))


def as_csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """RFC 4180, with line feeds; nested values as JSON, nothing for null."""
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    heads = list(rows[0])
    writer.writerow(heads)
    writer.writerows([cell(row.get(head)) for head in heads] for row in rows)
    return text.getvalue()


def cell(value: Any) -> str:
    """One value in a table or a CSV."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return json.dumps(value, ensure_ascii=False)
