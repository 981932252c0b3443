"""The words of one simple command, as far as they decide what may stand in it."""

from __future__ import annotations

import re
from enum import Enum, auto

SHELLS = frozenset({"sh", "ash", "bash", "dash", "ksh", "ksh93", "mksh", "zsh", "fish", "busybox"})

_RESERVED = frozenset(
    {"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "command", "builtin"}
)
_EVALUATING = frozenset({"eval", "let", "alias"})
_REMOTE = frozenset({"ssh", "su", "watch", "parallel"})
_DECLARING = frozenset({"declare", "typeset", "local", "export", "readonly"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^]]*\])?\+?=")
_SUBSCRIPT = re.compile(r"[A-Za-z_]\w*\[[^]]*$")
_DASH_C = re.compile(r"-[A-Za-z]*c[A-Za-z]*$")


class Reading(Enum):
    """How the shell reads the word in which an expression stands."""

    PLAIN = auto()
    CODE = auto()
    EVALUATED = auto()


class Words:
    """A simple command while it is read. Quotes are taken off; values that are not known are `\\0`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.current: str | None = None
        self.is_quoted = False
        self._target = False
        self._vanishing = False

    def redirect(self) -> None:
        """At `<` or `>`: a number before it and the word behind it are no words of the command."""
        if self.current is not None and self.current.isdecimal() and not self.is_quoted:
            self.current = None
        self.end_word()
        self._target = True

    def add(self, text: str) -> None:
        """Go on with the current word, or begin one."""
        self.current = (self.current or "") + text

    def quote(self) -> None:
        """The current word has a quoted part, so that it is no keyword."""
        self.add("")
        self.is_quoted = True

    def end_word(self) -> str | None:
        """End the current word; gives it when it stands where a keyword of the shell would count."""
        word, quoted, target = self.current, self.is_quoted, self._target
        if word is None:
            return None
        self.current, self.is_quoted, self._target = None, False, False
        if target:
            return None
        leading = not self.done and not quoted
        if leading and word in _RESERVED:
            return word
        if quoted or word.strip("\0"):
            self.done.append(word)
        else:
            # An expansion alone, outside quotes, may come to nothing: then the next word has its place.
            self._vanishing = True
        return word if leading else None

    def reading(self) -> Reading:
        """How the current word is read if an expression stands at this place of it."""
        current = self.current or ""
        done = self.done
        while done and _ASSIGNMENT.match(done[0]):
            done = done[1:]
        name = _base(done[0]) if done else ""
        if name in _EVALUATING or (name == "trap" and not [word for word in done[1:] if word != "--"]):
            return Reading.CODE
        if self._is_program_of_shell() or (name in _REMOTE and re.search(r"\s", current)):
            return Reading.CODE
        assigning = not done and not self._vanishing
        if _SUBSCRIPT.match(current) and (
            assigning or name in _DECLARING | {"unset", "read", "printf", "test", "["}
        ):
            return Reading.EVALUATED
        if name in _DECLARING and any(re.match(r"[-+][A-Za-z]*i", word) for word in done[1:]):
            return Reading.EVALUATED
        return Reading.PLAIN

    def _is_program_of_shell(self) -> bool:
        """Whether the current word follows `sh -c`, wherever in the command that stands."""
        for index, word in enumerate(self.done):
            if _base(word) not in SHELLS:
                continue
            found = False
            before = ""
            for option in self.done[index + 1 :]:
                if not option.startswith(("-", "+")) and before[-1:] not in ("o", "O"):
                    break
                found = found or bool(_DASH_C.match(option))
                before = option
            else:
                if found:
                    return True
        return False

    def reads_program(self) -> bool:
        """Whether the command takes shell text from its standard input."""
        names = {_base(word) for word in self.done}
        return bool(names & SHELLS) or (bool(self.done) and _base(self.done[0]) == "ssh")


def _base(word: str) -> str:
    return word.replace("\0", "").rpartition("/")[2]
