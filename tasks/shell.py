"""Binds the expressions of a `run:` string to environment variables.

No value ever becomes shell text: an expression is replaced by a reference to a variable that holds
its value, in double quotes where it stands outside quotes. So a value arrives as exactly one word,
or as a part of one, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .expression.analysis import Problem
from .expression.scanner import Hole, Piece
from .shell_cursor import Place
from .shell_lexer import ShellLexer

PREFIX = "ME_X_"


@dataclass(frozen=True, slots=True)
class ShellText:
    """`text` for `sh -c`, and for each variable in it the source of the expression that it holds.

    When there are `problems`, text and bindings are of no use. Their positions are characters of
    the original text.
    """

    text: str
    bindings: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()


def bind_shell(text: str, pieces: Sequence[Piece]) -> ShellText:
    """The shell text for a `run:` string that was scanned into `pieces`.

    Equal expressions share one variable. A text without expressions is left alone and not read.
    """
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    if not holes:
        return ShellText(text)
    lexer = ShellLexer(text, holes)
    lexer.read()
    if lexer.problems:
        return ShellText(text, problems=tuple(sorted(lexer.problems, key=lambda problem: problem.start)))
    names: dict[str, str] = {}
    parts: list[str] = []
    for piece in pieces:
        if not isinstance(piece, Hole):
            parts.append(piece.text)
            continue
        name = names.setdefault(piece.source, f"{PREFIX}{len(names) + 1}")
        reference = f"${{{name}}}"
        parts.append(f'"{reference}"' if lexer.places[piece.start] is Place.BARE else reference)
    return ShellText("".join(parts), tuple((name, source) for source, name in names.items()))
