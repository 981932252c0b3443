from __future__ import annotations

from itertools import pairwise

import pytest

from metaensemble.schemas.semver import next_minor, precedence

ORDERED = [
    "0.0.0", "0.0.1", "0.1.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
    "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0", "10.0.0",
]  # fmt: skip
"""The example of the specification's rule 11, and around it."""


@pytest.mark.parametrize(("lower", "higher"), list(pairwise(ORDERED)))
def test_the_order_of_the_specification(lower: str, higher: str) -> None:
    assert precedence(lower) < precedence(higher)


def test_build_words_count_for_nothing() -> None:
    assert precedence("1.0.0+a") == precedence("1.0.0+b.2") == precedence("1.0.0")


@pytest.mark.parametrize("text", ["", "1", "1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", " 1.0.0", "1.0.0\n", "1.0.0-a..b"])  # fmt: skip
def test_what_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="not a semantic version"):
        precedence(text)


def test_the_next_minor_version() -> None:
    assert [next_minor(text) for text in ("1.2.3", "0.0.9", "1.2.0-rc.1+b")] == ["1.3.0", "0.1.0", "1.3.0"]
