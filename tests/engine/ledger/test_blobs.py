from __future__ import annotations

import os
import stat
import tracemalloc
from hashlib import sha256
from pathlib import Path

import pytest

from metaensemble.engine.ledger import BlobStore
from metaensemble.schemas.errors import BlobMissing, LedgerUnreadable
from support.ledger import Interrupted, raise_at, run_python


def files(store: BlobStore) -> list[Path]:
    return sorted(path for path in store.folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("content", [b"", b"x", b"line\n" * 100_000])
def test_a_blob_is_named_by_its_content_and_stored_once(tmp_path: Path, content: bytes) -> None:
    store = BlobStore(tmp_path / "blobs")
    name = store.put(content)
    assert name == sha256(content).hexdigest()
    assert store.get(name) == content
    first = store.path(name).stat()
    assert store.put(content, durable=True) == name
    assert store.path(name).stat().st_ino == first.st_ino
    assert files(store) == [store.path(name)]
    assert stat.S_IMODE(first.st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_a_blob_may_arrive_in_pieces(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    pieces = [bytes([number % 256]) * number for number in range(0, 2000, 7)]
    writer = store.writer()
    for piece in pieces:
        writer.write(piece)
    whole = b"".join(pieces)
    assert writer.size == len(whole)
    assert writer.commit() == (sha256(whole).hexdigest(), len(whole))
    with store.open(sha256(whole).hexdigest()) as file:
        assert file.read() == whole


def test_little_text_that_is_not_kept_never_touches_the_disk(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    with store.writer() as writer:
        writer.write(b"x" * 1000)
    assert not store.folder.exists()


def test_an_aborted_blob_leaves_nothing(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    writer = store.writer()
    writer.write(b"x" * 200_000)
    assert len(files(store)) == 1
    writer.abort()
    writer.abort()
    assert files(store) == []
    with pytest.raises(ValueError, match="ended"):
        writer.write(b"more")
    with pytest.raises(ValueError, match="ended"):
        writer.commit()


def test_memory_is_bounded(tmp_path: Path) -> None:
    writer = BlobStore(tmp_path / "blobs").writer()
    piece = b"0123456789abcdef" * 4096
    writer.write(piece)
    tracemalloc.start()
    for _ in range(300):
        writer.write(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    writer.abort()
    assert peak < 1 << 20


@pytest.mark.parametrize("point", ["blob.before_write", "blob.before_rename", "blob.after_rename"])
def test_a_failure_at_any_point_is_mended_by_doing_it_again(tmp_path: Path, point: str) -> None:
    store = BlobStore(tmp_path / "blobs", faults=raise_at(point))
    with pytest.raises(Interrupted):
        store.put(b"text" * 50_000)
    name = store.put(b"text" * 50_000)
    assert files(store) == [store.path(name)]
    assert store.is_whole(name)


def test_a_missing_or_altered_blob_is_told_apart_from_its_content(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    name = store.put(b"the truth")
    assert (store.holds(name), store.is_whole(name), store.holds("0" * 64)) == (True, True, False)
    store.path(name).write_bytes(b"a lie, no")
    assert not store.is_whole(name)
    with pytest.raises(BlobMissing, match="not what it was"):
        store.get(name)
    with pytest.raises(BlobMissing, match="not there"):
        store.get("0" * 64)
    assert not store.is_whole("0" * 64)


def test_a_blob_that_a_power_cut_left_empty_is_written_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    name = store.put(b"text")
    store.path(name).write_bytes(b"")
    store.put(b"text")
    assert store.get(name) == b"text"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64 + "\n"])
def test_what_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the name"):
        BlobStore(tmp_path).path(name)


def test_what_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    code = """
import os, sys, signal
from pathlib import Path
from metaensemble.engine.ledger import BlobStore
writer = BlobStore(Path(sys.argv[1])).writer()
writer.write(b"x" * 100_000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    store = BlobStore(tmp_path / "blobs")
    assert store.sweep() == 0
    assert run_python(code, store.folder)[0] == -9
    kept = store.put(b"whole")
    living = store.writer()
    living.write(b"y" * 100_000)
    assert store.sweep() == 0, "what is young may be about to be locked"
    assert store.sweep(older_than_s=-1) == 1
    name, _ = living.commit()
    assert files(store) == sorted([store.path(kept), store.path(name)])


def test_a_system_error_is_one_of_ours(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(LedgerUnreadable):
        BlobStore(tmp_path / "blobs").put(b"x" * 100_000)
    assert os.listdir(tmp_path) == ["blobs"]


def test_what_is_kept_can_be_adopted_only_once_its_writer_is_dead(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    writer = store.writer(keep_as="r1.stdout")
    writer.write(b"so ")
    writer.write(b"far")
    assert store.kept() == ["r1.stdout"]
    assert store.adopt("r1.stdout") is None
    assert store.sweep(older_than_s=-1) == 0
    name, size = writer.commit()
    assert (store.get(name), size) == (b"so far", 6)
    assert store.kept() == []
    aborted = store.writer(keep_as="r2.stdout")
    aborted.write(b"x")
    aborted.abort()
    assert store.kept() == []
    assert store.adopt("r2.stdout") is None


def test_every_piece_of_what_is_kept_outlives_its_writer(tmp_path: Path) -> None:
    code = """
import os, sys, signal
from pathlib import Path
from metaensemble.engine.ledger import BlobStore
writer = BlobStore(Path(sys.argv[1])).writer(keep_as="r1.stdout")
for number in range(1000):
    writer.write(b"line %d\\n" % number)
os.kill(os.getpid(), signal.SIGKILL)
"""
    store = BlobStore(tmp_path / "blobs")
    assert run_python(code, store.folder)[0] == -9
    assert store.sweep(older_than_s=-1) == 0, "what is kept waits for as long as it takes"
    whole = b"".join(b"line %d\n" % number for number in range(1000))
    for _ in range(2):
        found = store.adopt("r1.stdout")
        assert found is not None
        name, size, head = found
        assert (store.get(name), size, head) == (whole, len(whole), whole[:2048])
    modes = [stat.S_IMODE((store.folder / path).stat().st_mode) for path in ("kept", "kept/r1.stdout")]
    assert modes == [0o700, 0o600]
    store.forget("r1.stdout")
    store.forget("r1.stdout")
    assert store.kept() == []
    assert store.holds(name)
