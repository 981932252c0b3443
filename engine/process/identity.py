"""Telling one process from another that later got its number. Standard library only."""

from __future__ import annotations

import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import Final

IS_LINUX: Final = sys.platform.startswith("linux")

# `ps` gives whole seconds, and the start is noted a moment before or after the kernel's own.
_PS_TOLERANCE = 2


@cache
def boot_id() -> str:
    """Names the present boot of this machine: a start time means something only together with it."""
    if IS_LINUX:
        try:
            return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return ""
    return _ask(["sysctl", "-n", "kern.bootsessionuuid"]) or _ask(["sysctl", "-n", "kern.boottime"])


def process_start(pid: int) -> int | None:
    """When the living process `pid` started, or None when there is none.

    Clock ticks since boot on Linux, elsewhere seconds since the epoch. A zombie counts as dead.
    """
    if IS_LINUX:
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        fields = text[text.rindex(b")") + 2 :].split()
        return None if fields[0] in (b"Z", b"X") else int(fields[19])
    listed = _ask(["ps", "-o", "lstart=", "-p", str(pid)])
    try:
        return int(time.mktime(time.strptime(listed, "%a %b %d %H:%M:%S %Y")))
    except ValueError:
        return None


def is_same_process(pid: int, started: int, boot: str) -> bool:
    """Whether `pid` is still the process that started at `started` in the boot named `boot`."""
    if not boot or boot != boot_id():
        return False
    now = process_start(pid)
    if now is None:
        return False
    if IS_LINUX:
        return now == started
    return abs(now - started) <= _PS_TOLERANCE


def _ask(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            env={"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        )
    except OSError:
        return ""
    return done.stdout.strip()
