from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from metaensemble.cli.plain import plain, shell_word


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


@pytest.mark.parametrize(
    "text",
    ["plain", "two words", "it's", "größe", os.fsdecode(b"caf\xe9 'x' \\n"), "a\x1b[1m\n\tb\u2028", "\xa0"],
    ids=ascii,
)
def test_a_word_that_can_be_typed(text: str) -> None:
    shell = shutil.which("bash") or shutil.which("zsh")
    assert shell is not None
    word = shell_word(text)
    assert word.isprintable()
    told = subprocess.run([shell, "-c", f"printf %s {word}"], capture_output=True, check=True)
    assert told.stdout == os.fsencode(text)
