"""`me dag resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..args import AsJson, Concurrency, NewestDagRun, Quiet, ReplayAgain, pairs, positive

if TYPE_CHECKING:
    from ...schemas.report import Report
    from ..progress import Watcher


def resume(
    dag_run: NewestDagRun = None,
    lost: Annotated[
        list[str] | None,
        typer.Option(
            "--lost",
            metavar="NODE=rerun|fail",
            help="Answer for a node that waits for you: run it again, or let it fail.",
        ),
    ] = None,
    concurrency: Concurrency = None,
    replay: ReplayAgain = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Go on with a DAG run that was interrupted, is paused, or ended failed or cancelled.

    Without an id: the newest one if it failed, else the newest one that has not ended. No node that
    ended ok runs again; of a DAG run that has ended, what failed, was blocked or was cancelled does.
    """
    from ... import api
    from ..driving import drive

    answers = _answers(lost)
    at_once = positive(concurrency, "--concurrency")

    def begin(observer: Watcher) -> Report:
        return api.resume(
            dag_run,
            concurrency=at_once,
            observer=observer,
            lost=answers,
            replay=replay,
            signals=True,
        )

    def go_further(observer: Watcher, paused: Report) -> Report:
        return api.resume(
            paused.dag_run_id,
            concurrency=at_once,
            observer=observer,
            retry=False,
            replay=replay,
            signals=True,
        )

    return drive(begin, go_further, as_json=as_json, quiet=quiet)


def _answers(lost: list[str] | None) -> dict[str, str]:
    from ...schemas.errors import MalformedPair

    answers = pairs(lost, "--lost", last=True)
    for node, answer in answers.items():
        if answer not in {"rerun", "fail"}:
            raise MalformedPair(
                f"`--lost {node}={answer}`: the answer is `rerun` or `fail`",
                hint="`rerun` runs the node again, `fail` ends it as failed",
            )
    return answers
