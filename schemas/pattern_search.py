"""Regular expressions that a user wrote, searched for within a bound.

The `re` of Python tries every way in which a pattern could match, which can take longer than
anybody lives, and nothing else runs in the meantime. The package `regex` takes fewer ways, lets other
threads run, and can be told when to stop. A pattern means here what it means to `re`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regex import Pattern

PATTERN_SECONDS: Final = 2.0
"""How much of a processor's time one search may take; a harmless pattern needs a thousandth of it."""

_LITERALS: Final = re.compile(
    r"\\N\{[^}]*\}|\\."  # what is escaped stays
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]"  # a set of characters
    r"|\{(?!(?:\d+(?:,\d*)?|,\d*)\})",  # a brace that begins no number of repeats
    re.DOTALL,
)
_IN_SET: Final = re.compile(r"\\.|\[", re.DOTALL)


class PatternTooSlow(Exception):
    """A search was given up. `pattern` is the pattern, `seconds` how long it was tried."""

    def __init__(self, pattern: str, seconds: float) -> None:
        super().__init__(f"the pattern `{pattern}` took too long: it was given up after {seconds:g} s")
        self.pattern = pattern
        self.seconds = seconds


def search(pattern: str, text: str, *, seconds: float = PATTERN_SECONDS) -> bool:
    """Whether `pattern` matches anywhere in `text`. Raises `PatternTooSlow`, and `re.error`."""
    try:
        return _compiled(pattern).search(text, concurrent=True, timeout=seconds) is not None
    except TimeoutError:
        raise PatternTooSlow(pattern, seconds) from None


def matches(pattern: str, text: str, *, seconds: float = PATTERN_SECONDS) -> bool:
    """Whether `pattern` matches `text` from end to end. Raises as `search` does."""
    try:
        return _compiled(pattern).fullmatch(text, concurrent=True, timeout=seconds) is not None
    except TimeoutError:
        raise PatternTooSlow(pattern, seconds) from None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Pattern[str]:
    import regex  # 9 ms, which a graph without patterns need not pay

    re.compile(pattern)  # it knows things that `re` refuses
    return regex.compile(_LITERALS.sub(_spelled_out, pattern), flags=regex.VERSION0)


def _spelled_out(found: re.Match[str]) -> str:
    r"""What `re` takes as it stands and `regex` does not: `{e}` is no error count, `[[:` no class."""
    text = found[0]
    if text == "{":
        return r"\{"
    if text.startswith("["):
        return "[" + _IN_SET.sub(lambda part: r"\[" if part[0] == "[" else part[0], text[1:])
    return text
