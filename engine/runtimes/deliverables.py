"""Files that an attempt must leave behind: that they are there, what they say, and a copy of them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from ..masking import Masker
from .capture import BlobSink
from .output_contract import LARGEST_VALUE, check_schema, open_file, parse_json, relative, too_large

_CHUNK: Final = 1 << 18
_SUMMARY: Final = 240
_LOOKED_AT: Final = 1 << 14


def collect(
    promised: Sequence[tuple[str, Any]], *, project: str, masker: Masker, blobs: BlobSink
) -> dict[str, Any] | None:
    """Check and store what was promised; the reference that the Run keeps, None without promises.

    `{"path", "hash", "summary"}` of the first one, with the path relative to the project; further
    ones follow under `more`. `hash` names the stored copy, in which secrets are masked. Raises
    `OutputInvalid`.
    """
    found = [_collect_one(path, schema, project, masker, blobs) for path, schema in promised]
    if not found:
        return None
    first, *more = found
    return {**first, "more": more} if more else first


def _collect_one(path: str, schema: Any, project: str, masker: Masker, blobs: BlobSink) -> dict[str, Any]:
    what = "the deliverable"
    shown = relative(path, project)
    writer = blobs.writer()
    stream = masker.stream()
    kept = bytearray()
    limit = LARGEST_VALUE if schema is not None else _LOOKED_AT
    size = 0
    try:
        with os.fdopen(open_file(path, project, what), "rb", buffering=0) as file:
            while chunk := file.read(_CHUNK):
                masked = stream.feed(chunk)
                writer.write(masked)
                kept += masked[: max(0, limit + 1 - len(kept))]
                size += len(chunk)
        rest = stream.finish()
        writer.write(rest)
        kept += rest[: max(0, limit + 1 - len(kept))]
        if schema is not None:
            if len(kept) > LARGEST_VALUE:
                raise too_large(f"{what} `{shown}`")
            check_schema(parse_json(bytes(kept), f"{what} `{shown}`"), schema, f"{what} `{shown}`")
        name, _ = writer.commit()
    except BaseException:
        writer.abort()
        raise
    return {"path": shown, "hash": name, "summary": summary(bytes(kept[:_LOOKED_AT]))}


def summary(start: bytes) -> str:
    """What a text is about: its first heading (Markdown), else its first lines; at most 240 characters."""
    lines = [line.strip() for line in start.decode("utf-8", "replace").splitlines()]
    for line in lines:
        if line.startswith("#") and line.lstrip("#").strip():
            return line.lstrip("#").strip()[:_SUMMARY]
    return " ".join(line for line in lines if line)[:_SUMMARY]
