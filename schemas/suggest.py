"""Did-you-mean: the name in scope that a mistyped one is closest to. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable

MAXIMUM_DISTANCE = 2


def distance(left: str, right: str, limit: int = MAXIMUM_DISTANCE) -> int:
    """The edit distance of two words, or `limit + 1` when it is greater than `limit`.

    One insertion, deletion, substitution, or swap of two neighbours counts 1 (the restricted
    Damerau-Levenshtein distance, "optimal string alignment").
    """
    if abs(len(left) - len(right)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, row = row, current
    return min(row[-1], limit + 1)


def closest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate within `MAXIMUM_DISTANCE` of `name`, or None.

    Case and `_`, `-` or blanks count for nothing. Words of two or three letters must be within 1, so
    that `cwd` is not offered for `env`, and of one letter the same. Of equally close ones the first
    candidate wins.
    """
    wanted = _plain(name)
    allowed = MAXIMUM_DISTANCE if len(wanted) > 3 else min(1, max(0, len(wanted) - 1))
    best: str | None = None
    for candidate in candidates:
        found = distance(wanted, _plain(candidate), allowed)
        if found <= allowed:
            best, allowed = candidate, found - 1
            if allowed < 0:
                break
    return best


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """A hint, "did you mean `x`?", or None when nothing in scope is near."""
    found = closest(name, candidates)
    return f"did you mean `{found}`?" if found is not None else None


def in_backticks(names: Iterable[str], *, last: str = "or", limit: int = 12) -> str:
    """Names as a person lists them: "`a`, `b` or `c`"; more than `limit` are cut with a count."""
    shown = [f"`{name}`" for name in names]
    if len(shown) > limit:
        return ", ".join(shown[:limit]) + f" and {len(shown) - limit} more"
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def _plain(word: str) -> str:
    return word.casefold().replace("-", "").replace("_", "").replace(" ", "")
