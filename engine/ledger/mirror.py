"""The mirror `runs.jsonl`: one line per record of the journal, in the order of seq.

Whoever holds the lock of the mirror writes everything that is missing, whoever recorded it. The lock
is that of a file of its own beside the mirror, so that the mirror can be renamed while it is held.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ...schemas.errors import LedgerLocked
from .chain import Line
from .database_errors import ledger_errors
from .fault_points import Faults, no_faults
from .files import Rng, locked, open_private, write_all
from .journal import hash_at, lines_after, read_head
from .mirror_file import last_line, lines_from, offset_after, whole_size

_CHUNK: Final = 1 << 20

Adopt = Callable[[Iterator[Line]], bool]
"""Takes records that follow the database's head into the journal, all or none; whether they fit."""


class Mirror:
    """The mirror of one Ledger, as one process sees it.

    `adopt` and `note_set_aside` are how a mirror that knows more than the database, or something
    else, gets into the journal; the second is told the new name of the old file and why.
    """

    def __init__(
        self,
        path: Path,
        db: sqlite3.Connection,
        *,
        adopt: Adopt,
        note_set_aside: Callable[[Path, str], None],
        rng: Rng,
        wait_ms: float,
        faults: Faults = no_faults,
    ) -> None:
        self.path = path
        self._db = db
        self._adopt = adopt
        self._note_set_aside = note_set_aside
        self._rng = rng
        self._wait_ms = wait_ms
        self._faults = faults
        self._descriptor = -1
        self._seq = 0
        self._size = -1

    def catch_up(self, *, wait: bool = True) -> int:
        """Write what is missing; returns the number of lines. Costs one look at the head when nothing is.

        A torn last line is cut first. A mirror that is ahead of the database is adopted into the
        journal if its chain continues there; one that tells something else is renamed, noted in the
        journal, and written anew. While another process is at it, `wait=False` returns 0 at once,
        and `wait=True` waits, in the end with `LedgerLocked`.
        """
        with ledger_errors(self.path):
            if self._size >= 0 and read_head(self._db)[0] == self._seq:
                return 0
            try:
                with locked(self._lock_path, wait_ms=self._wait_ms if wait else 0, rng=self._rng):
                    return self._catch_up()
            except LedgerLocked:
                if wait:
                    raise
                return 0

    def lock_path(self) -> Path:
        """The file whose lock guards the mirror."""
        return self._lock_path

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._size = -1

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name("mirror.lock")

    def _catch_up(self) -> int:
        self._open()
        size = os.fstat(self._descriptor).st_size
        if size != self._size and not self._find_end(size):
            self._open()
            self._seq, self._size = 0, 0
        return self._write_missing()

    def _open(self) -> None:
        """Have the file open that bears the name now: another process may have set ours aside."""
        if self._descriptor >= 0:
            try:
                named = self.path.stat()
                mine = os.fstat(self._descriptor)
                if (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino):
                    return
            except FileNotFoundError:
                pass
            self.close()
        self._descriptor = open_private(self.path, os.O_RDWR | os.O_APPEND)

    def _find_end(self, size: int) -> bool:
        """Learn where the mirror ends, and settle with the database; False when it was set aside."""
        whole = whole_size(self._descriptor, size)
        if whole < size:
            os.ftruncate(self._descriptor, whole)
        try:
            last = last_line(self._descriptor, whole)
        except ValueError:
            return self._set_aside("its last line is not a record")
        if last is None:
            self._seq, self._size = 0, 0
            return True
        if last.seq > read_head(self._db)[0] and not self._adopt_from_file(whole):
            return self._set_aside("it holds records that do not continue those of the database")
        if hash_at(self._db, last.seq) != last.hash:
            return self._set_aside("its last record is not the one of the database")
        self._seq, self._size = last.seq, whole
        return True

    def _adopt_from_file(self, size: int) -> bool:
        self._faults("mirror.before_adopt")
        seq, _ = read_head(self._db)
        with self.path.open("rb") as file:
            try:
                return self._adopt(lines_from(file, offset_after(file, size, seq), size))
            except ValueError:
                return False

    def _set_aside(self, reason: str) -> bool:
        number = 1
        while (aside := self.path.with_name(f"runs.set-aside-{number}.jsonl")).exists():
            number += 1
        # On record first: a file that was renamed and never named could not be found again.
        self._note_set_aside(aside, reason)
        self._faults("mirror.before_set_aside")
        self.path.rename(aside)
        self._faults("mirror.after_set_aside")
        return False

    def _write_missing(self) -> int:
        lines, held, count = [], 0, 0
        for line in lines_after(self._db, self._seq):
            text = line.mirrored()
            lines.append(text)
            held += len(text)
            count += 1
            if held >= _CHUNK:
                self._write(b"".join(lines), line.seq)
                lines, held = [], 0
        if lines:
            self._write(b"".join(lines), line.seq)
        return count

    def _write(self, content: bytes, seq: int) -> None:
        self._faults("mirror.before_write")
        try:
            if self._faults is no_faults:
                write_all(self._descriptor, content)
            else:
                half = len(content) // 2
                write_all(self._descriptor, content[:half])
                self._faults("mirror.torn_write")
                write_all(self._descriptor, content[half:])
        except BaseException:
            # How much of it arrived is not known; the next look finds the end and cuts a torn line.
            self._size = -1
            raise
        self._seq = seq
        self._size += len(content)
        self._faults("mirror.after_write")
