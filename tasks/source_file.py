"""Bytes of a graph file, and the text in them."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

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
    (stat.S_ISDIR, "a directory", "name the graph file inside it"),
    (stat.S_ISFIFO, "a pipe", "write the graph to a file first"),
    (stat.S_ISCHR, "a device", "write the graph to a file first"),
    (stat.S_ISBLK, "a device", "write the graph to a file first"),
    (stat.S_ISSOCK, "a socket", "write the graph to a file first"),
)


def read_source(path: Path) -> bytes:
    """The bytes of the regular file at `path`.

    Never waits for a pipe or a device, and never reads more than the limit. Raises `SourceMissing`,
    `SourceUnreadable` or `SourceTooLarge`.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        # Opened before it is looked at, so that what is looked at is what is read.
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise _cannot_open(path, error) from None
    try:
        status = os.fstat(descriptor)
        for is_kind, kind, hint in _KINDS:
            if is_kind(status.st_mode):
                raise SourceUnreadable(f"`{path}` is {kind}, not a file", hint=hint)
        if status.st_size > MAXIMUM_BYTES:
            raise _too_large(path, status.st_size)
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(MAXIMUM_BYTES + 1)
    except OSError as error:
        raise _cannot_open(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > MAXIMUM_BYTES:
        raise _too_large(path, len(data))
    return data


def _too_large(path: Path, size: int) -> SourceTooLarge:
    return SourceTooLarge(
        f"`{path}` is too large for a task graph: {size / 1e6:,.1f} MB, and the limit is"
        f" {MAXIMUM_BYTES // 1_000_000} MB",
        hint="is it a data file? name it in a task instead, and let the task read it",
    )


def _cannot_open(path: Path, error: OSError | ValueError) -> SourceMissing | SourceUnreadable:
    if isinstance(error, ValueError):
        return SourceUnreadable(f"{str(path)!r} cannot be a path: {error}")
    if error.errno == errno.ENOENT:
        return _missing(path)
    if error.errno == errno.EISDIR:
        return SourceUnreadable(f"`{path}` is a directory, not a file", hint=_KINDS[0][2])
    if error.errno == errno.ENXIO:
        return SourceUnreadable(f"`{path}` is a socket, not a file", hint=_KINDS[-1][2])
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
