"""One line per thing that happened, for people, pipes and logs alike."""

from __future__ import annotations

from ..engine.node_ids import is_piece
from ..engine.render.words import duration, why
from ..schemas.progress import NodeChanged, RunStarted
from ..schemas.states import ENDED
from .plain import plain, shortened

COLOURS = {
    "ok": "32",
    "failed": "31;1",
    "blocked": "33",
    "skipped": "2",
    "cancelled": "35",
    "waiting": "33",
    "running": "36",
}
"""The ANSI style of each state that lines speak of."""

WORD = 9
"""The length of the longest state that a line begins with."""


def start_of(started: RunStarted) -> tuple[str, str]:
    """The verb of a DAG run's first line, and what comes after its name: which one it is, and why that."""
    verb = "resuming" if started.resumed else "running"
    return verb, f"DAG run {started.dag_run_id}" + (f", {started.chosen}" if started.chosen else "")


def source_words(*, gone: bool) -> str:
    """What people are told when the graph file is not what the DAG run started from."""
    what = "is gone" if gone else "has changed since"
    return f"the graph file {what}; the DAG run keeps the one it started from"


def is_worth_a_line(changed: NodeChanged) -> bool:
    """Whether plain progress speaks of it: ends, waiting for a person, and tries after the first.

    Of pieces of a pattern that are not needed it does not speak: the pattern's own end says why.
    """
    return (
        (changed.state in ENDED and not (changed.state == "skipped" and is_piece(changed.node_id)))
        or changed.state == "waiting"
        or (changed.state in {"pending", "ready"} and changed.attempt_no > 0 and bool(changed.reason))
    )


def line_of(changed: NodeChanged) -> tuple[str, str]:
    """The state as it is shown, and the rest of the line: id, duration, attempt, reason."""
    state: str = changed.state
    if state in {"pending", "ready"}:
        # An attempt that has just ended and will be made again was stopped, by whoever stopped the program.
        state = "retry" if changed.duration_ms is None else "stopped"
    rest = changed.node_id
    if changed.duration_ms is not None and changed.attempt_no:
        rest += f"  {duration(changed.duration_ms)}"
    if changed.attempt_no > 1:
        rest += f"  attempt {changed.attempt_no}"
    if changed.reason and (changed.state != "ok" or changed.is_group or not changed.attempt_no):
        reason = why(changed.state, changed.reason)
        # A question can be a whole text, and is shown as one where it is answered.
        rest += f"  {shortened(reason) if state == 'waiting' else plain(reason)}"
    return state, rest
