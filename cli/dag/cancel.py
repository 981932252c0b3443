"""`me dag cancel`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson, DagRun


def cancel(
    dag_run: DagRun,
    now: Annotated[
        bool, typer.Option("--now", help="Do not let tasks that need `done` run before the end.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """End a DAG run: what runs is stopped gracefully, what has not started is cancelled.

    Tasks that need `done` still run, under a deadline, unless --now. Where nobody drives the DAG run,
    this command does all that itself.
    """
    from dataclasses import asdict

    from ... import api
    from ..place import program
    from ..speech import give_json, say

    answer = api.cancel(dag_run, now=now)
    if as_json:
        give_json(asdict(answer))
    elif answer.already is not None:
        say(f"DAG run {answer.dag_run_id} needs no cancelling: it is {answer.already}")
    elif answer.live:
        see = f"{program()} dag status {answer.dag_run_id}"
        say(f"the Coordinator of DAG run {answer.dag_run_id} was asked to stop; see `{see}`")
    else:
        say(f"DAG run {answer.dag_run_id} is {answer.state}; no Coordinator was at work on it")
    return 0
