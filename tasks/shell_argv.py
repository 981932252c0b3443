"""Expressions in a list of words, where no shell reads them, but the program that the list names may.

A word reaches its program as it is. When that is a shell, or an interpreter, some of its words are code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..schemas.errors.expression import UnterminatedExpression
from .expression.analysis import Problem
from .expression.scanner import Hole, Piece, Text, has_expression, scan
from .quoting import in_quotes
from .shell import PREFIX, bind_shell
from .shell_code import Code, code_at
from .shell_hints import told_in_list

_PLAIN = re.compile(r"(?!(?i:true|false|null)$)(?:\.?/|--?)?[A-Za-z_][\w./+-]*", re.ASCII)
_POSIX = frozenset({"sh", "ash", "bash", "dash", "ksh", "mksh", "zsh"})
_USES_ARGUMENTS = re.compile(r"\$[\d@*#{]|\b(shift|set)\b|\n")
_VARIABLE = re.compile(rf"\$\{{{PREFIX}(\d+)\}}")


def argv_problems(argv: Sequence[object]) -> Iterator[tuple[int, Problem]]:
    """What is wrong with expressions in the words of a command, each with the position of its word.

    The positions within a problem are characters of that word. What is no text counts as unknown.
    """
    if not any(isinstance(item, str) and has_expression(item) for item in argv):
        return
    words = [_pieces(item) for item in argv]
    known = ["".join(_known(piece) for piece in pieces) for pieces in words]
    for position, pieces in enumerate(words):
        begun = ""
        for piece in pieces:
            if isinstance(piece, Hole) and (code := code_at(known[:position], begun)) is not None:
                is_last = position + 1 == len(words)
                fixed = _fixed(known[:position], str(argv[position]), pieces, code) if is_last else None
                error, message, hint = told_in_list(code, f"${{{{ {piece.source} }}}}", fixed)
                yield position, Problem(error, message, hint, piece.start, piece.end)
            begun += _known(piece)


def _pieces(item: object) -> list[Piece]:
    if not isinstance(item, str):
        return [Text("\0", 0, 1)]
    try:
        return scan(item)
    except UnterminatedExpression:
        return [Text("\0", 0, len(item))]


def _known(piece: Piece) -> str:
    return "\0" if isinstance(piece, Hole) else piece.text


def _fixed(before: list[str], item: str, pieces: list[Piece], code: Code) -> str | None:
    """The list with arguments for the expressions of its last word, when that is the text of a shell."""
    texts = [piece.text for piece in pieces if isinstance(piece, Text)]
    if code.program not in _POSIX or any("\0" in word for word in before) or not "".join(texts).strip():
        return None
    if any(_USES_ARGUMENTS.search(text) for text in texts):
        return None
    bound = bind_shell(item, pieces)
    if bound.problems or len(bound.bindings) > 9:
        return None
    text = _VARIABLE.sub(r"$\1", bound.text)
    arguments = [f"${{{{ {source} }}}}" for _, source in bound.bindings]
    return f"[{', '.join(_spelled(word) for word in (*before, text, code.program, *arguments))}]"


def _spelled(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else in_quotes(word)
