"""A Report in words: how it ended, what went wrong, and which command to type next."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Iterator
from datetime import datetime

from ..engine.node_ids import groups_of, is_member
from ..engine.render.words import duration
from ..schemas.report import NodeReport, Report
from ..schemas.states import NODE_STATES
from .asked import lost_commands, question_lines
from .plain import plain, shortened
from .progress_words import COLOURS, source_words
from .speech import say
from .spent import spent_line
from .terminal import has_colour, paint

SHOWN = 20
"""How many nodes that did not end well are named; the rest is counted."""

REPORTS = ".metaensemble/reports/"
"""Where patterns leave their reports, relative to the project."""

REPORTS_SHOWN = 5
"""Of more reports than this only the folder is named."""


def heading(report: Report) -> str:
    """One line: name, state, how many nodes, how long it took or has been going on, and what state they
    are in."""
    nodes = sum(not node.is_group for node in report.nodes)
    took = took_so_far(report.state, report.started_ms, report.ended_ms)
    took = f" {'in' if report.ended_ms is not None else 'for'} {took}" if took else ""
    counts = ", ".join(f"{report.counts[s]} {s}" for s in NODE_STATES if report.counts.get(s))
    line = f"{plain(report.name)}: {report.state}, {nodes} node{'s' if nodes != 1 else ''}{took}"
    return f"{line} ({counts})" if counts else line


def took_so_far(state: str, started_ms: int, ended_ms: int | None) -> str:
    """How long a DAG run took, or has been running; nothing where nobody drives it and it has no end."""
    if ended_ms is not None:
        return duration(ended_ms - started_ms)
    return duration(max(0, time.time_ns() // 1_000_000 - started_ms)) if state == "running" else ""


def summary_lines(report: Report, *, me: str = "me", told_source: bool = False) -> Iterator[tuple[str, str]]:
    """The summary of a DAG run that a Coordinator let go of, as pairs (ANSI style, line).

    `me` is how commands to type next begin. `told_source`: it was said that the graph file has changed.
    """
    yield COLOURS.get(report.state, "33"), heading(report)
    if report.reason and report.state != "ok":
        yield "", f"reason: {plain(report.reason)}"
    bad, got_over = _bad_nodes(report)
    for node in bad[:SHOWN]:
        yield from _bad_node(report, node, me)
        if node.kind == "repeat" and (rounds := [n for n in report.nodes if is_member(n.id, node.id)]):
            yield from _logs(report, rounds[-1], me)
    if len(bad) > SHOWN:
        yield "", f"  and {len(bad) - SHOWN} more: {me} dag status {report.dag_run_id}"
    if got_over:
        which = "more failed" if bad else "failed"
        words = f"{got_over} {which} in patterns that ended ok all the same"
        yield "2", f"  {words}: {me} dag status {report.dag_run_id}"
    yield from _outputs(report)
    yield from _deliverables(report)
    yield from left_behind(report, me)
    if report.spent is not None:
        yield "", f"spent: {spent_line(report.spent)}"
    if report.waiting_for:
        yield "33", "waiting for you:"
        yield from (("", f"  {line}") for line in (*lost_commands(report), *question_lines(report, me)))
    if report.source_changed and not told_source:
        yield "2", source_words(gone=report.source_gone)
    if report.state != "ok":
        yield "", go_on(report, me)


def _bad_nodes(report: Report) -> tuple[list[NodeReport], int]:
    """The nodes that did not end well, and how many more there are that a pattern around them got over: a
    shadow, or a voter, that the decision did without."""
    bad = [node for node in report.nodes if node.state in {"failed", "cancelled"}]
    around = {node.id: groups_of(node.id) for node in bad}
    # A group that ended so because of its members is told by them.
    told = {group for groups in around.values() for group in groups}
    bad = [node for node in bad if node.id not in told]
    good = {node.id for node in report.nodes if node.kind == "pattern" and node.state == "ok"}
    left = [node for node in bad if good.isdisjoint(around[node.id])]
    return left, len(bad) - len(left)


def _deliverables(report: Report) -> Iterator[tuple[str, str]]:
    """The files that were left; of many reports only where they lie."""
    delivered = [(node, node.deliverable) for node in report.nodes if node.deliverable]
    folder = f"{REPORTS}{report.dag_run_id}/"
    # Those of pieces are counted first: what they came to stands in that of their task.
    pieces = [pair for pair in delivered if pair[1].startswith(folder) and groups_of(pair[0].id)]
    if len(pieces) <= REPORTS_SHOWN:
        pieces = []
    shown = [pair for pair in delivered if pair not in pieces]
    reports = [pair for pair in shown if pair[1].startswith(folder)]
    if len(reports) > SHOWN:
        shown = [pair for pair in shown if pair not in reports]
        pieces += reports
    if shown or pieces:
        yield "", "deliverables:"
    for node, path in shown:
        where = ", on its branch" if node.id in report.branches and not path.startswith(REPORTS) else ""
        yield "", f"  {plain(path)}  ({node.id}{where})"
    if pieces:
        more = "more reports" if reports and len(reports) <= SHOWN else "reports"
        yield "", f"  {folder}  ({len(pieces)} {more})"


def _outputs(report: Report) -> Iterator[tuple[str, str]]:
    """What the graph hands on, each on one line."""
    if report.outputs:
        yield "", "outputs:"
    for name, value in report.outputs.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield "", f"  {plain(name)}: {shortened(text)}"


def left_behind(report: Report, me: str) -> Iterator[tuple[str, str]]:
    """What is easily overlooked: work on branches, and tools that agents were refused."""
    yield from _worktrees(report, me)
    yield from _refused(report)


def _worktrees(report: Report, me: str) -> Iterator[tuple[str, str]]:
    """Where work lies that is not in the project's own files, and how it gets there."""
    if report.branches:
        nodes = list(report.branches)
        few = ", ".join(nodes[:3]) + (f" and {len(nodes) - 3} more" if len(nodes) > 3 else "")
        yield "", f"done in worktrees, on branches of their own: {few}"
        yield "", f"  {me} worktrees apply {report.dag_run_id}"


