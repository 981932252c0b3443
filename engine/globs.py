"""Whether two glob patterns can match one and the same path."""

from __future__ import annotations

from functools import lru_cache


def may_overlap(one: str, two: str) -> bool:
    """Whether some path matches both patterns.

    Patterns are relative paths with `/` between segments; `*` and `?` match within a segment, `**`
    as a whole segment matches any number of segments. `[...]` is taken to match any one character,
    so the answer may be a cautious yes. A pattern that names a directory covers what lies in it.
    """
    return _segments_overlap(_split(one), _split(two))


def is_plain(pattern: str) -> bool:
    """Whether the pattern names one path, with no wildcard in it."""
    return not any(sign in pattern for sign in "*?[")


def segments(pattern: str) -> tuple[str, ...]:
    """The pattern's segments, with `.` and `..` resolved. Two plain patterns overlap exactly when the
    segments of one begin with those of the other."""
    return _split(pattern)


def _split(pattern: str) -> tuple[str, ...]:
    parts = [part for part in pattern.split("/") if part not in ("", ".")]
    resolved: list[str] = []
    for part in parts:
        if part == ".." and resolved and resolved[-1] != "**":
            resolved.pop()
        else:
            resolved.append(part)
    return tuple(resolved)


@lru_cache(maxsize=4096)
def _segments_overlap(one: tuple[str, ...], two: tuple[str, ...], swallowed: bool = False) -> bool:
    if not one or not two:
        # One is used up. What is left of the other may lie inside it, as inside a directory; but not
        # when a `**` got here by swallowing names: `**/*.pyc` is no claim on `report.md`.
        rest = one or two
        return all(part == "**" for part in rest) or not swallowed
    if one[0] == "**":
        return _segments_overlap(one[1:], two, swallowed) or _segments_overlap(one, two[1:], True)
    if two[0] == "**":
        return _segments_overlap(one, two[1:], swallowed) or _segments_overlap(one[1:], two, True)
    same = _segment_overlap(_atoms(one[0]), _atoms(two[0]))
    return same and _segments_overlap(one[1:], two[1:], swallowed)


def _atoms(segment: str) -> tuple[str, ...]:
    atoms: list[str] = []
    at = 0
    while at < len(segment):
        close = segment.find("]", at + 2) if segment[at] == "[" else -1
        if close > 0:
            atoms.append("?")
            at = close + 1
        else:
            atoms.append(segment[at])
            at += 1
    return tuple(atoms)


@lru_cache(maxsize=4096)
def _segment_overlap(one: tuple[str, ...], two: tuple[str, ...]) -> bool:
    # One row of the table per atom of `one`: reach[j] says that one[:i] and two[:j] can match the
    # same text.
    reach = [True] + [False] * len(two)
    for j, atom in enumerate(two):
        reach[j + 1] = reach[j] and atom == "*"
    for atom in one:
        row = [reach[0] and atom == "*"] + [False] * len(two)
        for j, other in enumerate(two):
            if atom == "*" or other == "*":
                row[j + 1] = reach[j + 1] or row[j]
            else:
                row[j + 1] = reach[j] and (atom == other or "?" in (atom, other))
        reach = row
    return reach[-1]
