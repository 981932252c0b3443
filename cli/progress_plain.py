"""Progress where no cursor can move: one line per node that ends."""

from __future__ import annotations

from contextlib import suppress
from typing import Self, TextIO

from ..schemas.progress import NodeChanged, Note, Progress, RunStarted, SourceChanged
from .plain import plain
from .progress_words import COLOURS, WORD, is_worth_a_line, line_of, source_words, start_of
from .terminal import has_colour, paint


class PlainProgress:
    """An Observer that writes lines to `stream`. A reader who went away ends the words, not the run."""

    told_source = False

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._colour = has_colour(stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        return None

    def notice(self, progress: Progress) -> None:
        """Write the line for it, if it has one."""
        match progress:
            case RunStarted(_, name, total, tasks=tasks):
                verb, rest = start_of(progress)
                count, what = (tasks, "task") if tasks else (total, "node")
                self._write(f"{verb} {plain(name)}: {count} {what}{'s' if count != 1 else ''}, {rest}")
            case SourceChanged(gone):
                self.told_source = True
                self._write(source_words(gone=gone))
            case NodeChanged() if is_worth_a_line(progress):
                state, rest = line_of(progress)
                word = paint(f"{state:<{WORD}}", COLOURS.get(state, "33"), colour=self._colour)
                self._write(f"{word} {rest}")
            case Note(text):
                self._write(text)
            case _:
                pass

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._stream.write(f"{text}\n")
            self._stream.flush()
