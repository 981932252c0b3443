"""The database made anew from the mirror."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, zip_longest
from pathlib import Path

from ...schemas.errors import ChainBroken, LedgerDamaged, LedgerInUse, LedgerLocked
from .chain import GENESIS, Line, follows
from .connection import DATABASE, MIRROR, missing
from .database_errors import is_busy, ledger_errors
from .fault_points import Faults, no_faults
from .files import Rng, acquire_lock, open_private, sync_file, sync_folder
from .journal import insert_line, lines_after, read_head
from .ledger import PRESENCE, Ledger
from .lock import held_dag_runs
from .migrations import check_version, migrate
from .mirror_file import lines_from, offset_after, whole_size
from .records import Head


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did. `set_aside` are files that were kept because something in them is lost or
    damaged; empty when the old files held nothing that the new ones do not."""

    records: int
    head: Head
    from_mirror: int
    from_database: int
    set_aside: tuple[Path, ...] = ()


def rebuild(
    state: Path,
    *,
    accept_loss: bool = False,
    wait_ms: float = 1000,
    faults: Faults = no_faults,
    rng: Rng = random.random,
) -> Rebuilt:
    """Make the database of `state` anew from the mirror, and put it in the place of the old one.

    Records that the mirror lacks (it may lag, or be damaged in a place) are taken from the old
    database where they continue the chain. Where neither has the next record whole, `ChainBroken` is
    raised and nothing is touched, unless `accept_loss` allows to end there.

    The new database is whole before it takes its name, so this may be killed at any moment and done
    again; done twice, it gives the same content. Raises `LedgerInUse` while a DAG run has a
    Coordinator or another process has the Ledger open.
    """
    path = state / DATABASE
    with ledger_errors(path):
        if not path.exists() and not (state / MIRROR).exists():
            raise missing(path)
        presence = _alone(state, wait_ms, rng)
        try:
            rebuilt = _Rebuild(state, faults).carry_out(accept_loss)
        finally:
            os.close(presence)
        # Opening brings the mirror up to the new database.
        Ledger.open(state, faults=faults, rng=rng).close()
        return rebuilt


def _alone(state: Path, wait_ms: float, rng: Rng) -> int:
    for dag_run_id, holder in held_dag_runs(state).items():
        raise LedgerInUse(
            f"process {holder.pid} coordinates DAG run `{dag_run_id}`",
            hint="let it end, or stop it with `me dag cancel`, and try again",
            dag_run_id=dag_run_id,
            holder=holder.to_json(),
        )
    try:
        return acquire_lock(state / PRESENCE, wait_ms=wait_ms, rng=rng)
    except LedgerLocked as error:
        raise LedgerInUse(
            f"another process has the Ledger in `{state}` open",
            hint="let it end, and try again",
            path=str(state),
        ) from error


