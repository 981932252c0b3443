"""The work of every task of a converted workflow: read, compute and write in proportion to the recording.

One JSON object on standard input: `scale` (CPU seconds per recorded second), `bytes` (bytes per
recorded byte), and `work` with `seconds` and, by file name, the recorded sizes of what the task
`reads` from its parents, `invents` because it comes from outside, and `writes`. Files lie in `data/`.
The same work gives the same bytes each time.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path

FOLDER = Path("data")


def content(name: str, size: int) -> bytes:
    """`size` bytes that are the same for the same name, and different for different ones."""
    return hashlib.shake_256(name.encode()).digest(size)


def compute(seconds: float, seed: bytes) -> int:
    """Hash for `seconds` of CPU time; the number of rounds."""
    digest, rounds = seed, 0
    until = time.process_time() + seconds
    while time.process_time() < until:
        for _ in range(100):
            digest = hashlib.sha256(digest).digest()
        rounds += 100
    return rounds


def main() -> None:
    """Do the work, and tell what was read and written."""
    given = json.load(sys.stdin)
    work, scale, per_byte = given["work"], given["scale"], given["bytes"]
    seen = hashlib.sha256()
    read = written = 0
    for name in sorted(work["reads"]):
        data = (FOLDER / name).read_bytes()
        seen.update(data)
        read += len(data)
    for name, size in sorted(work["invents"].items()):
        data = content(name, round(size * per_byte))
        seen.update(data)
        read += len(data)
    compute(work["seconds"] * scale, seen.digest())
    FOLDER.mkdir(exist_ok=True)
    for name, size in sorted(work["writes"].items()):
        beside = FOLDER / f"{name}.{os.getpid()}"
        beside.write_bytes(content(name, round(size * per_byte)))
        beside.replace(FOLDER / name)
        written += round(size * per_byte)
    json.dump({"read": read, "written": written, "sha256": seen.hexdigest()}, sys.stdout)


if __name__ == "__main__":
    main()
