from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger, connection, storage_facts
from metaensemble.engine.ledger.storage import (
    file_system_from_mount,
    file_system_from_mountinfo,
    file_system_of,
    is_network,
    journal_mode,
)

MOUNTINFO = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:5 / /home rw - nfs4 server:/export rw
24 23 0:6 / /home/me/fast rw,nosuid shared:3 master:1 - btrfs /dev/sdb rw
25 22 0:7 / /mnt/my\040share rw - cifs //server/share rw
26 22 0:8 / /mnt/remote rw - fuse.sshfs me@host: rw
27 22 0:9 / /tmp rw - tmpfs tmpfs rw
28 22 0:9 / /tmp rw - xfs /dev/sdc rw
torn line
"""
MOUNT = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
//me@server/share on /Volumes/My Share (smbfs, nodev, nosuid, mounted by me)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse)
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "ext4"),
        ("/srv/project", "ext4"),
        ("/home/you/project", "nfs4"),
        ("/homework", "ext4"),
        ("/home/me/fast", "btrfs"),
        ("/home/me/fast/project", "btrfs"),
        ("/mnt/my share/project", "cifs"),
        ("/mnt/remote/x", "fuse.sshfs"),
        ("/tmp/x", "xfs"),
    ],
)
def test_the_innermost_mount_counts(path: str, expected: str) -> None:
    assert file_system_from_mountinfo(MOUNTINFO, path) == expected


@pytest.mark.parametrize(
    ("path", "expected"), [("/Users/me", "apfs"), ("/Volumes/My Share/project", "smbfs"), ("/dev/x", "devfs")]
)
def test_the_same_on_macos(path: str, expected: str) -> None:
    assert file_system_from_mount(MOUNT, path) == expected


def test_no_table_no_answer() -> None:
    assert file_system_from_mountinfo("", "/x") == ""
    assert file_system_from_mount("", "/x") == ""


@pytest.mark.parametrize(
    "name", ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "virtiofs", "NFS"]
)
def test_wal_is_not_used_between_machines(name: str) -> None:
    assert is_network(name)
    assert journal_mode(name) == "delete"


@pytest.mark.parametrize(
    "name", ["ext4", "xfs", "btrfs", "apfs", "tmpfs", "overlay", "zfs", "fuse.ntfs-3g", "fuseblk", ""]
)
def test_wal_is_used_on_one_machine(name: str) -> None:
    assert not is_network(name)
    assert journal_mode(name) == "wal"


def test_the_facts_for_a_doctor(tmp_path: Path) -> None:
    facts = storage_facts(tmp_path / "not" / "there" / "yet")
    assert facts.folder.endswith("yet")
    assert facts.file_system == file_system_of(tmp_path)
    assert facts.sqlite_version.count(".") == 2
    assert facts.free_bytes > 0
    assert facts.writable


def test_a_ledger_on_a_network_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support.ledger import content, dag_run_created, finished, note

    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created()])
    # The project was moved to a share.
    monkeypatch.setattr(connection, "file_system_of", lambda _folder: "nfs4")
    with Ledger.open(tmp_path) as ledger, Ledger.open(tmp_path) as other:
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        ledger.append([finished("r1")])
        other.append([note()], durable=True)
        assert ledger.connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert other.connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert ledger.verify().is_clean
        before = content(ledger.connection)
    with Ledger.open(tmp_path, readonly=True) as reader:
        assert content(reader.connection) == before
    monkeypatch.undo()
    with Ledger.open(tmp_path) as ledger:
        assert ledger.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
