"""A pattern means what it means to `re`, and its search ends."""

from __future__ import annotations

import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.pattern_search import PatternTooSlow, matches, search

HOPELESS = "(a|aa)+$"
LONG = "a" * 200 + "!"

ATOMS = [
    "a",
    "b",
    ".",
    "é",
    "ß",
    "1",
    "-",
    "{",
    "}",
    "{}",
    "{e}",
    "{i<=1}",
    "{d}",
    "{,}",
    "{1",
    "{,2}",
    "{2}",
    "{1,2}",
    "{1,2}?",
    "{",
    "1}",
    "*",
    "+",
    "?",
    "*?",
    "*+",
    "|",
    "^",
    "$",
    "(a)",
    "(?:ab)",
    "(a|b)",
    "\\1",
    "\\d",
    "\\w",
    "\\s",
    "\\b",
    "\\A",
    "\\Z",
    "\\n",
    "\\x41",
    "\\u0041",
    "\\-",
    "\\.",
    "\\{",
    "\\N{DIGIT|ONE}",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!b)",
    "(?P<n>a)",
    "(?P=n)",
    "(?i:a)",
    "(?s:.)",
    "(?>a)",
    "[a-z]",
    "[^a]",
    "[]a]",
    "[^]a]",
    "[[a]",
    "[a-]",
    "[a&&b]",
    "[a--b]",
    "[{]",
    "[\\]{]",
    "[[:alpha:]]",
]
TEXTS = (
    "",
    "a",
    "b",
    "ab",
    "aab",
    "a\n",
    "1",
    "é",
    "SS",
    "A",
    "a{e}",
    "a{}",
    "{",
    "[a]",
    ":]",
    "a b",
    "&",
    "A1",
)


@given(
    st.lists(st.sampled_from(ATOMS), min_size=1, max_size=4), st.sampled_from(["", "(?i)", "(?x)", "(?s)"])
)
def test_a_pattern_means_what_it_means_to_re(atoms: list[str], flags: str) -> None:
    pattern = flags + "".join(atoms).replace("|ONE", " ONE")
    with warnings.catch_warnings():
        # A bracket in a set may come to mean something else one day.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            usual = re.compile(pattern)
        except re.error:
            with pytest.raises(re.error):
                search(pattern, "a")
            return
        for text in TEXTS:
            assert search(pattern, text) == bool(usual.search(text)), text
            assert matches(pattern, text) == bool(usual.fullmatch(text)), text


@pytest.mark.parametrize("pattern", [r"\p{L}", r"\R", "a{e", "(", "*a"])
def test_what_re_refuses_is_refused(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error:
        with pytest.raises(re.error):
            search(pattern, "a")
    else:
        assert search(pattern, pattern)


def test_a_search_that_would_not_end_is_given_up() -> None:
    with pytest.raises(PatternTooSlow) as caught:
        search(HOPELESS, LONG, seconds=0.01)
    assert str(caught.value) == f"the pattern `{HOPELESS}` took too long: it was given up after 0.01 s"
    with pytest.raises(PatternTooSlow):
        matches(HOPELESS, LONG, seconds=0.01)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a*)*$", "^(a+|b)*$", "(.*a){20}$"])
def test_well_known_traps_end(pattern: str) -> None:
    try:
        found = search(pattern, "a" * 5000 + "!", seconds=0.01)
    except PatternTooSlow:
        return
    assert not found
