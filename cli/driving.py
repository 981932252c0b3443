"""What `run` and `resume` have in common: driving with somebody watching, asking, saying goodbye."""

from __future__ import annotations

from collections.abc import Callable

from ..schemas.report import Report
from .finish import finish
from .progress import Watcher, watcher
from .prompt import can_ask, go_on


def drive(
    begin: Callable[[Watcher], Report],
    go_further: Callable[[Watcher, Report], Report],
    *,
    as_json: bool,
    quiet: bool,
    last: Callable[[Report], None] | None = None,
) -> int:
    """Drive a DAG run and give the exit code.

    `begin` starts or resumes it. Where it pauses for questions and somebody is at the terminal, they
    are asked there and then, and `go_further` resumes it. `last` gives what the DAG run hands on, in the
    place of the summary, where no JSON is asked for.
    """
    told_source = False

    def watched(work: Callable[[Watcher], Report]) -> Report:
        nonlocal told_source
        with watcher(quiet=quiet) as observer:
            report = work(observer)
        told_source = told_source or observer.told_source
        return report

    report = watched(begin)
    if can_ask(as_json=as_json, quiet=quiet):
        report = go_on(report, lambda paused: watched(lambda observer: go_further(observer, paused)))
    return finish(report, as_json=as_json, quiet=quiet, told_source=told_source, last=last)
