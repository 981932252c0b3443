"""What lost attempts had printed, as far as it had reached the disk."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..ledger.blobs import BlobStore
from ..runtimes.capture import STREAMS, first_lines, kept_as, run_of
from ..runtimes.protocol import StoredText
from .outcome import stored_text


def adopt(blobs: BlobStore, run_id: str) -> dict[str, Any]:
    """Store what an attempt had printed when it was lost: the part of its record that names it.

    Masked it is already. Can be repeated until `forget`.
    """
    payload: dict[str, Any] = {}
    for stream in STREAMS:
        found = blobs.adopt(kept_as(run_id, stream))
        if found is not None:
            name, size, head = found
            payload[stream] = stored_text(StoredText(head=first_lines(head), size=size, blob=name))
    return payload


def forget(blobs: BlobStore, run_ids: Collection[str]) -> None:
    """Let go of what is kept of attempts whose end is on record."""
    for name in blobs.kept():
        if run_of(name) in run_ids:
            blobs.forget(name)
