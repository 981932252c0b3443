"""How `run` and `resume` say goodbye."""

from __future__ import annotations

from ..schemas.report import Report
from .exit import code_of_state
from .place import program, with_commands_placed
from .speech import give_json
from .summary import say_summary


def finish(report: Report, *, as_json: bool, quiet: bool, told_source: bool) -> int:
    """The summary in words, the report as JSON where asked for, and the exit code.

    `quiet` leaves the summary out when there is nothing to complain about. `told_source`: it was said
    already that the graph file has changed.
    """
    report = with_commands_placed(report)
    if not quiet or report.state != "ok":
        say_summary(report, me=program(), told_source=told_source)
    if as_json:
        give_json(report.model_dump(mode="json"))
    return code_of_state(report.state)
