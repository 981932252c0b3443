"""What SQLite and the operating system report, in the words of our own error tree."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from ...schemas.errors import (
    LedgerDamaged,
    LedgerError,
    LedgerFull,
    LedgerLocked,
    LedgerReadOnly,
    LedgerUnreadable,
)

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_FULL_ERRNO = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY_ERRNO = (errno.EROFS, errno.EACCES, errno.EPERM)

_RESUME = "make space, then go on with `me dag resume`"
REBUILD = "`me ledger rebuild` makes the database anew from the mirror `runs.jsonl`"


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code of `error`, or -1 where Python's module raised it by itself."""
    code = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else int(code) & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection was in the way, so that trying again may help."""
    return primary_code(error) in _BUSY


def translated(error: sqlite3.Error, path: Path) -> LedgerError | None:
    """The error of ours that says what `error` means for the database at `path`.

    None for an error that speaks of our own mistake (a wrong statement, a closed connection), which
    must stay what it is.
    """
    code = primary_code(error)
    if code in _BUSY:
        return LedgerLocked(
            f"another process keeps the Ledger `{path}` locked",
            hint="close the program that has it open, or wait for it, and try again",
            path=str(path),
        )
    if code == sqlite3.SQLITE_FULL:
        return LedgerFull(f"there is no space left for the Ledger `{path}`", hint=_RESUME, path=str(path))
    if code in _DAMAGED:
        return LedgerDamaged(f"`{path}` is damaged, or not a Ledger: {error}", hint=REBUILD, path=str(path))
    if code in _READ_ONLY:
        return _read_only(path, str(error))
    if code == sqlite3.SQLITE_CANTOPEN:
        return _cannot_open(path, str(error))
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
        return _io_error(error, path)
    return None


def translated_os(error: OSError, path: Path) -> LedgerError:
    """The error of ours that says what `error`, met at `path`, means."""
    words = error.strerror or str(error)
    if error.errno in _FULL_ERRNO:
        return LedgerFull(f"there is no space left for `{path}`: {words}", hint=_RESUME, path=str(path))
    if error.errno in _READ_ONLY_ERRNO:
        return _read_only(path, words)
    return LedgerUnreadable(f"`{path}` cannot be used: {words}", path=str(path))


def raise_translated(error: sqlite3.Error, path: Path) -> NoReturn:
    """Raise what `translated` gives, or `error` itself where it gives nothing."""
    ours = translated(error, path)
    if ours is None:
        raise error
    raise ours from error


@contextmanager
def ledger_errors(path: Path) -> Iterator[None]:
    """Let errors of SQLite and of the system leave the block as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise_translated(error, path)
    except OSError as error:
        raise translated_os(error, path) from error


def _read_only(path: Path, words: str) -> LedgerError:
    return LedgerReadOnly(
        f"the Ledger `{path}` cannot be written: {words}",
        hint="make it writable, then go on with `me dag resume`; commands that only read work as it is",
        path=str(path),
    )


def _cannot_open(path: Path, words: str) -> LedgerError:
    """SQLite says no more than that it could not open a file; the system is asked why.

    The file itself is not opened for that: closing it again would drop the locks that another
    connection of this process holds on it.
    """
    folder = path.parent
    try:
        if not os.access(folder, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
            return _read_only(path, words)
        if os.statvfs(folder).f_bavail == 0:
            return LedgerFull(f"there is no space left for the Ledger `{path}`", hint=_RESUME, path=str(path))
    except OSError as error:
        return translated_os(error, path)
    return LedgerUnreadable(f"the Ledger `{path}` cannot be opened: {words}", path=str(path))


def _io_error(error: sqlite3.Error, path: Path) -> LedgerError:
    # A full quota or a limit on the size of files reaches us as a failed write.
    name = getattr(error, "sqlite_errorname", "")
    if name in ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE", "SQLITE_IOERR_SHMSIZE"):
        return LedgerFull(
            f"the system refused a write to the Ledger `{path}` ({name})", hint=_RESUME, path=str(path)
        )
    return LedgerUnreadable(
        f"the system reported an error on the Ledger `{path}`: {error} ({name})", path=str(path)
    )
