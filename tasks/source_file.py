"""Bytes of a file that a user wrote, mostly a graph, and the text in them."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..schemas.errors import (
    SourceMissing,
    SourceNotText,
    SourceNotUtf8,
    SourceTooLarge,
    SourceUnreadable,
)
from ..schemas.suggest import did_you_mean
from .limits import MAXIMUM_BYTES
from .source_text import SourceText

_NOT_PRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a file is read as: `what` and `word` name it in messages, `limit` is the most bytes it may have,
    and `instead` what to do with more."""

    what: str
    word: str
    limit: int
    instead: str


GRAPH: Final = Wanted(
    what="a task graph",
    word="the graph",
    limit=MAXIMUM_BYTES,
    instead="is it a data file? name it in a task instead, and let the task read it",
)


def read_source(path: Path, wanted: Wanted = GRAPH) -> bytes:
    """The bytes of the regular file at `path`.

    Never waits for a pipe or a device, and never reads more than the limit. Raises `SourceMissing`,
    `SourceUnreadable` or `SourceTooLarge`.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        # Opened before it is looked at, so that what is looked at is what is read.
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error, wanted) from None
    try:
        status = os.fstat(descriptor)
        for is_kind, kind in _KINDS:
            if is_kind(status.st_mode):
                raise _no_file(path, kind, wanted)
        if status.st_size > wanted.limit:
            raise _too_large(path, status.st_size, wanted)
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(wanted.limit + 1)
    except OSError as error:
        raise _cannot_open(path, error, wanted) from None
    finally:
        os.close(descriptor)
    if len(data) > wanted.limit:
        raise _too_large(path, len(data), wanted)
    return data


def _too_large(path: Path, size: int, wanted: Wanted) -> SourceTooLarge:
    unit, name = (1_000_000, "MB") if wanted.limit >= 1_000_000 else (1_000, "kB")
    return SourceTooLarge(
        f"`{path}` is too large for {wanted.what}: {size / unit:,.1f} {name}, and the limit is"
        f" {wanted.limit // unit} {name}",
        hint=wanted.instead,
    )


def _no_file(path: Path, kind: str, wanted: Wanted) -> SourceUnreadable:
    is_folder = kind == _KINDS[0][1]
    hint = f"name {wanted.word} file inside it" if is_folder else f"write {wanted.word} to a file first"
    return SourceUnreadable(f"`{path}` is {kind}, not a file", hint=hint)


def _cannot_open(path: Path, error: OSError | ValueError, wanted: Wanted) -> SourceMissing | SourceUnreadable:
    if isinstance(error, ValueError):
        return SourceUnreadable(f"{str(path)!r} cannot be a path: {error}")
    if error.errno == errno.ENOENT:
        return _missing(path)
    if error.errno == errno.EISDIR:
        return _no_file(path, "a directory", wanted)
    if error.errno == errno.ENXIO:
        return _no_file(path, "a socket", wanted)
    reason = (error.strerror or str(error)).lower()
    hint = f"`ls -l {path}` shows who may read it" if error.errno == errno.EACCES else None
    return SourceUnreadable(f"`{path}` cannot be read: {reason}", hint=hint)


def _missing(path: Path) -> SourceMissing:
    if path.is_symlink():
        return SourceMissing(f"`{path}` is a link to nothing", hint="`ls -l` shows where it points")
    folder = path.parent
    if not folder.is_dir():
        return SourceMissing(
            f"there is no file `{path}`", hint=f"there is no directory `{folder}` either; is the path right?"
        )
    return SourceMissing(f"there is no file `{path}`", hint=_near(path))


def _near(path: Path) -> str | None:
    """A file beside the missing one that may have been meant."""
    try:
        names = [entry.name for entry in os.scandir(path.parent)]
    except OSError:
        return None
    other = {".yaml": ".yml", ".yml": ".yaml", "": ".yaml"}.get(path.suffix)
    if other is not None and path.with_suffix(other).name in names:
        return f"did you mean `{path.with_suffix(other)}`?"
    return did_you_mean(path.name, sorted(names))


def decode_source(data: bytes, file: str) -> SourceText:
    """The text in `data`, without a byte order mark.

    Raises `SourceNotText` for bytes that no text holds, and `SourceNotUtf8`.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise SourceNotUtf8(
            f"`{file}` is encoded in UTF-16, not in UTF-8",
            hint="save it as UTF-8, or convert it with `iconv`",
        )
    if b"\x00" in data:
        raise SourceNotText(
            f"`{file}` is not a text file: it has a NUL byte at offset {data.index(0)}",
            hint="is it the right file?",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _not_utf8(data, error, file) from None
    return printable(SourceText(file, text.removeprefix("\ufeff")))


def printable(source: SourceText) -> SourceText:
    """`source` itself when it holds no control characters; else raises `SourceNotText`."""
    found = _NOT_PRINTABLE.search(source.text)
    if found is None:
        return source
    character = ord(found.group())
    raise SourceNotText(
        f"the control character U+{character:04X} stands in the text",
        hint=f'inside double quotes it is written `"\\x{character:02x}"`' if character < 0x100 else None,
        span=source.span(found.start()),
    )


def _not_utf8(data: bytes, error: UnicodeDecodeError, file: str) -> SourceNotUtf8:
    offset = error.start
    # Everything before the first bad byte is sound, and latin-1 shows the rest of the line somehow.
    before = data[:offset].decode("utf-8").removeprefix("\ufeff")
    rest = re.split(rb"[\r\n]", data[offset : offset + 200], maxsplit=1)[0].decode("latin-1")
    shown = SourceText(file, before + re.sub(r"[\x00-\x1f\x7f-\x9f]", "\ufffd", rest))
    return SourceNotUtf8(
        f"the file is not UTF-8: the byte 0x{data[offset]:02x} at offset {offset} does not fit",
        hint="save it as UTF-8; `iconv -f latin1 -t utf-8` converts a file from an older encoding",
        span=shown.span(len(before)),
        offset=offset,
    )
