"""Layer 3, part of `api`: what a DAG run asks people, and what they answered."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .engine.ledger import queries
from .engine.ledger.ledger import MAX_PAGE, Ledger
from .schemas.errors import LedgerError

if TYPE_CHECKING:
    from .engine.coordinator.questions import OpenQuestion
    from .engine.coordinator.session import Session
    from .engine.ledger.rows import AnswerRow
    from .schemas.report import QuestionReport

Answers = dict[tuple[str, int], "AnswerRow"]
"""What stands, by node and generation."""


def replayed_session(ledger: Ledger, dag_run_id: str) -> Session:
    """The DAG run as its records give it, for looking: nothing can be started from it."""
    from ._api_patterns import RULES
    from .engine.coordinator.session import Session, Surroundings
    from .tasks.expression.evaluator import evaluate

    world = Surroundings(evaluate=evaluate, runtimes={}, environ={}, rules=RULES)
    return Session(ledger, dag_run_id, world, state=ledger.state)


def question_reports(ledger: Ledger, dag_run_id: str) -> tuple[QuestionReport, ...]:
    """The questions that wait for an answer, each with the commands that give one.

    None where the DAG run's graph is lost: then no answer could be given either.
    """
    from .engine.coordinator.questions import open_questions
    from .schemas.report import QuestionReport

    try:
        found = open_questions(replayed_session(ledger, dag_run_id))
    except LedgerError:
        return ()
    return tuple(
        QuestionReport(
            node=one.node,
            generation=one.generation,
            question=one.text,
            input=one.schema,
            options=one.options,
            commands=commands(dag_run_id, one),
        )
        for one in found
    )


def commands(dag_run_id: str, question: OpenQuestion) -> tuple[str, ...]:
    """How to answer: with a yes, or what stands for one, and with a no."""
    if question.schema is None:
        yes = ["--yes"]
    else:
        yes = ["--option", "N"] if question.options else ["--answer", "JSON"]
    words = ["me", "dag", "approve", dag_run_id, question.node]
    return shlex.join([*words, *yes]), shlex.join([*words, "--no"])


def answers_of(ledger: Ledger, dag_run_id: str) -> Answers:
    """Everything that people answered in a DAG run."""
    return {(row.node_id, row.generation): row for row in _rows(ledger, dag_run_id)}


def _rows(ledger: Ledger, dag_run_id: str) -> Iterator[AnswerRow]:
    after = ("", -1)
    while page := queries.answers_of_dag_run(ledger, dag_run_id, after=after):
        yield from page
        if len(page) < MAX_PAGE:
            break
        after = (page[-1].node_id, page[-1].generation)


def value_of(ledger: Ledger, answer: AnswerRow) -> Any:
    """The value that a yes gave; None for other answers."""
    record = queries.record_at(ledger, answer.seq)
    payload = record.payload if record is not None else {}
    if "output_blob" in payload:
        return json.loads(ledger.blobs.get(payload["output_blob"]))
    return payload.get("output")
