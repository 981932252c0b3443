"""Which file system the Ledger lies on, and which journal mode of SQLite is safe there.

WAL keeps its index in shared memory, which works between processes of one machine only; on a network
file system two machines would each have their own and overwrite one another
(https://www.sqlite.org/wal.html, "Disadvantages").
"""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

JournalMode = Literal["wal", "delete"]

_PLATFORM: str = sys.platform  # a plain text to the type checker, which would skip the other branches

_NETWORK: Final = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "coda", "davfs", "davfs2", "gfs2", "gpfs", "glusterfs",
    "lustre", "ncpfs", "nfs", "nfs3", "nfs4", "ocfs2", "orangefs", "pvfs2", "smb2", "smb3", "smbfs",
    "sshfs", "vboxsf", "virtiofs", "vmhgfs", "webdav",
})  # fmt: skip
_NETWORK_FUSE: Final = frozenset({
    "sshfs", "glusterfs", "s3fs", "rclone", "gcsfuse", "blobfuse", "cephfs", "ceph", "curlftpfs", "davfs2",
    "goofys", "juicefs", "moosefs", "mfs", "seaweedfs", "vmhgfs-fuse", "nfs",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class StorageFacts:
    """What the Ledger stands on. `file_system` is empty where the system does not tell."""

    folder: str
    file_system: str
    is_network: bool
    journal_mode: JournalMode
    sqlite_version: str
    free_bytes: int
    writable: bool


def is_network(file_system: str) -> bool:
    """Whether a file system of this type may be shared between machines. Pure.

    `file_system` is the type as the system names it (`ext4`, `nfs4`, `fuse.sshfs`). An unknown type
    counts as local: most of them are, and the journal mode that serves both is many times slower.
    """
    name = file_system.lower()
    if name.startswith("fuse"):
        return name.partition(".")[2] in _NETWORK_FUSE
    return name in _NETWORK


def journal_mode(file_system: str) -> JournalMode:
    """SQLite's journal mode for a database on a file system of this type. Pure."""
    return "delete" if is_network(file_system) else "wal"


def file_system_from_mountinfo(text: str, path: str) -> str:
    """The type of the file system that holds `path`, by the text of Linux's `/proc/self/mountinfo`.

    Of the mount points above `path` the longest counts, of equal ones the last. Empty when none
    does. Pure. Fields: see proc(5); the type is the first one behind the lone hyphen.
    """
    best, found = -1, ""
    for line in text.splitlines():
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = _unescaped(fields[4])
        if _is_above(point, path) and len(point) >= best:
            best, found = len(point), right.split(" ", 1)[0]
    return found


def file_system_from_mount(text: str, path: str) -> str:
    """The same by what `mount` prints on macOS: `/dev/disk1s1 on / (apfs, local, journaled)`. Pure."""
    best, found = -1, ""
    for match in re.finditer(r"^.*? on (/.*?) \((\w+)", text, re.MULTILINE):
        point = match[1]
        if _is_above(point, path) and len(point) >= best:
            best, found = len(point), match[2]
    return found


def file_system_of(folder: Path) -> str:
    """The type of the file system that holds `folder`; empty where the system does not tell."""
    real = os.path.realpath(folder)
    try:
        if _PLATFORM == "linux":
            table = Path("/proc/self/mountinfo").read_text("utf-8", "replace")
            return file_system_from_mountinfo(table, real)
        if _PLATFORM == "darwin":
            shown = subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=True, timeout=10)
            return file_system_from_mount(shown.stdout, real)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ""


def storage_facts(state: Path) -> StorageFacts:
    """What there is to say about the place in which the state folder `state` lies, or would lie."""
    folder = state
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    kind = file_system_of(folder)
    room = os.statvfs(folder)
    return StorageFacts(
        folder=str(state),
        file_system=kind,
        is_network=is_network(kind),
        journal_mode=journal_mode(kind),
        sqlite_version=sqlite3.sqlite_version,
        free_bytes=room.f_bavail * room.f_frsize,
        writable=os.access(folder, os.W_OK | os.X_OK),
    )


def _is_above(point: str, path: str) -> bool:
    return point in ("/", path) or path.startswith(f"{point}/")


def _unescaped(field: str) -> str:
    """A field of mountinfo with its octal escapes (a space is 040) put back."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)
