"""The root of the error tree, and the carrier for several errors at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ..span import Path, Span

CODES: dict[str, type[MetaEnsembleError]] = {}
"""Every concrete error class by its code; filled as the classes are defined."""


class MetaEnsembleError(Exception):
    """The root of every error that this program raises on purpose.

    `message` is one sentence in lower case without a full stop, names in backticks. `hint` says
    what to do. `where` is the place inside the document (keys and positions); whoever knows the
    text joins it to `span`. `task` names the task or node concerned, when there is one. `facts`
    are further fields for programs; they must be JSON values.
    """

    code: ClassVar[str] = ""
    exit_code: ClassVar[int] = 70
    flag: str | None = None
    """What was typed on the command line and is wrong, for an error that stands in no file."""
    source: str | None = None
    """The graph file that `where` is a place in, when it is not the one that was asked about."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        code = cls.__dict__.get("code", "")
        if not code:
            return
        if code in CODES:
            raise TypeError(f"{cls.__name__} and {CODES[code].__name__} share the code {code}")
        CODES[code] = cls

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        span: Span | None = None,
        where: Path = (),
        task: str | None = None,
        **facts: object,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.span = span
        self.where = where
        self.task = task
        self.facts = facts

    def to_json(self) -> dict[str, object]:
        """The error as a JSON object: code, message, hint, place, and the facts."""
        place = self.span
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "task": self.task,
            "where": list(self.where),
            "file": place.file if place else None,
            "line": place.line if place else None,
            "column": place.column if place else None,
            **({"flag": self.flag} if self.flag is not None else {}),
            **({"facts": self.facts} if self.facts else {}),
        }


class InputError(MetaEnsembleError):
    """Something that the user wrote or typed is wrong; nothing was started or written."""

    exit_code = 2


class InputErrors(InputError):
    """Every problem that was found in one go, in the order of the text. Never empty."""

    def __init__(self, errors: Sequence[InputError]) -> None:
        if not errors:
            raise ValueError("InputErrors needs at least one error")
        count = len(errors)
        super().__init__(f"{count} problem{'s' if count > 1 else ''} found")
        self.errors: tuple[InputError, ...] = tuple(errors)

    def to_json(self) -> dict[str, object]:
        """`{"errors": [...]}`, each as its own `to_json`."""
        return {"errors": [error.to_json() for error in self.errors]}


class RunError(MetaEnsembleError):
    """What was asked for was started, and did not end well: the run's outcome, not its input."""

    exit_code = 1


class LedgerError(MetaEnsembleError):
    """The Ledger cannot be used as it is; what was recorded stays readable."""

    exit_code = 3


class InternalError(MetaEnsembleError):
    """A fault of ours. The message carries the story that a report of the bug needs."""

    exit_code = 70
