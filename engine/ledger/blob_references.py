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
        found += [
            digest for _, digest, _, is_kept in (payload.get("result") or {}).get("writes", ()) if is_kept
        ]
    elif kind == records.GRAPH_GREW:
        found = [payload.get("items_blob"), payload.get("params_blob")]
    elif kind in (records.GROUP_JUDGED, records.NODE_REUSED, records.PRINCIPAL_ANSWERED):
        found = [payload.get("output_blob")]
    else:
        return
    for name in found:
        if isinstance(name, str) and name:
            yield name


def _blob_of(text: object) -> object:
    return text.get("blob") if isinstance(text, dict) else None
