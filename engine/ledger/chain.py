"""The hash chain: how a record is spelled, and what its hash covers. Pure.

The hash of a record is the SHA-256 of the UTF-8 text of a JSON object with the keys `prev_hash, seq,
ts, kind, entity_id, dag_run_id, cause, payload`, in this order and without white space, the payload
in canonical form. `prev_hash` is the hash of the record before it, 64 zeros for the first. A line of
the mirror is the same object with `hash` in the place of `prev_hash`, which is the line before's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring
from typing import Any, Final

from ...schemas.canonical import canonical, canonical_bytes

GENESIS: Final = bytes(32)
"""Stands before the first record."""

_PAYLOAD: Final = ',"payload":'


@dataclass(frozen=True, slots=True)
class Line:
    """One record in its stored spelling: `payload` is JSON text, `hash` 32 bytes."""

    seq: int
    ts: int
    kind: str
    entity_id: str
    dag_run_id: str | None
    cause: int | None
    payload: str
    hash: bytes

    def body(self) -> str:
        """The part of the spelling that the hash covers, from `"seq"` to the end."""
        return body(self.seq, self.ts, self.kind, self.entity_id, self.dag_run_id, self.cause, self.payload)

    def mirrored(self) -> bytes:
        """The line of the mirror, with its line feed."""
        return f'{{"hash":"{self.hash.hex()}",{self.body()}\n'.encode()


def payload_text(payload: dict[str, Any]) -> str:
    """The canonical spelling of `payload`, safe to encode as UTF-8.

    Raises `ValueError` for NaN and infinities, `TypeError` for what JSON cannot hold.
    """
    text = canonical(payload)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return canonical_bytes(payload).decode()
    return text


def body(
    seq: int, ts: int, kind: str, entity_id: str, dag_run_id: str | None, cause: int | None, payload: str
) -> str:
    """The part of the spelling that the hash and the mirror's line share, from `"seq"` to the end."""
    return (
        f'"seq":{seq},"ts":{ts},"kind":{encode_basestring(kind)},"entity_id":{encode_basestring(entity_id)},'
        f'"dag_run_id":{"null" if dag_run_id is None else encode_basestring(dag_run_id)},'
        f'"cause":{"null" if cause is None else cause},"payload":{payload}}}'
    )


def link(prev_hash: bytes, record_body: str) -> bytes:
    """The hash of the record with this `body` that follows the record with `prev_hash`."""
    return sha256(f'{{"prev_hash":"{prev_hash.hex()}",{record_body}'.encode()).digest()


def read_line(data: bytes) -> Line:
    """The record in one line of the mirror; `ValueError` when it is not one.

    The payload's text is taken as it stands, so that a record goes from mirror to database byte by
    byte. Whether the hash fits is `follows`'s to say.
    """
    text = data.decode()
    at = text.find(_PAYLOAD)
    if at < 0 or not text.endswith("}\n"):
        raise ValueError("not a record of a mirror")
    head = json.loads(text[:at] + "}")
    payload = text[at + len(_PAYLOAD) : -2]
    match head:
        case {
            "hash": str(digest),
            "seq": int(seq),
            "ts": int(ts),
            "kind": str(kind),
            "entity_id": str(entity_id),
            "dag_run_id": str() | None as dag_run_id,
            "cause": int() | None as cause,
        } if len(digest) == 64:
            return Line(seq, ts, kind, entity_id, dag_run_id, cause, payload, bytes.fromhex(digest))
        case _:
            raise ValueError("not a record of a mirror")


def follows(line: Line, prev_seq: int, prev_hash: bytes) -> bool:
    """Whether `line` is the whole and unchanged successor of the record (`prev_seq`, `prev_hash`)."""
    return line.seq == prev_seq + 1 and link(prev_hash, line.body()) == line.hash
