"""Output streams: what is kept of them, and how much memory that takes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.masking import Masker
from metaensemble.engine.runtimes.capture import INLINE, Capture, first_lines
from metaensemble.engine.runtimes.protocol import StoredText
from support.fakes import MemoryBlobs

NOTHING = Masker({})


def test_silence_is_nothing() -> None:
    assert Capture(MemoryBlobs(), NOTHING).finish() is None


@given(st.lists(st.binary(max_size=900), max_size=12), st.integers(0, 6000))
def test_whatever_the_pieces_the_whole_is_kept(pieces: list[bytes], keep: int) -> None:
    blobs = MemoryBlobs()
    capture = Capture(blobs, NOTHING, keep=keep)
    for piece in pieces:
        capture.feed(piece)
    whole = b"".join(pieces)
    stored = capture.finish()
    if not whole:
        assert stored is None
        return
    assert stored is not None
    assert stored.size == capture.raw_size == len(whole)
    if stored.blob is None:
        assert len(whole) <= INLINE
        assert stored.head.encode() == whole
    else:
        assert blobs.texts[stored.blob] == whole
    assert capture.overflowed == (bool(keep) and len(whole) > keep)
    assert capture.value() == (whole if keep >= len(whole) else b"")
    assert blobs.open_writers == 0


def test_a_secret_cut_by_pieces_is_masked_before_anything_keeps_it() -> None:
    blobs = MemoryBlobs()
    capture = Capture(blobs, Masker({"T": "hunter22hunter22"}), keep=100)
    for piece in (b"a hunt", b"er22hun", b"ter22 z"):
        capture.feed(piece)
    assert capture.finish() == StoredText(head="a ***T*** z", size=11)
    assert capture.value() == b"a ***T*** z"
    assert capture.raw_size == 20


def test_the_last_words_are_short_and_on_one_line() -> None:
    capture = Capture(MemoryBlobs(), NOTHING)
    capture.feed(b"one\ntwo\n\n  three  \nfour\n\n")
    assert capture.last_lines() == "two | three | four"
    capture.feed(b"x" * 5000 + b"\nend\n")
    capture.finish()
    assert capture.last_lines(limit=20) == "…" + "x" * 14 + " | end"


def test_the_last_words_of_a_stream_that_just_outgrew_its_head() -> None:
    capture = Capture(MemoryBlobs(), NOTHING)
    capture.feed(b"x" * (INLINE - 10) + b"\nnear\n")
    capture.feed(b"the end\n")
    capture.finish()
    assert capture.last_lines(2) == "near | the end"


def test_aborting_leaves_nothing() -> None:
    blobs = MemoryBlobs()
    capture = Capture(blobs, NOTHING)
    capture.feed(b"x" * 5000)
    capture.abort()
    capture.abort()
    assert blobs.texts == {}
    assert blobs.open_writers == 0


def test_first_lines_are_whole_where_there_are_any() -> None:
    assert first_lines(b"a\nb\nc") == "a\nb\n"
    assert first_lines(b"abc") == "abc"
    assert first_lines(b"") == ""
