"""Layer 3, part of `api`: answering what a DAG run asks."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from ._api_questions import answers_of, replayed_session, value_of
from ._api_read import named_dag_run, project_of, who
from ._api_report import with_state
from .engine.coordinator.outputs import INLINE_BYTES
from .engine.coordinator.questions import OpenQuestion, counted, open_questions
from .engine.ledger import queries
from .engine.ledger.files import pauses
from .engine.ledger.ledger import Ledger
from .engine.ledger.lock import is_held
from .engine.ledger.records import PRINCIPAL_ANSWERED, Record
from .engine.project import state_dir
from .engine.render.words import why
from .engine.runtimes.output_contract import OutputInvalid, check_schema, parse_json
from .schemas.canonical import canonical, canonical_bytes
from .schemas.errors import (
    AlreadyAnswered,
    AnswerInvalid,
    ConflictingRecord,
    InputError,
    InputErrors,
    NobodyAsks,
    NotOneAnswer,
    NotWaiting,
    WrongAnswerKind,
)
from .schemas.ids import new_id
from .schemas.states import ENDED
from .schemas.suggest import did_you_mean, in_backticks

if TYPE_CHECKING:
    from .engine.coordinator.session import Session
    from .engine.ledger.rows import AnswerRow

PATIENCE_MS: Final = 5000.0
"""How long a live Coordinator is given to take an answer up, before it is believed to do so later."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question and the answer that it got: `yes` with the value that it gave, or `no`."""

    node: str
    generation: int
    question: str
    answer: Literal["yes", "no"]
    value: Any


