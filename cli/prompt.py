"""Asks the person at the terminal what a paused DAG run waits for, and lets it go on."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..schemas.errors import AnswerInvalid, InputError, WrongAnswerKind
from ..schemas.report import QuestionReport, Report
from .asked import option_lines
from .plain import visible
from .speech import say
from .terminal import has_colour, is_terminal, paint

_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no"})


class _LeftForLater(Exception):
    """The person does not answer this question now; after the `end` of input, none of the others either."""

    def __init__(self, *, end: bool) -> None:
        super().__init__("left for later")
        self.end = end


def can_ask(*, as_json: bool, quiet: bool) -> bool:
    """Whether somebody is there to be asked, and words are welcome.

    Both ends must be a terminal, and this program in front of it: a background job that reads from its
    terminal is stopped by the system.
    """
    if as_json or quiet or not is_terminal(sys.stdin) or not is_terminal(sys.stderr):
        return False
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except OSError:
        return False


def is_agreed(question: str) -> bool:
    """Whether the person at the terminal says yes to a question; Enter is a yes, the end of input a no."""
    sys.stderr.write(f"{question} [Y/n] ")
    sys.stderr.flush()
    line = sys.stdin.buffer.readline()
    if not line:
        say("")
    return bool(line) and line.decode("utf-8", "replace").strip().lower() in {"", *_YES}


def go_on(report: Report, again: Callable[[Report], Report]) -> Report:
    """Ask what `report` waits for; as long as something was answered, `again` drives the DAG run on.

    Gives the last report: of an end, or of a pause that the person leaves as it is. What was left for
    later is not asked a second time.
    """
    left: set[tuple[str, int]] = set()
    while report.state == "paused":
        questions = [one for one in report.questions if (one.node, one.generation) not in left]
        if not _ask_all(report, questions, left):
            break
        report = again(report)
    return report


def _ask_all(report: Report, questions: list[QuestionReport], left: set[tuple[str, int]]) -> bool:
    """Ask one after the other; whether any has an answer now."""
    found = False
    for at, question in enumerate(questions):
        try:
            _ask(report, question)
        except _LeftForLater as later:
            rest = questions[at:] if later.end else [question]
            left.update((one.node, one.generation) for one in rest)
            if later.end:
                break
        else:
            found = True
    return found


def _ask(report: Report, question: QuestionReport) -> None:
    """Ask until there is an answer that holds, and record it. Raises `_LeftForLater`."""
    say("")
    say(_headed(question))
    while True:
        text = _read(_invitation(question))
        try:
            _answer(report, question, text)
        except (AnswerInvalid, WrongAnswerKind) as problem:
            say(f"  {visible(problem.message)}")
        except InputError as problem:
            # Somebody else was faster, or it does not wait any more: either way nothing is left to ask.
            say(f"  {visible(problem.message)}")
            return
        else:
            return


def _headed(question: QuestionReport) -> str:
    mark = paint("?", "33;1", colour=has_colour(sys.stderr))
    first, *rest = visible(question.question.strip()).split("\n")
    return "\n".join([f"{mark} {question.node}: {first}", *(f"  {line}" for line in rest)])


def _invitation(question: QuestionReport) -> str:
    if question.input is None:
        return "  y for yes, n for no, Enter to leave it for later: "
    if question.options:
        lines = "".join(f"    {line}\n" for line in option_lines(question.options))
        return f"{lines}  a number, n for no, Enter to leave it for later: "
    schema = json.dumps(question.input, ensure_ascii=False)
    return f"  asked for: {visible(schema)}\n  a value, n for no, Enter to leave it for later: "


def _read(invitation: str) -> str:
    sys.stderr.write(invitation)
    sys.stderr.flush()
    line = sys.stdin.buffer.readline()
    text = line.decode("utf-8", "replace").strip()
    if not line:
        say("")
    if not text:
        raise _LeftForLater(end=not line)
    return text


def _answer(report: Report, question: QuestionReport, text: str) -> None:
    """Record what was typed. Raises what `api.approve` does."""
    word = text.lower()
    if word in _NO:
        _approve(report, question, no=True)
    elif question.options:
        if not (text.isascii() and text.isdigit()):
            raise AnswerInvalid(f"`{text}` is not the number of an option")
        _approve(report, question, option=int(text))
    elif question.input is not None:
        _answer_with(report, question, text)
    elif word in _YES:
        _approve(report, question, yes=True)
    else:
        raise AnswerInvalid(f"`{text}` is neither yes nor no")


def _answer_with(report: Report, question: QuestionReport, text: str) -> None:
    """A typed value: JSON, or else what was typed as a text, whichever holds to the schema."""
    try:
        _approve(report, question, answer=text)
    except AnswerInvalid as as_json:
        try:
            _approve(report, question, answer=json.dumps(text))
        except AnswerInvalid as as_text:
            raise (as_json if _is_json(text) else as_text) from None


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _approve(report: Report, question: QuestionReport, **answer: Any) -> None:
    from .. import api

    asked = (report.dag_run_id, question.node)
    api.approve(*asked, generation=question.generation, cwd=Path(report.project), **answer)
