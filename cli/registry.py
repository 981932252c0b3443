"""`me registry`."""

from __future__ import annotations

from .args import AsJson, Limit, positive


def registry(limit: Limit = 20, as_json: AsJson = False) -> int:
    """Show what goes on in the project: Executors, open tasks and what they wait for, recent Deliverables."""
    from dataclasses import asdict

    from .. import api
    from .rows import give_rows
    from .speech import give, give_json
    from .summary import moment

    positive(limit, "--limit")
    view = api.registry(limit=limit)
    if as_json:
        give_json(asdict(view))
        return 0
    parts: tuple[tuple[str, list[dict[str, object]], str], ...] = (
        ("Executors", [_executor(row) for row in view.executors], "no Executor yet"),
        (
            "Open tasks",
            [
                {
                    "task": task.node,
                    "state": task.state,
                    "waits for": ", ".join(task.waits_for),
                    "Executor": task.executor or "",
                    "DAG run": f"{task.dag_run} {task.dag_run_id[:13]}",
                }
                for task in view.tasks
            ],
            "no task is open",
        ),
        (
            "Deliverables",
            [
                {
                    "file": line.path,
                    "what": line.summary,
                    "by": line.executor or line.node,
                    "at": moment(line.ended_ms) if line.ended_ms is not None else "",
                }
                for line in view.deliverables
            ],
            "no Deliverable yet",
        ),
    )
    for number, (head, rows, none) in enumerate(parts):
        give(("\n" if number else "") + f"{head}\n")
        if rows:
            give_rows(rows, as_json=False, as_csv=False, whole=("alias", "file"))
        else:
            give(f"{none}\n")
    return 0


def _executor(row: dict[str, object]) -> dict[str, object]:
    return {"alias": row["alias"], "Role": row["role_id"], "status": row["status"], "Runs": row["runs"]}