@dataclass(frozen=True, slots=True)
class ApproveAnswer:
    """What became of an answer. `answered` is never empty; `refused` says which nodes stopped waiting
    while the others were answered, and why.

    `live`: a Coordinator has taken the answers up, or is about to; else a resume will.
    """

    dag_run_id: str
    live: bool
    answered: tuple[Answered, ...]
    refused: tuple[InputError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The answer as it was typed; exactly one of the four is there."""

    yes: bool
    no: bool
    value: Any
    has_value: bool
    option: int | None


def approve(
    dag_run_id: str,
    node: str,
    *,
    yes: bool = False,
    no: bool = False,
    answer: str | None = None,
    option: int | None = None,
    generation: int | None = None,
    cwd: Path | None = None,
) -> ApproveAnswer:
    """Answer the questions of one node, or of every node that waits and fits a glob (`*`, `?`).

    Exactly one of: `yes`; `no`; `answer`, a JSON text for a question with `input`; `option`, the
    number of one of the values that its schema lists, from 1. With `generation`, only a question of
    that generation is answered: the one that was shown, and not what came of somebody else's no. The
    answer is on the disk when this returns. A live Coordinator goes on by itself; else `resume` does.

    Raises `NotOneAnswer`, `WrongAnswerKind`, `AnswerInvalid`, `NobodyAsks`, `NotWaiting` or
    `AlreadyAnswered`, several as `InputErrors`; then nothing was recorded, unless by somebody else.
    """
    given = _given(yes, no, answer, option)
    state = state_dir(project_of(cwd))
    with Ledger.open(state, create=False) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        session = replayed_session(ledger, found)
        questions = _chosen(ledger, session, found, node)
        if generation is not None and any(one.generation != generation for one in questions):
            raise _why_not(ledger, session, found, node)
        replies = _replies(questions, given)
        answered, refused = _recorded(ledger, found, replies)
        if not answered:
            raise refused[0] if len(refused) == 1 else InputErrors(refused)
        return ApproveAnswer(found, _is_taken_up(ledger, found, answered), tuple(answered), tuple(refused))


def _given(yes: bool, no: bool, answer: str | None, option: int | None) -> _Given:
    count = sum((yes, no, answer is not None, option is not None))
    if count != 1:
        raise NotOneAnswer(
            "no answer was given" if not count else f"{count} answers were given, and one counts",
            hint="give exactly one of `--yes`, `--no`, `--answer JSON` and `--option N`",
        )
    value: Any = None
    if answer is not None:
        try:
            value = parse_json(answer.encode("utf-8", "surrogateescape"), "the answer")
        except OutputInvalid as problem:
            raise AnswerInvalid(
                problem.reason, hint="a text in JSON has double quotes: `--answer '\"a text\"'`"
            ) from None
    return _Given(yes=yes, no=no, value=value, has_value=answer is not None, option=option)


# ---- which questions ---------------------------------------------------------------------------------


def _chosen(ledger: Ledger, session: Session, dag_run_id: str, name: str) -> list[OpenQuestion]:
    """The questions that `name` means: the node of that very id, or all that fit it as a glob."""
    waiting = {one.node: one for one in open_questions(session)}
    if name in waiting:
        return [waiting[name]]
    if name in session.scheduler.nodes:
        raise _why_not(ledger, session, dag_run_id, name)
    if not {"*", "?"}.isdisjoint(name):
        pattern = re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
        fitting = [one for one in waiting.values() if pattern.fullmatch(one.node)]
        if fitting:
            return fitting
        raise NobodyAsks(f"no node that waits for an answer fits `{name}`", hint=_listing(waiting))
    known = did_you_mean(name, session.scheduler.nodes)
    raise NobodyAsks(f"the DAG run has no node `{name}`", hint=known or _listing(waiting))


def _listing(waiting: Iterable[str]) -> str:
    names = list(waiting)
    if not names:
        return "no node of this DAG run waits for an answer"
    return f"what waits: {in_backticks(names, last='and', limit=10)}"


def _why_not(ledger: Ledger, session: Session, dag_run_id: str, name: str) -> InputError:
    """The error for a node that is there and has no open question."""
    node = session.scheduler.nodes[name]
    answers = answers_of(ledger, dag_run_id).values()
    rows = [row for row in answers if row.node_id == name and counted(session, name, row.seq)]
    if node.spec.kind == "ask" and rows:
        return _already(ledger, rows[-1], again=node.generation > rows[-1].generation)
    hint = _listing(one.node for one in open_questions(session))
    if node.spec.kind == "group":
        what = f"it is a group of nodes, its members ask: `{name}[*]`" if node.spec.grows == "items" else ""
        what = what or "it is a group of nodes, and its members ask"
    elif node.spec.kind != "ask":
        what = "it asks nothing"
        if node.asked:
            hint = f"its attempt was lost: answer with `me dag resume {dag_run_id} --lost {name}=rerun`"
    elif node.state in ENDED:
        what = f"it is `{node.state}`: {why(node.state, node.reason)}"
    else:
        what = "it has not been reached" if node.state != "waiting" else "its question is yet to be put"
    return NotWaiting(f"node `{name}` does not wait for an answer: {what}", hint=hint, task=name)


def _already(ledger: Ledger, row: AnswerRow, *, again: bool) -> AlreadyAnswered:
    value = value_of(ledger, row) if row.answer == "yes" else None
    given = row.answer if value is None or value is True else f"{row.answer}: {canonical(value)}"
    moment = datetime.fromtimestamp(row.answered_ts / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    state = with_state(ledger, row.dag_run_id)[1]
    if again:
        hint = "the node is made anew, and its next question has not been put yet"
    elif state in ("paused", "interrupted"):
        hint = f"`me dag resume {row.dag_run_id}` takes it up"
    else:
        hint = f"`me dag status {row.dag_run_id}` shows what came of it"
    return AlreadyAnswered(
        f"node `{row.node_id}` was answered by `{row.answered_by}` at {moment}: {given}",
        hint=hint,
        task=row.node_id,
        answer=row.answer,
        value=value,
        by=row.answered_by,
        at_ms=row.answered_ts,
        generation=row.generation,
    )


# ---- what is answered --------------------------------------------------------------------------------


def _replies(questions: list[OpenQuestion], given: _Given) -> list[Answered]:
    """The answer to each question; raises what is wrong with any of them."""
    replies, errors = [], []
    for question in questions:
        try:
            replies.append(_reply(question, given))
        except InputError as problem:
            errors.append(problem)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return replies


def _reply(question: OpenQuestion, given: _Given) -> Answered:
    if given.no:
        return Answered(question.node, question.generation, question.text, "no", None)
    if question.schema is None:
        if not given.yes:
            raise _wrong_kind(question, "is a yes or a no", "`--yes` or `--no`")
        value: Any = True
    elif given.yes:
        raise _wrong_kind(question, "takes more than a yes", _typed(question))
    elif given.option is not None:
        value = _option(question, given.option)
    else:
        value = given.value
    if question.schema is not None:
        _check(question, value)
    return Answered(question.node, question.generation, question.text, "yes", value)


def _option(question: OpenQuestion, number: int) -> Any:
    options = question.options
    if not options:
        raise _wrong_kind(question, "lists no options", "`--answer JSON`")
    if not 0 < number <= len(options):
        raise _wrong_kind(question, f"has no option {number}", _typed(question))
    return options[number - 1]


def _typed(question: OpenQuestion) -> str:
    if not question.options:
        return f"`--answer JSON` with what holds to {canonical(question.schema)}"
    listed = ", ".join(f"{number} for {canonical(one)}" for number, one in enumerate(question.options, 1))
    return f"`--option N`: {listed}"


def _wrong_kind(question: OpenQuestion, what: str, how: str) -> WrongAnswerKind:
    return WrongAnswerKind(
        f"the question of node `{question.node}` {what}",
        hint=f"answer with {how}",
        task=question.node,
        input=question.schema,
    )


def _check(question: OpenQuestion, value: Any) -> None:
    what = f"the answer for node `{question.node}`"
    try:
        check_schema(value, question.schema, what)
    except OutputInvalid as problem:
        broken = "; ".join(f"`{one['path']}`: {one['message']}" for one in problem.violations)
        raise AnswerInvalid(
            f"{what} breaks its schema: {broken}" if broken else problem.reason,
            hint=f"its `input` is {canonical(question.schema)}",
            task=question.node,
            violations=list(problem.violations),
        ) from None


# ---- on record ---------------------------------------------------------------------------------------


def _recorded(
    ledger: Ledger, dag_run_id: str, replies: list[Answered]
) -> tuple[list[Answered], list[InputError]]:
    """Record the answers, each by itself; those that counted, and the errors for those that did not."""
    by, done, refused = who(), [], []
    for reply in replies:
        payload = {
            "generation": reply.generation,
            "answer": reply.answer,
            "answer_id": new_id(),
            "by": by,
            **(_stored(ledger, reply.value) if reply.answer == "yes" else {}),
        }
        record = Record(PRINCIPAL_ANSWERED, reply.node, dag_run_id, payload)
        try:
            done.append((reply, ledger.append([record], durable=True)[0]))
        except ConflictingRecord:
            refused.append(reply)
    session = replayed_session(ledger, dag_run_id)
    refused += [reply for reply, seq in done if not counted(session, reply.node, seq)]
    answered = [reply for reply, _ in done if reply not in refused]
    return answered, [_too_late(ledger, session, dag_run_id, reply) for reply in refused]


def _stored(ledger: Ledger, value: Any) -> dict[str, Any]:
    """The part of the record that holds the value, as `Outputs.recall` reads it."""
    data = canonical_bytes(value)
    if len(data) <= INLINE_BYTES:
        return {"output": value}
    return {"output_blob": ledger.blobs.put(data, durable=True)}


def _too_late(ledger: Ledger, session: Session, dag_run_id: str, reply: Answered) -> InputError:
    row = answers_of(ledger, dag_run_id).get((reply.node, reply.generation))
    node = session.scheduler.nodes.get(reply.node)
    if row is not None and (node is None or counted(session, reply.node, row.seq)):
        return _already(ledger, row, again=node is not None and node.generation > reply.generation)
    if node is None or node.generation > reply.generation:
        what = "its work was sent back by the answer to another question"
    else:
        ended = f"it is `{node.state}`: {why(node.state, node.reason)}"
        what = ended if node.state in ENDED else "the DAG run is being cancelled"
    return NotWaiting(f"node `{reply.node}` does not wait any more: {what}", task=reply.node)


def _is_taken_up(ledger: Ledger, dag_run_id: str, answered: list[Answered]) -> bool:
    """Whether a Coordinator has taken the answers up, or holds the DAG run and will.

    One that is just about to pause holds it too, and reads no answer any more: so wait for what it does.
    """
    state = ledger.state
    for _ in pauses(PATIENCE_MS, random.random):
        held = is_held(state, dag_run_id) is not None
        if all(_has_ended(ledger, dag_run_id, one) for one in answered):
            return True
        if not held:
            return False
    return True


def _has_ended(ledger: Ledger, dag_run_id: str, answered: Answered) -> bool:
    rows = queries.generations_of_node(ledger, dag_run_id, answered.node)
    return any(row.generation == answered.generation and row.state in ENDED for row in rows)
