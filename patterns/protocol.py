"""What a pattern is: a name, a model of its settings, and a pure way from a task to its pieces."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..schemas.bound import BoundTask
from ..schemas.errors import InputError

At = tuple[str | int, ...]
"""A place below the settings of a pattern."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """How often the work of a pattern is done: what is to be expected, and at most.

    `model` says in a few words under which assumption the first number holds.
    """

    expected: float
    worst: int
    model: str = ""


@dataclass(frozen=True, slots=True)
class Formula:
    """A setting that is the source of an expression, over nothing but `names`."""

    text: str
    names: tuple[str, ...]
    at: At


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """The pieces that a task becomes, and which of them speaks for all: its end and its output are those
    of the task. Their ids are relative to the task's. `calls` is None where it goes without saying.
    `size` is how many take part, for people: voters, candidates, steps. `formulas` are
    settings that have yet to be looked at by who can read expressions."""

    pieces: tuple[BoundTask, ...]
    result: str
    calls: Calls | None = None
    size: int | None = None
    formulas: tuple[Formula, ...] = ()


class Pattern(Protocol):
    """A graph template. `settings` is a pydantic model (see `settings.Settings`).

    `expand` is pure and deterministic. It gets the task with everything taken off that decides when, and
    how often, it runs: needs, conditions, fan-outs. It raises `PatternProblem` for what cannot be.

    For `me patterns show` a pattern may also have `guard`, which says what it insists on, and `example`,
    an `examples.Example`.
    """

    @property
    def name(self) -> str: ...

    @property
    def summary(self) -> str: ...

    @property
    def settings(self) -> type[Any]: ...

    def expand(self, task: BoundTask, settings: Any) -> Expansion: ...


class PatternProblem(Exception):
    """A pattern cannot be used like this. `errors` are what is wrong, each with its place below the
    settings."""

    def __init__(self, *errors: tuple[InputError, At]) -> None:
        super().__init__("; ".join(error.message for error, _ in errors))
        self.errors: Sequence[tuple[InputError, At]] = errors


def check_all(*checks: Callable[[], object]) -> None:
    """Make every check, and raise all that they raise as one `PatternProblem`."""
    errors: list[tuple[InputError, At]] = []
    for check in checks:
        try:
            check()
        except PatternProblem as found:
            errors += found.errors
    if errors:
        raise PatternProblem(*errors)


def problem(kind: type[InputError], message: str, hint: str | None = None, at: At = ()) -> PatternProblem:
    """One error as a problem."""
    return PatternProblem((kind(message, hint=hint), at))
