from __future__ import annotations

import os

import pytest

from metaensemble.cli.plain import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe 日本.yaml", "größe 日本.yaml"),
        ("a\x1b[31m\nb\tc", "a [31m b c"),
        (os.fsdecode(b"caf\xe9"), r"caf\xe9"),
        ("half \ud800 of a pair", "half   of a pair"),
    ],
)
def test_names_in_a_line(text: str, shown: str) -> None:
    assert plain(text) == shown
