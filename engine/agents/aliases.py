"""The names that people call Executors by."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import count
from typing import Final

SHORTEST: Final = 3
_TRIES: Final = 16


def alias_for(prefix: str, executor_id: str, is_taken: Callable[[str], bool]) -> str:
    """`<prefix>-<hex>`: three digits that follow from the id, more once that many aliases of the prefix are
    taken that sixteen tries of a length find none."""
    digits = hashlib.sha256(executor_id.encode()).hexdigest()
    for length in count(SHORTEST):
        for start in range(min(_TRIES, len(digits) - length + 1)):
            alias = f"{prefix}-{digits[start : start + length]}"
            if not is_taken(alias):
                return alias
        if length >= len(digits):
            digits += hashlib.sha256(digits.encode()).hexdigest()
    raise AssertionError("an endless count ended")
