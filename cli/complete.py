"""What the shell offers when the Tab key is pressed. A completion never fails and never writes."""

from __future__ import annotations

from contextlib import suppress

import typer


def codes(incomplete: str) -> list[tuple[str, str]]:
    """Error codes and failure reasons with their titles."""
    from .pages import all_pages

    found = []
    for page in all_pages():
        found.append((page.code, page.title))
        if page.reason is not None:
            found.append((page.reason, page.title))
    return [(name, title) for name, title in found if name.lower().startswith(incomplete.lower())]


def dag_runs(incomplete: str) -> list[tuple[str, str]]:
    """The ids of the latest DAG runs of this project, with name and state."""
    with suppress(Exception):
        from .. import api

        return [
            (known.dag_run_id, f"{known.name} ({known.state})")
            for known in api.list_dag_runs(limit=50)
            if known.dag_run_id.startswith(incomplete)
        ]
    return []


def questions(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The nodes of the DAG run named before that wait for an answer, with what they ask."""
    with suppress(Exception):
        from .. import api
        from .plain import shortened

        report = api.status(ctx.params["dag_run"])
        return [
            (one.node, shortened(one.question, 60))
            for one in report.questions
            if one.node.startswith(incomplete)
        ]
    return []
