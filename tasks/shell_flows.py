"""Follows texts that hold expressions from the command that writes them to one that runs them.

What `echo`, `printf`, here-documents and the like write is known; what other programs make of their
arguments is not, so a value is not followed through them, nor through variables and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .expression.scanner import Hole
from .shell_code import Code
from .shell_words import Group, Words

Refuse = Callable[[Hole, Code], None]


class Flows:
    """Looks at the commands of one text. Calls `refuse` for an expression in the output of commands
    that is put into code, and `refuse_input` for one in what a program reads as code."""

    def __init__(self, refuse: Refuse, refuse_input: Refuse) -> None:
        self._refuse = refuse
        self._refuse_input = refuse_input
        self._told: set[int] = set()

    def follow(self, group: Group, read: Iterable[Hole] = ()) -> list[Hole]:
        """The expressions whose values a group writes when those of `read` are in what it reads."""
        behind = group.behind
        incoming = list(read)
        if behind is not None and behind.fed is not None:
            incoming = self._texts(behind.fed)
        written: list[Hole] = []
        for pipeline in group.pipelines:
            carried = incoming
            for member in pipeline:
                if isinstance(member, Group):
                    carried = self.follow(member, carried)
                else:
                    carried = self._command(member, carried)
            written += carried
        for reader in behind.writes_to if behind is not None else ():
            self.follow(reader, written)
        return written

    def _command(self, words: Words, read: list[Hole]) -> list[Hole]:
        incoming = read if words.fed is None else self._texts(words.fed)
        program = words.reads_program() if incoming else None
        if program is not None:
            self._tell(self._refuse_input, incoming, program)
        for commands, code in words.programs:
            self._tell(self._refuse, self.follow(commands), code)
        said = self._texts(words.said)
        incoming = incoming + self._texts(words.files)
        written = (said if words.speaks() else []) + (incoming if words.passes() else [])
        for reader in words.writes_to:
            self.follow(reader, written)
        return written

    def _texts(self, found: Iterable[Hole | Group]) -> list[Hole]:
        holes: list[Hole] = []
        for item in found:
            holes += self.follow(item) if isinstance(item, Group) else [item]
        return holes

    def _tell(self, refuse: Refuse, holes: Iterable[Hole], code: Code) -> None:
        for hole in holes:
            if hole.start not in self._told:
                self._told.add(hole.start)
                refuse(hole, code)
