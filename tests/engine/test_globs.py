"""Overlap of globs, against a brute-force search for a path that both match."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.globs import may_overlap


@pytest.mark.parametrize(
    ("one", "two", "overlap"),
    [
        ("out/report.txt", "out/report.txt", True),
        ("out/*.txt", "out/report.txt", True),
        ("out/*.txt", "out/*.md", False),
        ("out/a*", "out/*b", True),
        ("out", "out/report.txt", True),
        ("out/**", "out/deep/er/x", True),
        ("**/x", "a/b/x", True),
        ("**/x", "a/b/y", False),
        ("a/b", "a/c", False),
        ("./a", "a", True),
        ("a/../b", "b", True),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("[ab].txt", "c.txt", True),
        ("one", "two", False),
        ("**/*.pyc", "report.md", False),
        ("**", "anything/at/all", True),
    ],
)
def test_pairs(one: str, two: str, overlap: bool) -> None:
    assert may_overlap(one, two) is overlap
    assert may_overlap(two, one) is overlap


segment = st.text(alphabet="ab*?", min_size=1, max_size=3).filter(lambda text: "**" not in text)


@given(one=segment, two=segment)
def test_one_segment_agrees_with_a_search(one: str, two: str) -> None:
    texts = ["".join(letters) for size in range(1, 6) for letters in product("ab", repeat=size)]
    found = any(fnmatchcase(text, one) and fnmatchcase(text, two) for text in texts)
    assert may_overlap(one, two) is found
