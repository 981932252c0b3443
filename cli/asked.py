"""What a DAG run asks of a person, in lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..schemas.report import Report
from .plain import plain, shortened

SHOWN = 20
"""How many questions are written out; the rest is counted."""


def lost_commands(report: Report) -> list[str]:
    """The commands that answer for lost attempts."""
    own = {command for question in report.questions for command in question.commands}
    return [command for command in report.waiting_for if command not in own]


def question_lines(report: Report, me: str) -> Iterator[str]:
    """Each question, what it offers, and the commands that answer it; `me` begins a command."""
    for question in report.questions[:SHOWN]:
        yield f"{question.node}: {shortened(question.question)}"
        yield from (f"  {line}" for line in option_lines(question.options))
        yield from (f"  {command}" for command in question.commands)
    if len(report.questions) > SHOWN:
        yield f"and {len(report.questions) - SHOWN} more: {me} dag status {report.dag_run_id}"


def option_lines(options: tuple[Any, ...]) -> list[str]:
    """The values that a question offers, numbered."""
    return [f"{number}: {shown(option)}" for number, option in enumerate(options, 1)]


def shown(value: Any) -> str:
    """A value as people read it: text as it is, everything else as JSON."""
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
