"""`me dag list`."""

from __future__ import annotations

from ..args import AsJson, Limit, positive


def list_(limit: Limit = 20, as_json: AsJson = False) -> int:
    """List this project's DAG runs, newest first."""
    from dataclasses import asdict

    from ... import api
    from ..speech import give, give_json, say
    from ..summary import moment, took_so_far
    from ..table import table

    positive(limit, "--limit")
    known = api.list_dag_runs(limit=limit)
    if as_json:
        give_json([asdict(entry) for entry in known])
        return 0
    if not known:
        say("no DAG run yet: `me dag run FILE` makes one")
        return 0
    rows = [
        [
            entry.dag_run_id,
            entry.name,
            entry.state,
            f"{entry.ok}/{entry.nodes}",
            moment(entry.started_ms),
            took_so_far(entry.state, entry.started_ms, entry.ended_ms),
            entry.source,
        ]
        for entry in known
    ]
    heads = ["DAG run", "name", "state", "ok", "started", "took", "source"]
    give(table(heads, rows, right=("ok", "took"), whole=("DAG run",)))
    return 0
