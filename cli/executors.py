"""`me executors`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from .args import AsJson, Limit, positive
from .rows import AsCsv, give_rows


def executors(
    role: Annotated[str | None, typer.Option(help="Only those of this Role.", metavar="NAME")] = None,
    status: Annotated[
        Literal["idle", "active", "retired"] | None, typer.Option(help="Only those in this status.")
    ] = None,
    limit: Limit = 100,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> int:
    """List the Executors of the project, the one that was seen last first.

    An Executor is made when a Role is given its first task, and keeps its alias for good: a task that says
    `executor: ALIAS` goes on with it. JSON and CSV have more columns.
    """
    from .. import api
    from .speech import say
    from .summary import moment

    positive(limit, "--limit")
    rows = api.list_executors(role=role, status=status, limit=limit)
    if not rows and not as_json:
        say("no Executor is recorded yet" if role is None and status is None else "there is none of these")
    shown = [
        {
            "alias": row["alias"],
            "Role": f"{row['role_id']} {row['role_version'] or ''}".strip(),
            "status": row["status"],
            "Runs": row["runs"],
            "seen": moment(row["last_seen_ts"]) if row["last_seen_ts"] is not None else "",
            "made on": row["parent"] or "",
            "to look at": row["review"] or "",
        }
        for row in rows
    ]
    give_rows(
        rows if as_json or as_csv else shown,
        as_json=as_json,
        as_csv=as_csv,
        right=("Runs",),
        whole=("alias",),
    )
    return 0
