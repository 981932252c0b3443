"""UUIDv7 (RFC 9562, section 5.7), monotonic within a process."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable


class IdSource:
    """Makes UUIDv7 strings that never go backwards, however many threads ask.

    Within one millisecond the 12 bits of `rand_a` and the upper bits of `rand_b` serve as a counter
    (RFC 9562, section 6.2, method 2): the random tail is stepped by a random amount. A clock
    that runs backwards is ignored until it has caught up.

    `now_ms` gives Unix time in milliseconds; `entropy` gives n random bytes.
    """

    def __init__(
        self,
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._now_ms = now_ms
        self._entropy = entropy
        self._lock = threading.Lock()
        self._last_ms = -1
        self._tail = 0
        self._pool = b""
        self._used = 0

    def __call__(self) -> str:
        """A new id in the 36-character form, greater than every one given before."""
        with self._lock:
            now = self._now_ms()
            if now > self._last_ms:
                self._last_ms = now
                # The top bit stays clear, so that stepping has room before it overflows.
                self._tail = int.from_bytes(self._random(10), "big") & ((1 << 73) - 1)
            else:
                self._tail += 1 + int.from_bytes(self._random(4), "big")
                if self._tail >= 1 << 74:
                    self._last_ms += 1
                    self._tail &= (1 << 73) - 1
            millis, tail = self._last_ms, self._tail
        rand_a = tail >> 62
        rand_b = tail & ((1 << 62) - 1)
        number = (millis << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b
        text = f"{number:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def _random(self, count: int) -> bytes:
        # One system call serves many ids; the pool never leaves this object.
        if self._used + count > len(self._pool):
            self._pool = self._entropy(1024)
            self._used = 0
        piece = self._pool[self._used : self._used + count]
        self._used += count
        return piece


new_id = IdSource()
"""The process's own source of ids; components take an `IdSource` as an argument and default to it."""


def timestamp_ms(identifier: str) -> int:
    """The Unix time in milliseconds that a UUIDv7 carries; `ValueError` when it is not a UUIDv7."""
    digits = identifier.replace("-", "")
    if len(identifier) != 36 or len(digits) != 32 or digits[12] != "7":
        raise ValueError(f"not a UUIDv7: {identifier!r}")
    return int(digits[:12], 16)
