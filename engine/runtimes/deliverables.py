"""Files that an attempt must leave behind: that they are there, what they say, and a copy of them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from io import FileIO
from typing import Any, Final

from ...schemas.allowance import Allowance
from ..masking import Masker
from .before import NOTHING, Identity
from .capture import BlobSink
from .output_contract import LARGEST_VALUE, check_schema, open_file, parse_json, relative, too_large

WHAT: Final = "the deliverable"

_CHUNK: Final = 1 << 18
_SUMMARY: Final = 240
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
"""Markdown's way to say that a character is itself."""
_LOOKED_AT: Final = 1 << 14


def collect(
    promised: Sequence[tuple[str, Any]],
    *,
    project: str,
    masker: Masker,
    blobs: BlobSink,
    before: Mapping[str, Identity] = NOTHING,
    allowance: Allowance | None = None,
) -> dict[str, Any] | None:
    """Check and store what was promised; the reference that the Run keeps, None without promises.

    `{"path", "hash", "summary"}` of the first one, with the path relative to the project; further
    ones follow under `more`. `hash` names the stored copy, in which secrets are masked. `before` is
    what `note_files` found before the attempt. Raises as `check_schema` does.
    """
    found = []
    for path, schema in promised:
        with os.fdopen(open_file(path, project, WHAT, before), "rb", buffering=0) as file:
            found.append(_collect_one(file, relative(path, project), schema, masker, blobs, allowance))
    if not found:
        return None
    first, *more = found
    return {**first, "more": more} if more else first


def _collect_one(
    file: FileIO, shown: str, schema: Any, masker: Masker, blobs: BlobSink, allowance: Allowance | None
) -> dict[str, Any]:
    what = f"{WHAT} `{shown}`"
    writer = blobs.writer()
    stream = masker.stream()
    kept = bytearray()
    limit = LARGEST_VALUE if schema is not None else _LOOKED_AT
    try:
        while chunk := file.read(_CHUNK):
            masked = stream.feed(chunk)
            writer.write(masked)
            kept += masked[: max(0, limit + 1 - len(kept))]
        rest = stream.finish()
        writer.write(rest)
        kept += rest[: max(0, limit + 1 - len(kept))]
        if schema is not None:
            if len(kept) > LARGEST_VALUE:
                raise too_large(what)
            check_schema(parse_json(bytes(kept), what), schema, what, allowance)
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
            return _ESCAPE.sub(r"\1", line.lstrip("#").strip())[:_SUMMARY]
    return " ".join(line for line in lines if line)[:_SUMMARY]
