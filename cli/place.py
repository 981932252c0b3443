"""Where a command line works, where it was typed, and so how the commands to type next begin.

The state is kept per call of `dispatch`, which carries each command line out in a context of its own.
"""

from __future__ import annotations

import os
import re
import shlex
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from ..schemas.errors import BadFlagValue, DirectoryClosed, WorkingDirectoryGone
from .plain import shell_word

if TYPE_CHECKING:
    from ..schemas.report import Report

_TYPED_IN: ContextVar[Path | None] = ContextVar("typed_in", default=None)
"""The shell's directory, once `-C` has led away from it."""

_PROJECT: ContextVar[Path | None] = ContextVar("project", default=None)
"""The project that is worked on, where it is not that of the directory."""

_NOWHERE = Path()
"""Stands for a directory of the shell that does not exist any more."""

_IN_A_PROJECT = re.compile(
    r"`me (?=(?:dag (?:resume|approve|status|list|logs|cancel)|ledger \w+|roles \w+)\b)"
)


def enter(directory: Path) -> None:
    """Work in `directory` from now on. Raises `BadFlagValue` where that cannot be."""
    before = _NOWHERE
    with suppress(OSError):
        before = Path.cwd()
    try:
        os.chdir(directory)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise BadFlagValue(
            f"`-C {shlex.quote(str(directory))}`: {why[:1].lower()}{why[1:]}",
            hint="`-C` takes a folder, such as the root of a project",
        ) from error
    if _TYPED_IN.get() is None:
        _TYPED_IN.set(before)


def leave() -> None:
    """Go back to where the command line was typed."""
    before = _TYPED_IN.get()
    if before is not None and before != _NOWHERE:
        with suppress(OSError):
            os.chdir(before)


def work_on(graph: Path) -> None:
    """Note that this command line works on the project of a graph file, wherever it was typed."""
    from .. import api

    # Of a file that cannot be read, whoever reads it tells.
    with suppress(DirectoryClosed, OSError, RuntimeError, ValueError):
        _PROJECT.set(api.project_of(graph.resolve().parent))


def program() -> str:
    """How a further command begins: `me`, or `me -C DIR` where the shell stands in another project."""
    from .. import api

    def project_of(directory: Path | None) -> Path | None:
        try:
            return api.project_of(directory)
        except (DirectoryClosed, WorkingDirectoryGone, OSError):
            return None

    project = _PROJECT.get() or project_of(None)
    before = _TYPED_IN.get()
    if project is None or (before != _NOWHERE and project_of(before) == project):
        return "me"
    return f"me -C {shell_word(str(project))}"


def placed(text: str) -> str:
    """`text` with its commands in backticks as they must be typed here."""
    if not _IN_A_PROJECT.search(text):
        return text
    return _IN_A_PROJECT.sub(lambda _: f"`{program()} ", text)


def with_commands_placed(report: Report) -> Report:
    """`report` with the commands that it names as they must be typed here."""
    me = program()
    if me == "me" or not report.waiting_for:
        return report

    def placed_all(commands: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(command.replace("me ", f"{me} ", 1) for command in commands)

    questions = tuple(
        one.model_copy(update={"commands": placed_all(one.commands)}) for one in report.questions
    )
    return report.model_copy(update={"waiting_for": placed_all(report.waiting_for), "questions": questions})
