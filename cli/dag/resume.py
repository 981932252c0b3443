"""`me dag resume`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson, Concurrency, NewestDagRun, Quiet, Replay, pairs, positive


def resume(
    dag_run: NewestDagRun = None,
    lost: Annotated[
        list[str] | None,
        typer.Option(
            "--lost",
            metavar="NODE=rerun|fail",
            help="What becomes of a node whose end was never seen and whose `on_lost` is `ask`.",
        ),
    ] = None,
    concurrency: Concurrency = None,
    replay: Replay = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> int:
    """Go on with a DAG run that was interrupted, paused, or did not end ok.

    Without an id: the newest unfinished one. No node that completed runs again.
    """
    from ... import api
    from ..finish import finish
    from ..progress import watcher

    answers = _answers(lost)
    at_once = positive(concurrency, "--concurrency")
    with watcher(quiet=quiet) as observer:
        report = api.resume(
            dag_run,
            concurrency=at_once,
            observer=observer,
            lost=answers,
            replay=replay,
            signals=True,
        )
    return finish(report, as_json=as_json, quiet=quiet)


def _answers(lost: list[str] | None) -> dict[str, str]:
    from ...schemas.errors import MalformedPair

    answers = pairs(lost, "--lost")
    for node, answer in answers.items():
        if answer not in {"rerun", "fail"}:
            raise MalformedPair(
                f"`--lost {node}={answer}`: the answer is `rerun` or `fail`",
                hint="`rerun` runs the node again, `fail` ends it as failed",
            )
    return answers
