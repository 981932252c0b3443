"""What ended nodes handed on, kept in memory only while it is small."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

from ...schemas.canonical import canonical_bytes

INLINE_BYTES = 4096
"""Up to this size an output stands in its record; above, in a blob that the record names."""


class Blobs(Protocol):
    """The part of the blob store that is needed here."""

    def put(self, data: bytes) -> str:
        """Store `data` and return its SHA-256."""

    def get(self, name: str) -> bytes:
        """The bytes stored under a SHA-256."""


class Outputs:
    """Outputs by node id; large ones are read back from their blobs when they are asked for.

    Values are shared, and must not be changed by whoever gets them.
    """

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._values: dict[str, Any] = {}
        self._stored: dict[str, str] = {}
        self._latest: tuple[str, Any] = ("", None)

    def keep(self, node: str, value: Any) -> dict[str, Any]:
        """Keep the output of a node; the result is the part of its record that holds it.

        It takes the place of what an earlier generation of the node left.
        """
        self._stored.pop(node, None)
        if value is None:
            self._values[node] = None
            return {}
        if isinstance(value, str) and len(value) < INLINE_BYTES // 6:
            self._values[node] = value
            return {"output": value}
        data = canonical_bytes(value)
        if len(data) <= INLINE_BYTES:
            self._values[node] = value
            return {"output": value}
        name = self._blobs.put(data)
        self._stored[node] = name
        return {"output_blob": name}

    def recall(self, node: str, payload: Mapping[str, Any]) -> None:
        """Take the output of a node from its record, as `keep` wrote it."""
        name = payload.get("output_blob")
        if name is not None:
            self._stored[node] = name
        else:
            self._stored.pop(node, None)
            self._values[node] = payload.get("output")

    def __contains__(self, node: str) -> bool:
        return node in self._values or node in self._stored

    def __getitem__(self, node: str) -> Any:
        name = self._stored.get(node)
        if name is None:
            return self._values[node]
        # Many items of a fan-out look at the same list, one after the other.
        if self._latest[0] != name:
            self._latest = (name, json.loads(self._blobs.get(name)))
        return self._latest[1]

    def get(self, node: str) -> Any:
        """The output of a node, None for one that left none."""
        return self[node] if node in self else None  # noqa: SIM401 - this is the `get` of this class

    def token(self, node: str) -> str:
        """A text that is equal exactly for equal outputs: the part of an attempt key for this need."""
        name = self._stored.get(node)
        if name is not None:
            return "sha256:" + name
        value = self._values.get(node)
        return canonical_bytes(value).decode()
