"""`me dag approve`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..args import AsJson, DagRun
from ..complete import questions

if TYPE_CHECKING:
    from ...api import Answered, ApproveAnswer


def approve(
    dag_run: DagRun,
    node: Annotated[
        str,
        typer.Argument(
            metavar="NODE",
            help="A node that waits for an answer. With * and ? it names all that fit; quote it then.",
            autocompletion=questions,
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Say yes.")] = False,
    no: Annotated[
        bool, typer.Option("--no", help="Say no: the node ends failed, or its work is redone.")
    ] = False,
    answer: Annotated[
        str | None,
        typer.Option(
            "--answer", metavar="JSON", help="Say yes with a value, where the question has an input."
        ),
    ] = None,
    option: Annotated[
        int | None,
        typer.Option("--option", metavar="N", help="Say yes with the Nth value that the question offers."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Answer a question that an `approve:` task of a DAG run asks; `me dag status` shows what waits.

    Give exactly one of --yes, --no, --answer and --option. The first answer counts, and nothing takes
    it back. A DAG run that is being driven goes on by itself; else `me dag resume` goes on. No flag of
    `me dag run` answers such questions in advance.
    """
    from ... import api
    from ..speech import give_json

    found = api.approve(dag_run, node, yes=yes, no=no, answer=answer, option=option)
    if as_json:
        give_json(_plain(found))
    else:
        _tell(found)
    return 0


def _plain(found: ApproveAnswer) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(found), "refused": [error.to_json() for error in found.refused]}


def _tell(found: ApproveAnswer) -> None:
    from ..place import program
    from ..speech import say

    for one in found.answered:
        say(f"{one.node}: {words(one)}")
    for error in found.refused:
        say(f"not answered: {error.message}")
    if found.live:
        say(f"DAG run {found.dag_run_id} goes on by itself")
    else:
        say(f"go on with: {program()} dag resume {found.dag_run_id}")


def words(answered: Answered) -> str:
    """The answer in words."""
    import json

    if answered.answer == "no" or answered.value is True:
        return answered.answer
    return f"yes, {json.dumps(answered.value, ensure_ascii=False)}"
