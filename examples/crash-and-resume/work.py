"""`python work.py NODE STEP [FILE]`: the work of every task of this example.

NODE is the task's own name: its first act is to add a line to `executions/NODE`, so that whoever
reads those files knows how often each node really ran. STEP is one of the functions below.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import sys
from pathlib import Path
from typing import Any

SHARDS = 8


def plan(given: dict[str, Any]) -> list[list[str]]:
    """Deal the folder's Python files out to the shards, the largest first."""
    root = Path(given["folder"])
    files = sorted(root.rglob("*.py"), key=lambda path: (-path.stat().st_size, path))
    names = [path.relative_to(root).as_posix() for path in files]
    return [names[shard::SHARDS] for shard in range(SHARDS)]


def pack(given: dict[str, Any], target: str) -> dict[str, Any]:
    """Put a shard's files into one compressed archive; the digest is that of the plain bytes."""
    plain = b"".join(Path(given["folder"], name).read_bytes() for name in given["shard"])
    write_whole(Path(target), lzma.compress(plain, preset=9 | lzma.PRESET_EXTREME))
    return {"files": len(given["shard"]), "bytes": len(plain), "sha256": hashlib.sha256(plain).hexdigest()}


def prove(given: dict[str, Any], source: str) -> dict[str, Any]:
    """Unpack an archive, and fail unless it holds exactly what was packed."""
    packed = Path(source).read_bytes()
    plain = lzma.decompress(packed)
    if hashlib.sha256(plain).hexdigest() != given["packed"]["sha256"]:
        sys.exit(f"error: {source} is not what was packed")
    return {**given["packed"], "packed": len(packed)}


def total(given: dict[str, Any], target: str) -> dict[str, Any]:
    """Sum the shards up, and write the report."""
    shards = given["shards"]
    sums = {key: sum(shard[key] for shard in shards) for key in ("files", "bytes", "packed")}
    lines = ["# Packed", "", "| shard | files | bytes | packed | SHA-256 |", "|--:|--:|--:|--:|---|"]
    lines += [
        f"| {number} | {shard['files']} | {shard['bytes']} | {shard['packed']} | {shard['sha256'][:16]} |"
        for number, shard in enumerate(shards)
    ]
    lines.append(f"| all | {sums['files']} | {sums['bytes']} | {sums['packed']} | |")
    write_whole(Path(target), ("\n".join(lines) + "\n").encode())
    return sums


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, meets all of it or nothing."""
    path.parent.mkdir(exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(data)
    beside.replace(path)


def note_execution(node: str) -> None:
    """Add this attempt's id to `executions/NODE`, in one write."""
    Path("executions").mkdir(exist_ok=True)
    with Path("executions", node).open("a", encoding="utf-8") as log:
        log.write(os.environ.get("ME_ATTEMPT_ID", "?") + "\n")


def main() -> None:
    """Do one step; the answer goes to standard output."""
    node, step, *arguments = sys.argv[1:]
    note_execution(node)
    steps: dict[str, Any] = {"plan": plan, "pack": pack, "prove": prove, "total": total}
    json.dump(steps[step](json.load(sys.stdin), *arguments), sys.stdout)


if __name__ == "__main__":
    main()
