"""Which blobs a record names. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import records


def blob_names(kind: str, payload: dict[str, Any]) -> Iterator[str]:
    """The names of the blobs that a record of this kind refers to."""
    if kind == records.DAG_RUN_CREATED:
        found = [payload.get("graph")]
    elif kind == records.ATTEMPT_STARTED:
        found = [payload.get("inputs_blob")]
    elif kind == records.ATTEMPT_FINISHED:
        found = [payload.get("output_blob"), _blob_of(payload.get("stdout")), _blob_of(payload.get("stderr"))]
    else:
        return
    for name in found:
        if isinstance(name, str) and name:
            yield name


def _blob_of(text: object) -> object:
    return text.get("blob") if isinstance(text, dict) else None
