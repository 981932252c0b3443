"""`me ledger recent`."""

from __future__ import annotations

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
    shown = ["run_id", "node_id", "attempt_no", "outcome", "failure_reason", "runtime", "ended", "took"]
    give_rows(
        rows if as_json or as_csv else [_readable(row) for row in rows],
        as_json=as_json,
        as_csv=as_csv,
        shown=shown,
        right=("attempt_no", "took"),
        whole=("run_id",),
    )
    return 0


def _readable(row: dict[str, object]) -> dict[str, object]:
    from ...engine.render.words import duration
    from ..summary import moment

    ended, started = row.get("ended_ts"), row.get("started_ts")
    took = duration(ended - started) if isinstance(ended, int) and isinstance(started, int) else ""
    return {**row, "ended": moment(ended if isinstance(ended, int) else None), "took": took}
