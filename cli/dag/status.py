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
        bool, typer.Option("--outputs", help="Also what each node handed on, such as an agent's answer.")
    ] = False,
    everything: Annotated[
        bool,
        typer.Option("--all", "-a", help="Also the earlier generations of nodes that were run anew."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Show a DAG run, node by node, and why each is where it is.

    Without an id: the newest one. The exit code says whether it could be read, not how it ended.
    """
    from ... import api
    from ..place import program, with_commands_placed
    from ..speech import give, give_json

    report = with_commands_placed(api.status(dag_run, outputs=outputs))
    if as_json:
        give_json(report.model_dump(mode="json"))
    else:
        give(_text(report, me=program(), everything=everything))
        give(_handed_on(report) if outputs else "")
    return 0


def _handed_on(report: Report) -> str:
    """What the nodes handed on, each below its name, without what a terminal would obey."""
    import json

    from ..plain import visible

    parts = []
    for node in report.nodes:
        if node.output is not None:
            is_text = isinstance(node.output, str)
            text = node.output if is_text else json.dumps(node.output, indent=2, ensure_ascii=False)
            parts.append(f"\n{node.id}:\n{visible(text)}\n")
    return "".join(parts)


def _text(report: Report, *, me: str, everything: bool) -> str:
    from ..asked import lost_commands, question_lines
    from ..plain import plain
    from ..progress_words import source_words
    from ..spent import spent_line
    from ..summary import go_on, heading, left_behind, moment

    lines = [heading(report), f"DAG run {report.dag_run_id}, started {moment(report.started_ms)}"]
    if report.reason and report.state != "ok":
        lines.append(f"reason: {plain(report.reason)}")
    if report.spent is not None:
        lines.append(f"spent: {spent_line(report.spent)}")
    lines += [line for _, line in left_behind(report, me)]
    if report.source_changed:
        lines.append(source_words(gone=report.source_gone))
    lines += [f"waiting for you: {command}" for command in lost_commands(report)]
    if report.questions:
        lines += ["waiting for you:", *(f"  {line}" for line in question_lines(report, me))]
    text = "\n".join(lines) + f"\n\n{_table(report, everything=everything)}"
    return text if report.state in {"ok", "running"} else f"{text}\n{go_on(report, me)}\n"


def _table(report: Report, *, everything: bool) -> str:
    from ..table import table

    heads = ["node", "state", "attempts", "took", "why"]
    agents = report.spent is not None or any(node.executor for node in report.nodes)
    if agents:
        heads[4:4] = ["by", "spent"]
    if not everything:
        rows = [_row(node, agents=agents) for node in report.nodes]
        return table(heads, rows, right=("attempts", "took", "spent"), whole=("node",))
    before: dict[str, list[NodeReport]] = {}
    for node in report.earlier:
        before.setdefault(node.id, []).append(node)
    told = [one for node in report.nodes for one in (*before.get(node.id, ()), node)]
    rows = [[node.id, str(node.generation), *_row(node, agents=agents)[1:]] for node in told]
    heads.insert(1, "generation")
    return table(heads, rows, right=("generation", "attempts", "took", "spent"), whole=("node",))


def _by(node: NodeReport) -> list[str]:
    """Who did it last, and what all attempts at it used."""
    from ..spent import short

    return [node.executor or "", "" if node.spent is None else short(node.spent)]


def _row(node: NodeReport, *, agents: bool) -> list[str]:
    from ...engine.render.words import duration, why

    last = node.attempts[-1] if node.attempts else None
    kind = (
        f"[{last.failure_reason}] " if last is not None and last.failure_reason and node.state != "ok" else ""
    )
    took = duration(node.took_ms) if node.took_ms is not None else ""
    return [
        node.id,
        node.state,
        str(len(node.attempts)),
        took,
        *(_by(node) if agents else ()),
        f"{kind}{why(node.state, node.reason)}" if node.state != "ok" else _decided(node),
    ]


def _decided(node: NodeReport) -> str:
    """Why what a pattern made ended ok: the decision of its votes, say; and what a gate said of the work."""
    from ...engine.render.words import telling
    from ..plain import plain

    if node.kind == "pattern":
        return telling(node.reason)
    last = node.attempts[-1] if node.attempts else None
    said = last.quality_state if last is not None else None
    quality = f"quality: {said}" if said in ("notify", "block") else ""
    return "; ".join(part for part in (quality, plain(last.reason) if last is not None else "") if part)
