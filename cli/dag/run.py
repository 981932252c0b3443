"""`me dag run`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..args import (
    AsJson,
    Concurrency,
    Exclude,
    Force,
    GraphFile,
    Params,
    Quiet,
    Replay,
    Select,
    pairs,
    positive,
)

if TYPE_CHECKING:
    from ...schemas.report import Report
    from ..progress import Watcher


def run(
    file: GraphFile,
    param: Params = None,
    concurrency: Concurrency = None,
    replay: Replay = None,
    force: Force = False,
    select: Select = None,
    exclude: Exclude = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Run a task graph to its end. Kill it at any moment; `me dag resume` goes on from there.

    Ctrl-C stops what runs and starts nothing new; a second one stops at once. With --json the report
    is the one thing on stdout. Exit code: 0 ok, 1 failed or cancelled, 2 bad input, 3 Ledger,
    4 waits for you, 130 interrupted.
    """
    from ... import api
    from ..driving import drive
    from ..place import work_on

    params = pairs(param, "--param")
    at_once = positive(concurrency, "--concurrency")
    work_on(file)

    def begin(observer: Watcher) -> Report:
        return api.run(
            file,
            params=params,
            concurrency=at_once,
            observer=observer,
            replay=replay,
            force=force,
            select=select or (),
            exclude=exclude or (),
            signals=True,
        )

    def go_further(observer: Watcher, paused: Report) -> Report:
        return api.resume(
            paused.dag_run_id,
            cwd=Path(paused.project),
            observer=observer,
            retry=False,
            replay=replay,
            signals=True,
        )

    return drive(begin, go_further, as_json=as_json, quiet=quiet)
