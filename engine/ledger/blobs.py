"""Large texts as files, each named by the SHA-256 of its content."""

from __future__ import annotations

import fcntl
import os
import re
import time
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final, Self

from ...schemas.errors import BlobMissing
from .database_errors import translated_os
from .fault_points import Faults, no_faults
from .files import sync_file, sync_folder, write_all

_NAME: Final = re.compile(r"[0-9a-f]{64}")
_IN_MEMORY: Final = 1 << 16
_ABANDONED_AFTER_S: Final = 3600.0
_HEAD: Final = 2048


class BlobStore:
    """The folder of blobs. Safe for any number of processes: a name says what the file holds.

    Files are private to the user (0600 in a folder of 0700). A file appears under its name only
    once it is whole. `durable` writes it through to the disk first, for content that a durable
    record names.
    """

    def __init__(self, folder: Path, *, faults: Faults = no_faults) -> None:
        self.folder = folder
        self._faults = faults
        self._ready = False

    def put(self, content: bytes, *, durable: bool = False) -> str:
        """Store `content` and return its name; storing the same content again changes nothing."""
        with self.writer(durable=durable) as writer:
            writer.write(content)
            return writer.commit()[0]

    def writer(self, *, durable: bool = False, keep_as: str = "") -> BlobWriter:
        """A writer for content that arrives in pieces. It needs no disk before it holds 64 KiB.

        With `keep_as`, a file name, every piece is written to the disk at once, where `adopt` finds it
        under that name when this process was killed before the end.
        """
        return BlobWriter(self, durable=durable, keep_as=keep_as, faults=self._faults)

    def adopt(self, keep_as: str) -> tuple[str, int, bytes] | None:
        """Store what a dead writer kept under `keep_as`: name, size and first bytes; None without any.

        It stays where it is until `forget`, so that this can be done again.
        """
        path = self._kept() / keep_as
        try:
            with path.open("rb") as file, self.writer() as writer:
                if not _is_abandoned(file.fileno()):
                    return None
                head = b""
                while piece := file.read(1 << 20):
                    head = head or piece[:_HEAD]
                    writer.write(piece)
                return (*writer.commit(), head) if head else None
        except FileNotFoundError:
            return None
        except OSError as error:
            raise translated_os(error, path) from error

    def forget(self, keep_as: str) -> None:
        """Remove what is kept under `keep_as`, if anything is."""
        (self._kept() / keep_as).unlink(missing_ok=True)

    def kept(self) -> list[str]:
        """The names under which something is kept, of the living and of the dead."""
        try:
            return sorted(path.name for path in self._kept().iterdir())
        except FileNotFoundError:
            return []

    def get(self, name: str) -> bytes:
        """The content of the blob `name`; `BlobMissing` when it is not there, or not what it was."""
        with self.open(name) as file:
            content = file.read()
        if sha256(content).hexdigest() != name:
            raise BlobMissing(f"the stored file `{name}` is not what it was", path=str(self.path(name)))
        return content

    def open(self, name: str) -> BinaryIO:
        """The blob `name`, open for reading from its start; `BlobMissing` when it is not there."""
        path = self.path(name)
        try:
            return path.open("rb")
        except FileNotFoundError as error:
            raise BlobMissing(f"the stored file `{name}` is not there", path=str(path)) from error
        except OSError as error:
            raise translated_os(error, path) from error

    def path(self, name: str) -> Path:
        """Where the blob `name` lies, or would lie; `ValueError` for what is no name of a blob."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not the name of a blob: {name!r}")
        return self.folder / name

    def holds(self, name: str) -> bool:
        """Whether the blob `name` is there; its content is not looked at."""
        return self.path(name).is_file()

    def is_whole(self, name: str) -> bool:
        """Whether the blob `name` is there and holds what its name says. Reads all of it."""
        digest = sha256()
        try:
            with self.path(name).open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == name

    def sweep(self, *, older_than_s: float = _ABANDONED_AFTER_S) -> int:
        """Remove what writers left behind that were killed; returns how many files.

        A living writer holds a lock on its file. The age is asked for as well, because a file is
        made a moment before it is locked.
        """
        removed = 0
        try:
            names = list(self._unfinished().iterdir())
        except FileNotFoundError:
            return 0
        for path in names:
            removed += _remove_abandoned(path, older_than_s)
        return removed

    def ready(self, *, keep: bool = False) -> Path:
        """Make the folders if need be; returns the one for files that are not whole yet.

        `keep`: the one for those that `adopt` looks for.
        """
        folder = self._kept() if keep else self._unfinished()
        if not self._ready:
            try:
                for needed in (self._unfinished(), self._kept()):
                    needed.mkdir(mode=0o700, parents=True, exist_ok=True)
                self.folder.chmod(0o700)
            except OSError as error:
                raise translated_os(error, self.folder) from error
            self._ready = True
        return folder

    def _unfinished(self) -> Path:
        return self.folder / "unfinished"

    def _kept(self) -> Path:
        return self.folder / "kept"


class BlobWriter:
    """Takes one blob piece by piece; ends with `commit` or `abort`. As a context manager, it aborts
    what was not committed. Memory is bounded, however much is written."""

    def __init__(self, store: BlobStore, *, durable: bool, faults: Faults, keep_as: str = "") -> None:
        self._store = store
        self._durable = durable
        self._keep_as = keep_as
        self._faults = faults
        self._digest = sha256()
        self._size = 0
        self._pieces: list[bytes] = []
        self._held = 0
        self._descriptor = -1
        self._temporary: Path | None = None
        self._ended = False

    @property
    def size(self) -> int:
        """How many bytes were written so far."""
        return self._size

    def write(self, content: bytes) -> None:
        """Append `content`."""
        if self._ended:
            raise ValueError("this blob has ended")
        self._digest.update(content)
        self._size += len(content)
        self._held += len(content)
        self._pieces.append(bytes(content))
        if self._held >= _IN_MEMORY or self._keep_as:
            self._flush()

    def commit(self) -> tuple[str, int]:
        """Store what was written; returns the blob's name and size in bytes."""
        if self._ended:
            raise ValueError("this blob has ended")
        name = self._digest.hexdigest()
        target = self._store.path(name)
        try:
            if _size_of(target) == self._size:
                # Whole by its name and length: there is nothing to write, and nothing to replace.
                self.abort()
                if self._durable:
                    sync_file(target)
                return name, self._size
            self._faults("blob.before_write")
            self._flush()
            self._publish(target)
        except OSError as error:
            self.abort()
            raise translated_os(error, target) from error
        except BaseException:
            self.abort()
            raise
        self._faults("blob.after_rename")
        return name, self._size

    def abort(self) -> None:
        """Forget what was written; legal at any time, and after the end."""
        self._ended = True
        self._pieces.clear()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary is not None:
            self._temporary.unlink(missing_ok=True)
            self._temporary = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.abort()

    def _publish(self, target: Path) -> None:
        temporary = self._temporary
        assert temporary is not None
        if self._durable:
            os.fsync(self._descriptor)
        self._faults("blob.before_rename")
        temporary.rename(target)
        self._temporary = None
        self._ended = True
        os.close(self._descriptor)
        self._descriptor = -1
        if self._durable:
            sync_folder(target.parent)

    def _flush(self) -> None:
        """Move what is held in memory into the file that becomes the blob."""
        try:
            if self._descriptor < 0:
                self._begin()
            for piece in self._pieces:
                write_all(self._descriptor, piece)
        except OSError as error:
            self.abort()
            raise translated_os(error, self._store.folder) from error
        self._pieces.clear()
        self._held = 0

    def _begin(self) -> None:
        folder = self._store.ready(keep=bool(self._keep_as))
        path = folder / (self._keep_as or f"{os.getpid()}-{os.urandom(8).hex()}")
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._temporary = path
        fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return -1


def _remove_abandoned(path: Path, older_than_s: float) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if time.time() - os.fstat(descriptor).st_mtime < older_than_s or not _is_abandoned(descriptor):
            return False
        path.unlink()
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def _is_abandoned(descriptor: int) -> bool:
    """Whether no living writer holds the lock on its file; this descriptor holds it then."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
