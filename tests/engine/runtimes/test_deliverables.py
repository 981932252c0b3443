"""Files that an attempt must leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.masking import Masker
from metaensemble.engine.runtimes.before import note_files
from metaensemble.engine.runtimes.deliverables import collect, summary
from metaensemble.engine.runtimes.output_contract import OutputInvalid
from support.fakes import MemoryBlobs


def test_it_is_stored_and_summed_up(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.md").write_text("intro\n\n## Findings\n\nnone\n")
    blobs = MemoryBlobs()
    found = collect(
        [(str(tmp_path / "out" / "report.md"), None)], project=str(tmp_path), masker=Masker({}), blobs=blobs
    )
    assert found is not None
    assert found["path"] == "out/report.md"
    assert found["summary"] == "Findings"
    assert blobs.texts[found["hash"]].startswith(b"intro")


def test_further_ones_follow_the_first(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
    promised = [(str(tmp_path / name), None) for name in ("a", "b", "c")]
    found = collect(promised, project=str(tmp_path), masker=Masker({}), blobs=MemoryBlobs())
    assert found is not None
    assert found["path"] == "a"
    assert [one["path"] for one in found["more"]] == ["b", "c"]


def test_no_promise_is_no_deliverable(tmp_path: Path) -> None:
    assert collect([], project=str(tmp_path), masker=Masker({}), blobs=MemoryBlobs()) is None


def test_one_that_was_there_before_and_was_not_written_is_none(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).write_text("x")
    paths = [str(tmp_path / name) for name in ("new", "old")]
    before = note_files(paths)
    (tmp_path / "new").write_text("x")
    blobs = MemoryBlobs()
    with pytest.raises(OutputInvalid) as caught:
        collect(
            [(path, None) for path in paths],
            project=str(tmp_path),
            masker=Masker({}),
            blobs=blobs,
            before=before,
        )
    assert caught.value.reason == (
        "the deliverable `old` was there before and was not written by this attempt"
    )
    assert blobs.open_writers == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "the deliverable `r.json` was not written"),
        ("{", "the deliverable `r.json` is not JSON"),
        ('{"a": "x"}', "the deliverable `r.json` breaks its schema: `$.a`"),
    ],
)
def test_a_broken_promise_stores_nothing(content: str | None, words: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "r.json").write_text(content)
    blobs = MemoryBlobs()
    schema = {"properties": {"a": {"type": "integer"}}}
    with pytest.raises(OutputInvalid) as caught:
        collect([(str(tmp_path / "r.json"), schema)], project=str(tmp_path), masker=Masker({}), blobs=blobs)
    assert caught.value.reason.startswith(words)
    assert blobs.texts == {}
    assert blobs.open_writers == 0


def test_a_large_file_is_stored_in_pieces(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"word " * 4_000_000)
    blobs = MemoryBlobs()
    found = collect([(str(tmp_path / "large"), None)], project=str(tmp_path), masker=Masker({}), blobs=blobs)
    assert found is not None
    assert len(blobs.texts[found["hash"]]) == 20_000_000
    assert blobs.largest_write <= 1 << 20
    assert len(found["summary"]) <= 240


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", ""),
        (b"# Title\nx", "Title"),
        (b"x\n#\n### Deep\n", "Deep"),
        (rb"# review-1\#2 of a\_b, C:\d", r"review-1#2 of a_b, C:\d"),
        (b"one\n\n two \nthree", "one two three"),
        (b"\xff\n", "�"),
    ],
)
def test_summary(text: bytes, expected: str) -> None:
    assert summary(text) == expected
