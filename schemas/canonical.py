"""One spelling for each JSON value, and digests over it. Standard library only."""

from __future__ import annotations

import hashlib
import json
from typing import Any

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"), check_circular=False
)


def canonical(value: Any) -> str:
    """`value` as JSON text: keys sorted, no white space, no escapes beyond those that JSON needs.

    The order of keys is that of their code points and numbers are written as Python writes them,
    so this is close to, and not the same as, RFC 8785. Raises `ValueError` for NaN and infinities,
    `TypeError` for what JSON cannot hold.
    """
    return _ENCODER.encode(value)


def canonical_bytes(value: Any) -> bytes:
    """`canonical` in UTF-8; lone surrogates, which UTF-8 cannot hold, are written as JSON escapes."""
    text = canonical(value)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def digest(value: Any) -> str:
    """The SHA-256 of `canonical_bytes(value)`, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()
