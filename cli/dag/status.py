"""`me dag status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..args import AsJson, NewestDagRun

if TYPE_CHECKING:
    from ...schemas.report import NodeReport, Report


def status(
    dag_run: NewestDagRun = None,
    outputs: Annotated[
        bool, typer.Option("--outputs", help="With --json: also what each node handed on.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show a DAG run, node by node, and why each is where it is.

    Without an id: the newest one. The exit code says whether it could be read, not how it ended.
    """
    from ... import api
    from ..speech import give, give_json

    report = api.status(dag_run, outputs=outputs)
    if as_json:
        give_json(report.model_dump(mode="json"))
    else:
        give(_text(report))
    return 0


def _text(report: Report) -> str:
    from ..summary import heading, moment
    from ..table import table

    lines = [heading(report), f"DAG run {report.dag_run_id}, started {moment(report.started_ms)}"]
    if report.reason and report.state != "ok":
        lines.append(f"reason: {report.reason}")
    if report.source_changed:
        lines.append("the graph file has changed since; the DAG run keeps the one it started from")
    lines += [f"waiting for you: {command}" for command in report.waiting_for]
    rows = [_row(node) for node in report.nodes]
    heads = ["node", "state", "attempts", "took", "why"]
    nodes = table(heads, rows, right=("attempts", "took"), whole=("node",))
    if report.state not in {"ok", "running"}:
        return "\n".join(lines) + f"\n\n{nodes}\ngo on with: me dag resume {report.dag_run_id}\n"
    return "\n".join(lines) + f"\n\n{nodes}"


def _row(node: NodeReport) -> list[str]:
    from ...engine.render.words import duration, why

    last = node.attempts[-1] if node.attempts else None
    kind = (
        f"[{last.failure_reason}] " if last is not None and last.failure_reason and node.state != "ok" else ""
    )
    took = duration(node.working_ms) if node.attempts else ""
    return [
        node.id,
        node.state,
        str(len(node.attempts)),
        took,
        "" if node.state == "ok" else f"{kind}{why(node.state, node.reason)}",
    ]
