"""Tells whether a word of a command is code: text that is run as a program, or evaluated.

A command is given by its words without their quotes, in which `\\0` stands for what is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .shell_options import Standing
from .shell_programs import LANGUAGES, NEVER_RUN, PASSING, PROGRAMS, SPEAKING, Program, base_name

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^]]*\])?\+?=")
_SUBSCRIPT = re.compile(r"[A-Za-z_]\w*\[[^]]*$")
_STANDARD_INPUT = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_COMMAND_OF_FIND = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_RUN_BY_SSH = re.compile(r"(?i)\s*(proxy|local|remote|knownhosts)command\b")
_ARRAY_OR_NUMBER = frozenset({"-a", "-A", "-i", "-n"})
_WITHOUT_VALUE = frozenset({"--", "--rm", "-it", "-ti", "-i", "-t", *_COMMAND_OF_FIND})
"""Options of programs that the table does not know, behind which a command may begin."""
_MOST_OPTIONS = 30
"""So many words may stand between the name of a shell and its code."""


@dataclass(frozen=True, slots=True)
class Code:
    """What runs a text: the kind of program, and its name in the command."""

    kind: str
    program: str


def is_assignment(word: str) -> bool:
    """Whether a word at the beginning of a command sets a variable."""
    return _ASSIGNMENT.match(word) is not None


def is_in_subscript(begun: str) -> bool:
    """Whether a word that goes on behind `begun` goes on inside the subscript of a variable."""
    return _SUBSCRIPT.match(begun) is not None


def code_at(words: Sequence[str], begun: str) -> Code | None:
    """What would run a value that stands behind `begun`, in the word behind `words`; None if nothing."""
    known = list(_starts(words))
    for start in known:
        code = _code_of(words, start, begun)
        if code is not None:
            return code
    if not _may_run_words(words, known):
        return None
    return next(
        (code for start in _loose_starts(words) if (code := _code_of(words, start, begun)) is not None), None
    )


def file_at(words: Sequence[str], begun: str) -> Code | None:
    """What would run the file whose name the word behind `words` is."""
    for start in _starts(words):
        program = PROGRAMS.get(base_name(words[start]))
        if program is None:
            continue
        standing = _standing(program, words, start)
        option = standing.option_of(begun)
        is_script = option == "" and program.has_script and not standing.operands
        if option in program.files or (is_script and not _brings_code(program, standing)):
            return _named(program, words[start])
    return None


def code_on_input(words: Sequence[str]) -> Code | None:
    """What would run the text that the command has on its standard input; None when it is data."""
    known = list(_starts(words))
    for start in known:
        program = PROGRAMS.get(base_name(words[start]))
        code = _input_code(program, words, start) if program is not None else None
        # These two take the input themselves; the commands that they run get none.
        if code is not None or (program is not None and program.kind in ("xargs", "parallel")):
            return code
    if not _may_run_words(words, known):
        return None
    for start, word in enumerate(words):
        program = PROGRAMS.get(base_name(word))
        if program is not None and _is_loose(words, start, program):
            code = _input_code(program, words, start)
            if code is not None:
                return code
    return None


def speaks(words: Sequence[str]) -> bool:
    """Whether the command writes its arguments to its standard output."""
    return any(base_name(words[start]) in SPEAKING for start in _starts(words))


def passes(words: Sequence[str]) -> bool:
    """Whether the command writes what it reads from its standard input, or a part of it."""
    return any(base_name(words[start]) in PASSING for start in _starts(words))


# ---- where the name of a program stands


def _starts(words: Sequence[str]) -> Iterator[int]:
    """The positions of the program and, when that runs a further one, of this one and so on."""
    start = 0
    while start < len(words) and (words[start].startswith("-") or is_assignment(words[start])):
        start += 1
    while start < len(words):
        yield start
        name = base_name(words[start])
        if name in ("find", "gfind"):
            yield from _starts_in_find(words, start)
            return
        program = PROGRAMS.get(name)
        if program is None or program.runs is None:
            return
        start += 1 + Standing(program).operand_at(words[start + 1 :], program.runs)
        while program.takes_variables and start < len(words) and is_assignment(words[start]):
            start += 1


def _starts_in_find(words: Sequence[str], start: int) -> Iterator[int]:
    """The command behind the last `-exec`, unless its end was read."""
    for position in range(len(words) - 1, start, -1):
        if words[position] in (";", "+"):
            return
        if words[position - 1] in _COMMAND_OF_FIND:
            yield from (position + inner for inner in _starts(words[position:]))
            return


def _loose_starts(words: Sequence[str]) -> Iterator[int]:
    """Positions from which on there is the name of a shell or of a language and then only options: any
    program may run its last words as a command."""
    for start in range(len(words) - 1, max(-1, len(words) - 1 - _MOST_OPTIONS), -1):
        program = PROGRAMS.get(base_name(words[start]))
        if program is not None and not program.first and _is_loose(words, start, program):
            yield start
        if not any(word.startswith(("-", "+")) for word in words[start : start + 2]):
            return


def _is_loose(words: Sequence[str], start: int, program: Program) -> bool:
    if program.kind != "shell" and program.kind not in LANGUAGES:
        return False
    before = words[start - 1] if start else ""
    if program.kind == "shell":
        return before not in ("-s", "--shell")
    return not before.startswith("-") or before in _WITHOUT_VALUE


def _may_run_words(words: Sequence[str], known: Sequence[int]) -> bool:
    """Whether what the table does not know of this command could be that it runs some of its words."""
    if any(base_name(words[start]) in NEVER_RUN for start in known):
        return False
    last = PROGRAMS.get(base_name(words[known[-1]])) if known else None
    if last is None or (last.kind != "shell" and last.kind not in LANGUAGES):
        return True
    # What stands behind the program of a shell are that program's own arguments.
    return not _standing(last, words, known[-1]).operands


# ---- what a program does with a word


def _standing(program: Program, words: Sequence[str], start: int) -> Standing:
    standing = Standing(program)
    standing.read(words[start + 1 :])
    return standing


def _named(program: Program, word: str) -> Code:
    return Code(program.kind, word.replace("\0", "").rpartition("/")[2])


def _code_of(words: Sequence[str], start: int, begun: str) -> Code | None:
    program = PROGRAMS.get(base_name(words[start]))
    if program is None:
        return None
    if program.kind in ("name", "declare") and is_in_subscript(begun):
        return Code("subscript", words[start])
    standing = _standing(program, words, start)
    option = standing.option_of(begun)
    if option is None and program.kind != "trap":
        return None
    if option:
        is_code = option in program.code or (
            program.kind == "ssh" and option == "-o" and _RUN_BY_SSH.search(begun) is not None
        )
    elif program.kind == "declare":
        is_code = not _ARRAY_OR_NUMBER.isdisjoint(standing.seen) or _is_name(words[start], begun)
    else:
        is_code = _runs_operand(program, standing)
    return _named(program, words[start]) if is_code else None


def _is_name(builtin: str, begun: str) -> bool:
    """`export` and `readonly` refuse names with subscripts in every shell."""
    return "=" not in begun and builtin in ("declare", "typeset", "local")


def _runs_operand(program: Program, standing: Standing) -> bool:
    """Whether the next operand is code."""
    if not program.harmless.isdisjoint(standing.seen):
        return False
    operands = standing.operands
    if program.joined is not None and len(operands) >= program.joined:
        return program.stops.isdisjoint(operands[1:])
    if operands:
        return False
    if program.first:
        return program.instead.isdisjoint(standing.seen)
    return not program.flags.isdisjoint(standing.seen)


def _brings_code(program: Program, standing: Standing) -> bool:
    """Whether the options bring the code, so that no operand names it and standard input is data."""
    return not (program.code | program.flags | program.instead).isdisjoint(standing.seen)


def _input_code(program: Program, words: Sequence[str], start: int) -> Code | None:
    standing = _standing(program, words, start)
    operands = standing.operands
    if program.kind == "ssh":
        return _input_of_remote(program, words[start], operands)
    if program.kind == "xargs":
        return _input_of_xargs(standing)
    if any(standing.values.get(option) in _STANDARD_INPUT for option in program.files):
        return _named(program, words[start])
    if _brings_code(program, standing):
        return None
    is_read = program.reads and (not operands or program.kind == "at")
    is_script = program.has_script and bool(operands) and operands[0] in _STANDARD_INPUT
    if is_read or is_script or not program.reads_with.isdisjoint(standing.seen):
        return _named(program, words[start])
    return None


def _input_of_remote(program: Program, name: str, operands: Sequence[str]) -> Code | None:
    """Without a command, the shell of the other machine reads its program from standard input."""
    if len(operands) < 2:
        return _named(program, name)
    commands = re.split(r"[;&|\n]+", " ".join(operands[1:]))
    return next((code for part in commands if (code := code_on_input(part.split())) is not None), None)


def _input_of_xargs(standing: Standing) -> Code | None:
    """What is read becomes words of the command: the last ones, or those with a mark in them."""
    words = standing.operands
    mark = standing.values.get("-I") or ("{}" if standing.seen & {"-i", "--replace"} else "")
    if not mark:
        return code_at(words, "") if words else None
    marked = ((place, word.partition(mark)[0]) for place, word in enumerate(words) if mark in word)
    return next((code for place, begun in marked if (code := code_at(words[:place], begun))), None)
