"""The words of one simple command, and the texts that go into it: what decides where values can stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .expression.scanner import Hole
from .shell_code import Code, code_at, code_on_input, file_at, is_assignment, is_in_subscript, passes, speaks

_RESERVED = frozenset({"if", "then", "else", "elif", "while", "until", "do", "!", "{", "time"})
OPENERS = {
    "{": "}",
    "if": "fi",
    "while": "done",
    "until": "done",
    "for": "done",
    "select": "done",
    "case": "esac",
}
"""The words that begin a group of commands, each with the one that ends it."""

_CLOSERS = frozenset(OPENERS.values())
_SUBSCRIPT = Code("subscript", "")


@dataclass(slots=True)
class Group:
    """Commands that have one standard input and one standard output: pipelines, one after the other.

    `behind` are the redirections that stand behind it.
    """

    closer: str = ""
    pipelines: list[list[Words | Group]] = field(default_factory=list)
    behind: Words | None = None
    is_open: bool = False
    """The next command takes what the last one writes."""

    def add(self, member: Words | Group) -> None:
        """Add a command, or a group, behind the last one."""
        if self.is_open:
            self.pipelines[-1].append(member)
        else:
            self.pipelines.append([member])
        self.is_open = False

    def pipe(self) -> None:
        """At `|`: the next member is of the same pipeline."""
        self.is_open = bool(self.pipelines)


class Words:
    """A simple command while it is read. Quotes are taken off; values that are not known are `\\0`.

    `within` is the command in one of whose words this text stands, `feeds` the one that reads it as
    its here-document; what is noted then belongs to that.
    """

    def __init__(
        self,
        within: Words | None = None,
        feeds: Words | None = None,
        *,
        always: Code | None = None,
        is_array: bool = False,
        is_behind: bool = False,
    ) -> None:
        self.always = always
        """What evaluates every value here."""
        self.done: list[str] = []
        self.current: str | None = None
        self.is_quoted = False
        self.is_behind = is_behind
        """Only the redirections of a group."""
        self.is_array = is_array
        """The values of an array."""
        self.is_divided = False
        """Some shells end the command here and others go on with it."""
        self.said: list[Hole | Group] = []
        """Expressions in the words, and commands whose output gets there."""
        self.fed: list[Hole | Group] | None = None
        """The same of the text on standard input, when it does not come from elsewhere."""
        self.programs: list[tuple[Group, Code]] = []
        """Commands whose output is run."""
        self.files: list[Group] = []
        """Commands whose output is a file that the command is given."""
        self.writes_to: list[Group] = []
        """Commands that read a file that the command is given to write."""
        self._within = within
        self._feeds = feeds
        self._target: str | None = None
        self._unsure: set[int] = set()

    # ---- reading

    def redirect(self, sign: str) -> None:
        """At `<`, `>` and the like: a number before it and the word behind it are no words of the command."""
        if self.current is not None and self.current.isdecimal() and not self.is_quoted:
            self.current = None
        self.end_word()
        self._target = sign
        if sign in ("<", "<<<"):
            self.feed()

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
        self.current, self.is_quoted, self._target = None, False, None
        if target is not None:
            return None
        leading = not self.done and not quoted
        if leading and (word in _RESERVED or word in _CLOSERS):
            return word
        if (not quoted and not word.strip("\0")) or word == "\0$SHELL":
            # An expansion alone, outside quotes, may come to nothing: then the next word has its place.
            self._unsure.add(len(self.done))
        self.done.append(word)
        return word if leading else None

    def following(self) -> Words:
        """The next command of the same place."""
        return Words(always=self.always, is_array=self.is_array)

    @property
    def is_empty(self) -> bool:
        """Whether this is no command."""
        return self.is_behind or (not self.done and self.fed is None and not self.said)

    @property
    def is_named_group(self) -> bool:
        """Whether the last word, a `{`, begins a group behind `function NAME`, `coproc` or `coproc NAME`."""
        before = self.done[:-1]
        return (before[:1] == ["function"] and len(before) == 2) or (
            before[:1] == ["coproc"] and len(before) < 3
        )

    @property
    def target(self) -> str | None:
        """The sign of the redirection whose word is the current one."""
        return self._target

    @property
    def is_unclear(self) -> bool:
        """Whether shells disagree about the command to which the current word belongs."""
        if self._within is not None:
            return self._within.is_unclear
        return self.is_divided and self._target is None

    # ---- what a value would be

    def reading(self) -> Code | None:
        """What would run or evaluate a value at this place of the current word; None when it is data."""
        if self.always is not None:
            return self.always
        if self._within is not None:
            return self._within.reading()
        if self._feeds is not None or self._target is not None:
            return None
        begun = self.current or ""
        if is_in_subscript(begun) and self._only_assigns():
            return _SUBSCRIPT
        if self.is_array and begun.startswith("[") and "]" not in begun:
            return _SUBSCRIPT
        return next((code for words in self._variants() if (code := code_at(words, begun))), None)

    def reading_of_file(self) -> Code | None:
        """What would run the text of a file whose name the current word is."""
        if self._within is not None or self._feeds is not None or self._target is not None:
            return None
        return next(
            (code for words in self._variants() if (code := file_at(words, self.current or ""))), None
        )

    def reads_program(self) -> Code | None:
        """What takes its program from the command's standard input."""
        return next((code for words in self._variants() if (code := code_on_input(words))), None)

    def speaks(self) -> bool:
        """Whether the command writes its arguments."""
        return any(speaks(words) for words in self._variants())

    def passes(self) -> bool:
        """Whether the command writes what it reads."""
        return any(passes(words) for words in self._variants())

    def _variants(self) -> Iterator[list[str]]:
        yield self.done
        if self._unsure:
            yield [word for place, word in enumerate(self.done) if place not in self._unsure]

    def _only_assigns(self) -> bool:
        return not self._unsure and all(is_assignment(word) for word in self.done)

    # ---- noting

    def note(self, found: Hole | Group) -> None:
        """An expression, or commands whose output is put in, at this place of the current word."""
        if self._within is not None:
            self._within.note(found)
        elif self._feeds is not None:
            self._feeds.feed(found)
        elif self._target == "<<<":
            self.feed(found)
        elif self._target is None:
            self.said.append(found)

    def put_in(self, commands: Group, code: Code | None) -> None:
        """Commands whose output is put in, at a place where `code` would run it."""
        if code is None:
            self.note(commands)
        elif self._within is not None:
            self._within.put_in(commands, code)
        else:
            self.programs.append((commands, code))

    def feed(self, *found: Hole | Group) -> None:
        """What stands in the text on standard input, if anything does."""
        if self.fed is None:
            self.fed = []
        self.fed.extend(found)
