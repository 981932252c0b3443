"""How `run` and `resume` say goodbye."""

from __future__ import annotations

from collections.abc import Callable

from ..schemas.report import Report
from .exit import code_of_state
from .place import program, with_commands_placed
from .speech import give_json
from .summary import say_summary


def finish(
    report: Report,
    *,
    as_json: bool,
    quiet: bool,
    told_source: bool,
    last: Callable[[Report], None] | None = None,
) -> int:
    """The summary in words, the report as JSON where asked for, and the exit code.

    `quiet` leaves the summary out when there is nothing to complain about. `told_source`: it was said
    already that the graph file has changed. `last` gives the outputs in words, which the summary then
    leaves out.
    """
    report = with_commands_placed(report)
    if not quiet or report.state != "ok":
        shown = report if last is None else report.model_copy(update={"outputs": {}})
        say_summary(shown, me=program(), told_source=told_source)
    if as_json:
        give_json(report.model_dump(mode="json"))
    elif last is not None:
        last(report)
    return code_of_state(report.state)
