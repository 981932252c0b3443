"""What a command prints: masked as it arrives, stored with bounded memory."""

from __future__ import annotations

from typing import Final, Protocol

from ..masking import Masker
from .protocol import StoredText

INLINE: Final = 2048
"""Up to so many bytes stay in the record itself and make no file."""

BESIDE: Final = 256
"""Up to so many bytes of a text stand in the record where the whole is a file."""

STREAMS: Final = ("stdout", "stderr")

_TAIL: Final = 4096


class BlobWriter(Protocol):
    """Takes one large text piece by piece."""

    def write(self, content: bytes) -> None:
        """Append `content`."""

    def commit(self) -> tuple[str, int]:
        """Store the text; its name and size."""

    def abort(self) -> None:
        """Forget the text; legal at any time."""


class BlobSink(Protocol):
    """Where large texts go: the narrow part of the Ledger's blob store that a runtime needs."""

    def writer(self, *, keep_as: str = "") -> BlobWriter:
        """A writer for one text. With `keep_as`, what was written when this process is killed is kept."""


class Capture:
    """One output stream of one attempt.

    Every byte passes the mask before it is kept anywhere. `keep` is how many bytes may be kept in
    memory for the task's output, 0 when this stream is none; beyond it nothing is kept and
    `overflowed` is set. `raw_size` counts the bytes that came in. `keep_as` is the name under which what
    does not stay in the record is kept, should this process be killed.
    """

    __slots__ = (
        "_blobs",
        "_head",
        "_keep",
        "_keep_as",
        "_mask",
        "_size",
        "_tail",
        "_value",
        "_writer",
        "overflowed",
        "raw_size",
    )

    def __init__(self, blobs: BlobSink, masker: Masker, *, keep: int = 0, keep_as: str = "") -> None:
        self._blobs = blobs
        self._keep_as = keep_as
        self._mask = None if masker.is_empty else masker.stream()
        self._head = b""
        self._tail = b""
        self._size = 0
        self._writer: BlobWriter | None = None
        self._keep = keep
        self._value: list[bytes] = []
        self.overflowed = False
        self.raw_size = 0

    def feed(self, chunk: bytes) -> None:
        """Take what was read. Raises what the blob store raises."""
        self.raw_size += len(chunk)
        self._take(chunk if self._mask is None else self._mask.feed(chunk))

    def finish(self) -> StoredText | None:
        """The end of the stream: what the record holds of it; None when nothing was printed."""
        if self._mask is not None:
            self._take(self._mask.finish())
        if not self._size:
            return None
        if self._writer is None:
            try:
                return StoredText(head=self._head.decode(), size=self._size)
            except UnicodeDecodeError:
                # As text these bytes would not be what was printed: the whole is kept beside it.
                self._open_blob()
        assert self._writer is not None
        blob, size = self._writer.commit()
        return StoredText(head=first_lines(self._head[:BESIDE]), size=size, blob=blob)

    def abort(self) -> None:
        """Forget what was printed; nothing of it stays behind."""
        if self._writer is not None:
            self._writer.abort()

    def value(self) -> bytes:
        """The whole text, once `finish` was called; empty when it overflowed or was not to be kept."""
        return b"".join(self._value)

    def last_lines(self, count: int = 3, limit: int = 300) -> str:
        """The last lines that say anything, on one line, at most `limit` characters."""
        text = (self._head if self._writer is None else self._tail).decode("utf-8", "replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        joined = " | ".join(lines[-count:])
        return joined if len(joined) <= limit else "…" + joined[-limit:]

    def _take(self, chunk: bytes) -> None:
        if not chunk:
            return
        self._size += len(chunk)
        if self._keep and not self.overflowed:
            if self._size > self._keep:
                self.overflowed = True
                self._value.clear()
            else:
                self._value.append(chunk)
        if self._writer is None:
            if self._size <= INLINE:
                self._head += chunk
                return
            whole = self._head + chunk
            self._open_blob()
            self._head = whole[:INLINE]
        assert self._writer is not None
        self._writer.write(chunk)
        self._tail = (self._tail + chunk)[-_TAIL:]

    def _open_blob(self) -> None:
        self._writer = self._blobs.writer(keep_as=self._keep_as)
        self._tail = self._head
        if self._head:
            self._writer.write(self._head)


def first_lines(head: bytes) -> str:
    """The whole lines of `head` as text; all of it when it holds no line's end."""
    end = head.rfind(b"\n") + 1
    return (head[:end] if end else head).decode("utf-8", "replace")


def kept_as(run_id: str, stream: str) -> str:
    """The name under which a stream of an attempt is kept until the attempt has ended."""
    return f"{run_id}.{stream}"


def run_of(name: str) -> str:
    """The id of the attempt whose stream is kept under `name`."""
    return name.partition(".")[0]
