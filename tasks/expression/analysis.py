"""What an expression says, without evaluating it: its references, and whether it may be compiled.

Positions count characters from the beginning of the expression's source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from ...schemas.errors.expression import ExpressionError

_NAME = r"[A-Za-z_]\w*"
_QUOTED = r"\"[^\"\\]*\"|'[^'\\]*'"
_STEP = re.compile(rf"\s*(?:\.\s*({_NAME})|\[\s*(?:({_QUOTED})|(\d{{1,9}}))\s*\])")
_ROOT = re.compile(_NAME)
RESERVED = frozenset({"self", "super", "caller", "loop", "varargs", "kwargs"})
"""Names that the expression language keeps for itself; nothing can be called so."""

_WORDS = frozenset(
    {"true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "else", "is", "in"}
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One name with the fixed fields behind it: `tasks.a.output.x` is root `tasks`, then its path.

    The path ends before the first field that is itself computed. `start` and `end` enclose the
    reference in the source.
    """

    root: str
    path: tuple[str | int, ...]
    start: int
    end: int

    def __str__(self) -> str:
        return spell(self.root, self.path)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an expression cannot be used: the error to raise, and the place in the source."""

    error: type[ExpressionError]
    message: str
    hint: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The references of an expression in the order of the text, and its problems.

    `plain` is true when the expression is one reference and nothing else.
    """

    references: tuple[Reference, ...] = ()
    problems: tuple[Problem, ...] = ()
    plain: bool = False


@lru_cache(maxsize=32_768)
def analyse(source: str) -> Analysis:
    """The analysis of one expression's source; bad syntax is among its problems and never raises."""
    reference = plain_reference(source)
    if reference is not None:
        return Analysis(references=(reference,), plain=True)
    # Parsing needs Jinja2, which most graphs can do without until they run.
    from .syntax import examine

    return examine(source)


def plain_reference(source: str) -> Reference | None:
    """The reference that an expression is, when it is nothing else; it then needs no parser."""
    reference = reference_at(source, 0)
    if reference is None or reference.end != len(source) or reference.root in _WORDS:
        return None
    return reference


def reference_at(source: str, start: int) -> Reference | None:
    """The reference that begins at `start`, as far as its steps are fixed; None without a name."""
    root = _ROOT.match(source, start)
    if root is None:
        return None
    path: list[str | int] = []
    end = root.end()
    while step := _STEP.match(source, end):
        name, quoted, number = step.groups()
        path.append(name or (quoted[1:-1] if quoted else int(number)))
        end = step.end()
    return Reference(root[0], tuple(path), start, end)


def spell(root: str, path: tuple[str | int, ...]) -> str:
    """A reference as it is written: names after dots, anything else in brackets."""
    return root + "".join(_spelled_steps(path))


def _spelled_steps(path: tuple[str | int, ...]) -> Iterator[str]:
    for step in path:
        if isinstance(step, int):
            yield f"[{step}]"
        elif re.fullmatch(_NAME, step):
            yield f".{step}"
        else:
            yield f'["{step}"]'
