"""Who a process is, beyond its number: numbers are given out again."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds something. Empty texts and zeros where nothing is known.

    `process_start` is the kernel's start time of the process (clock ticks since boot) where the
    system tells, `boot_id` names the boot that it counts from.
    """

    pid: int = 0
    host: str = ""
    boot_id: str = ""
    process_start: int = 0
    since_ms: int = 0

    def to_json(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {
            "pid": self.pid,
            "host": self.host,
            "boot_id": self.boot_id,
            "process_start": self.process_start,
            "since_ms": self.since_ms,
        }

    @classmethod
    def from_json(cls, data: object) -> Holder:
        """The inverse; what is missing or of another type counts as unknown."""
        if not isinstance(data, dict):
            return cls()
        return cls(
            pid=_number(data.get("pid")),
            host=_text(data.get("host")),
            boot_id=_text(data.get("boot_id")),
            process_start=_number(data.get("process_start")),
            since_ms=_number(data.get("since_ms")),
        )


def this_process(since_ms: int = 0) -> Holder:
    """The process that asks."""
    pid = os.getpid()
    return Holder(pid, socket.gethostname(), boot_id(), process_start(pid) or 0, since_ms)


@cache
def boot_id() -> str:
    """The id of this boot of the machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def process_start(pid: int) -> int | None:
    """When the process started, in clock ticks since boot (field 22 of proc(5) `stat`); None if unknown."""
    if sys.platform != "linux":
        return None
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name of the program stands in parentheses and may itself hold any character.
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