def _refused(report: Report) -> Iterator[tuple[str, str]]:
    """Tools that agents asked for in vain: what came of it may lack something."""
    for node in report.nodes:
        refused = node.attempts[-1].refused if node.attempts else {}
        for tool, count in refused.items():
            times = f", {count} times" if count > 1 else ""
            may = "its Role does not allow it: see `allowed_tools`"
            yield "33", f"refused: {node.id} asked for the tool `{plain(tool)}`{times}; {may}"


def go_on(report: Report, me: str) -> str:
    """The line that says how to go on with a DAG run."""
    return f"go on with: {me} dag resume {report.dag_run_id}"


def _bad_node(report: Report, node: NodeReport, me: str) -> Iterator[tuple[str, str]]:
    last = node.attempts[-1] if node.attempts else None
    kind = f" [{last.failure_reason}]" if last is not None and last.failure_reason else ""
    why = node.reason or (last.reason if last is not None else "")
    yield COLOURS.get(node.state, ""), f"  {node.state} {node.id}{kind}{': ' if why else ''}{plain(why)}"
    yield from _logs(report, node, me)


def _logs(report: Report, node: NodeReport, me: str) -> Iterator[tuple[str, str]]:
    """Where to read what the node printed."""
    if node.attempts:
        yield "2", f"    {me} dag logs {report.dag_run_id} {shlex.quote(node.id)}"


def say_summary(report: Report, *, me: str = "me", told_source: bool = False) -> None:
    """The summary, to stderr."""
    colour = has_colour(sys.stderr)
    for style, line in summary_lines(report, me=me, told_source=told_source):
        say(paint(line, style, colour=colour and bool(style)))


def moment(ms: int | None) -> str:
    """Unix milliseconds as local time to the second, or nothing."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