class _Rebuild:
    """One rebuild, by a process that is alone with the Ledger."""

    def __init__(self, state: Path, faults: Faults) -> None:
        self.path = state / DATABASE
        self.mirror = state / MIRROR
        self.new = state / f"{DATABASE}.new"
        self.faults = faults
        self.seq, self.hash = 0, GENESIS
        self.taken = {"mirror": 0, "database": 0}

    def carry_out(self, accept_loss: bool) -> Rebuilt:
        old = self._open_old()
        end = _whole_end(self.mirror)
        try:
            db = self._open_new()
            try:
                self._fill(db, old, end)
                old_differs = self.path.exists() and (old is None or not _same_lines(old, db))
                mirror_differs = not self._mirror_agrees(db, end)
            finally:
                db.close()
            if not accept_loss:
                self._refuse_loss(old, end)
        finally:
            if old is not None:
                old.close()
        sync_file(self.new)
        self.faults("rebuild.before_swap")
        kept = self._swap(old_differs, mirror_differs)
        self.faults("rebuild.after_swap")
        head = Head(self.seq, self.hash.hex())
        return Rebuilt(self.seq, head, self.taken["mirror"], self.taken["database"], kept)

    def _open_old(self) -> sqlite3.Connection | None:
        """The old database with its WAL brought in; None when it is not there or cannot be read."""
        if not self.path.exists():
            return None
        db = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            check_version(db, self.path)
            busy = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            db.execute("BEGIN EXCLUSIVE")
            db.execute("COMMIT")
        except (LedgerDamaged, sqlite3.DatabaseError) as error:
            db.close()
            if not (isinstance(error, sqlite3.DatabaseError) and is_busy(error)):
                return None
            busy = 1
        except BaseException:
            db.close()
            raise
        if busy:
            db.close()
            raise LedgerInUse(
                f"another program has `{self.path}` open", hint="close it, and try again", path=str(self.path)
            )
        return db

    def _open_new(self) -> sqlite3.Connection:
        self.new.unlink(missing_ok=True)
        os.close(open_private(self.new, os.O_RDWR | os.O_EXCL))
        db = sqlite3.connect(self.new, isolation_level=None)
        # It has no name yet that anyone looks at: until the swap nothing of it need survive.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        migrate(db, self.new, no_faults)
        return db

    def _fill(self, db: sqlite3.Connection, old: sqlite3.Connection | None, mirror_end: int) -> None:
        """Take from either source as long as one of them goes on; the mirror has precedence."""
        db.execute("BEGIN")
        went_on = True
        while went_on:
            before = self.seq
            self._take(db, "mirror", self._from_mirror(mirror_end))
            if old is not None:
                self._take(db, "database", lines_after(old, self.seq))
            went_on = self.seq > before
        db.execute("COMMIT")

    def _take(self, db: sqlite3.Connection, source: str, lines: Iterator[Line]) -> None:
        # What cannot be read ends this source; whether that matters is seen by where both end.
        with contextlib.suppress(ValueError, sqlite3.DatabaseError):
            for line in lines:
                if not follows(line, self.seq, self.hash):
                    return
                insert_line(db, line, self.hash)
                self.seq, self.hash = line.seq, line.hash
                self.taken[source] += 1

    def _from_mirror(self, end: int) -> Iterator[Line]:
        if end == 0:
            return
        with self.mirror.open("rb") as file:
            start = 0 if self.seq == 0 else offset_after(file, end, self.seq)
            yield from lines_from(file, start, end)

    def _mirror_agrees(self, db: sqlite3.Connection, end: int) -> bool:
        """Whether every line of the mirror is, byte by byte, what the new database would write."""
        if end == 0:
            return True
        with self.mirror.open("rb") as file:
            for line in lines_after(db, 0):
                if file.tell() >= end:
                    return True
                if file.readline() != line.mirrored():
                    return False
            return file.tell() >= end

    def _refuse_loss(self, old: sqlite3.Connection | None, end: int) -> None:
        """Raise when either source goes on behind the place where the new database ends."""
        most = _line_count(self.mirror, end)
        if old is not None:
            with contextlib.suppress(sqlite3.DatabaseError):
                most = max(most, read_head(old)[0])
        if most > self.seq:
            self.new.unlink()
            raise ChainBroken(
                f"record {self.seq + 1} of {most} is whole neither in the mirror nor in the database",
                hint="restore one of both from a backup, or accept to lose what follows it",
                seq=self.seq + 1,
            )

    def _swap(self, keep_old: bool, keep_mirror: bool) -> tuple[Path, ...]:
        """Give the new database its name. What is kept gets its own name first."""
        kept = []
        wal = self.path.with_name(f"{DATABASE}-wal")
        if keep_old:
            aside = _free_name(self.path.parent, f"{DATABASE}.set-aside-")
            os.link(self.path, aside)
            if wal.exists():
                wal.rename(aside.with_name(f"{aside.name}-wal"))
            kept.append(aside)
        self.faults("rebuild.during_swap")
        # A WAL that outlived its database would be taken for one of the new database.
        wal.unlink(missing_ok=True)
        self.path.with_name(f"{DATABASE}-shm").unlink(missing_ok=True)
        self.new.replace(self.path)
        if keep_mirror:
            aside = _free_name(self.path.parent, "runs.set-aside-", ".jsonl")
            self.mirror.rename(aside)
            kept.append(aside)
        sync_folder(self.path.parent)
        return tuple(kept)


def _whole_end(path: Path) -> int:
    """The size of the mirror without a torn last line; 0 when there is none."""
    try:
        with path.open("rb") as file:
            return whole_size(file.fileno(), file.seek(0, os.SEEK_END))
    except FileNotFoundError:
        return 0


def _line_count(path: Path, end: int) -> int:
    if end == 0:
        return 0
    found = 0
    with path.open("rb") as file:
        while end > 0 and (block := file.read(min(end, 1 << 20))):
            found += block.count(b"\n")
            end -= len(block)
    return found


def _same_lines(old: sqlite3.Connection, new: sqlite3.Connection) -> bool:
    """Whether every record of the old database stands in the new one as it was."""
    try:
        pairs = zip_longest(lines_after(old, 0), lines_after(new, 0))
        return all(was == line for was, line in pairs if was is not None)
    except sqlite3.DatabaseError:
        return False


def _free_name(folder: Path, stem: str, suffix: str = "") -> Path:
    return next(path for number in count(1) if not (path := folder / f"{stem}{number}{suffix}").exists())
