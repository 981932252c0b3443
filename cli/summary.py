"""A Report in words: how it ended, what went wrong, and which command to type next."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from datetime import datetime

from ..engine.render.words import duration
from ..schemas.report import NodeReport, Report
from ..schemas.states import NODE_STATES
from .progress_words import COLOURS
from .speech import say
from .terminal import has_colour, paint

SHOWN = 20
"""How many nodes that did not end well are named; the rest is counted."""


def heading(report: Report) -> str:
    """One line: name, state, counts, and how long it took or has been going on."""
    nodes = len(report.nodes)
    took = f" in {duration(report.ended_ms - report.started_ms)}" if report.ended_ms is not None else ""
    counts = ", ".join(f"{report.counts[s]} {s}" for s in NODE_STATES if report.counts.get(s))
    line = f"{report.name}: {report.state}, {nodes} node{'s' if nodes != 1 else ''}{took}"
    return f"{line} ({counts})" if counts else line


def summary_lines(report: Report) -> Iterator[tuple[str, str]]:
    """The summary of a DAG run that a Coordinator let go of, as pairs (ANSI style, line)."""
    yield COLOURS.get(report.state, "33"), heading(report)
    if report.reason and report.state != "ok":
        yield "", f"reason: {report.reason}"
    bad = [node for node in report.nodes if node.state in {"failed", "cancelled"}]
    for node in bad[:SHOWN]:
        yield from _bad_node(report, node)
    if len(bad) > SHOWN:
        yield "", f"  and {len(bad) - SHOWN} more: me dag status {report.dag_run_id}"
    delivered = [node for node in report.nodes if node.deliverable]
    if delivered:
        yield "", "deliverables:"
        yield from (("", f"  {node.deliverable}  ({node.id})") for node in delivered)
    yield from _what_next(report)


def _bad_node(report: Report, node: NodeReport) -> Iterator[tuple[str, str]]:
    last = node.attempts[-1] if node.attempts else None
    kind = f" [{last.failure_reason}]" if last is not None and last.failure_reason else ""
    why = node.reason or (last.reason if last is not None else "")
    yield COLOURS.get(node.state, ""), f"  {node.state} {node.id}{kind}{': ' if why else ''}{why}"
    if last is not None:
        yield "2", f"    me dag logs {report.dag_run_id} {shlex.quote(node.id)}"


def _what_next(report: Report) -> Iterator[tuple[str, str]]:
    if report.waiting_for:
        yield "33", "waiting for you:"
        yield from (("", f"  {command}") for command in report.waiting_for)
    if report.source_changed:
        yield "2", "the graph file has changed since; the DAG run keeps the one it started from"
    if report.state != "ok":
        yield "", f"go on with: me dag resume {report.dag_run_id}"


def say_summary(report: Report) -> None:
    """The summary, to stderr."""
    colour = has_colour(sys.stderr)
    for style, line in summary_lines(report):
        say(paint(line, style, colour=colour and bool(style)))


def moment(ms: int | None) -> str:
    """Unix milliseconds as local time to the second, or nothing."""
    if ms is None:
        return ""
    return datetime.fromtimestamp(ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
