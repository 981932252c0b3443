"""Files that are written whole or not at all, for the user alone."""

from __future__ import annotations

import os
from pathlib import Path

from .ledger.files import make_private, sync_folder, write_all


def write_private(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Put `data` in the place of what is at `path`, with mode 0600; the folder is made if need be.

    A reader sees the old content or the new. With `durable` it is on disk when this returns.
    """
    make_private(path.parent)
    scratch = path.with_name(f".{path.name[:200]}.{os.getpid()}.part")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        try:
            write_all(descriptor, data)
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)
