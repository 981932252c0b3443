"""`me ledger recent`."""

from __future__ import annotations

from typing import Any

from ..args import AsJson, Limit, positive
from ..rows import AsCsv, give_rows


def recent(limit: Limit = 20, as_json: AsJson = False, as_csv: AsCsv = False) -> int:
    """List the latest Runs, newest first: one row per attempt that ended.

    JSON and CSV have all columns of a Run.
    """
    from ... import api
    from ..speech import say

    positive(limit, "--limit")
    rows = api.ledger_recent(limit)
    if not rows and not as_json:
        say("no Run is recorded yet")
    give_rows(
        rows if as_json or as_csv else [_readable(row) for row in rows],
        as_json=as_json,
        as_csv=as_csv,
        right=("attempt", "took"),
        whole=("Run",),
    )
    return 0


def _readable(row: dict[str, Any]) -> dict[str, Any]:
    from ...engine.render.words import duration
    from ..summary import moment

    return {
        "Run": row["run_id"],
        "node": row["node_id"],
        "attempt": row["attempt_no"],
        "outcome": row["failure_reason"] or row["outcome"],
        "took": duration(row["working_ms"]) if row["working_ms"] is not None else "",
        "ended": moment(row["ended_ts"]),
    }
