"""Where a word stands among the options and operands of its program."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .shell_programs import Program

_SUFFIX = re.compile(r"(\.\w+)?")


class Standing:
    """What was read of a program's words: its options, their values as far as known, its operands.

    `awaiting` is the option whose value the next word is.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.seen: set[str] = set()
        self.values: dict[str, str] = {}
        self.operands: list[str] = []
        self.awaiting = ""
        self._has_ended = False
        self._last = ""

    def read(self, words: Sequence[str]) -> None:
        """Read whole words."""
        for position, word in enumerate(words):
            if not self.awaiting and not self._options_count():
                self.operands.extend(words[position:])
                return
            self._read_word(word)
            self._last = word

    def operand_at(self, words: Sequence[str], number: int) -> int:
        """Read up to the operand with this number, counted from 0; gives its position, or the end's."""
        for position, word in enumerate(words):
            known = len(self.operands)
            self._read_word(word)
            self._last = word
            if len(self.operands) > max(known, number):
                return position
        return len(words)

    def option_of(self, begun: str) -> str | None:
        """The option whose value stands behind `begun`, the beginning of the next word. An empty one
        when this is an operand, None when it is an option without a value."""
        if self.awaiting:
            return self.awaiting
        if not self._is_option(begun):
            return ""
        return self._options(begun)[0] or None

    def _options_count(self) -> bool:
        return not self._has_ended and len(self.operands) <= self.program.permutes

    def _is_option(self, word: str) -> bool:
        return len(word) > 1 and word[0] in "-+" and self._options_count()

    def _read_word(self, word: str) -> None:
        name, value = "", word
        if self.awaiting:
            name, self.awaiting = self.awaiting, ""
        elif self.program.kind == "sed" and self._last in ("-i", "-I") and _SUFFIX.fullmatch(word):
            # BSD's `sed -i` has the suffix of the copies as a word of its own.
            return
        elif not self._is_option(word):
            self.operands.append(word)
        elif word == "--":
            self._has_ended = True
        else:
            name, found = self._options(word)
            if found is None:
                self.awaiting = name
                return
            value = found
        if name:
            self.values[name] = value
            self._has_ended = self._has_ended or name in self.program.ends

    def _options(self, word: str) -> tuple[str, str | None]:
        """Note the options of one word. Gives the one that has a value, with the value in the same word,
        or None when that is still to come; no name when none of them has one."""
        program = self.program
        valued = program.long | program.code
        if word.startswith("--") or (word in valued and len(word) > 2):
            name, sign, value = word.partition("=")
            self.seen.add(name)
            if name not in valued:
                return "", ""
            return name, value if sign else None
        for place, letter in enumerate(word[1:], 2):
            option = f"{word[0]}{letter}"
            self.seen.add(option)
            if letter in program.attached:
                break
            if letter in program.valued:
                return option, word[place:] or None
        return "", ""
