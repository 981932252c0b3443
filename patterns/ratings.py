"""Votes as the statistics of agreement read them: one row per item, one place per rater. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Label = str | bool | int | float
Ratings = Sequence[Sequence[Label | None]]
"""One row per item, one place per rater, the same rater in the same place of every row. `None` stands
for a vote that is missing."""

LabelKey = tuple[str, str | int | float]
Tally = Mapping[LabelKey, int]
"""How often each class was chosen for one item; classes that nobody chose are absent."""


class Undefined(Exception):
    """The quantity has no value for these ratings. The message says why."""


def label_key(label: Label) -> LabelKey:
    """What two labels have in common exactly when they are the same vote.

    In Python `True == 1`; as votes they differ, and so do `1` and `"1"`. `1` and `1.0` are the same
    number, as in JSON Schema. Raises `Undefined` for NaN and infinities, which no vote in JSON can be,
    and `TypeError` for what is no label at all.
    """
    if isinstance(label, bool):
        return "boolean", label
    if isinstance(label, str):
        return "text", label
    if isinstance(label, int):
        return "number", label
    if isinstance(label, float):
        if not math.isfinite(label):
            raise Undefined(f"the vote `{label}` is not a finite number")
        return "number", label
    raise TypeError(f"a label is text, a boolean or a number, not {type(label).__name__}")


def keyed(ratings: Ratings) -> list[list[LabelKey | None]]:
    """`ratings` with each label's key in its place.

    Raises `ValueError` when rows differ in length, otherwise as `label_key`.
    """
    if len({len(row) for row in ratings}) > 1:
        raise ValueError("each item needs one place per rater: write a missing vote as None")
    return [[None if label is None else label_key(label) for label in row] for row in ratings]


def tally(ratings: Ratings) -> list[Tally]:
    """The votes counted by class, item by item. Raises as `keyed`."""
    counted: list[Tally] = []
    for row in keyed(ratings):
        counts: dict[LabelKey, int] = {}
        for key in row:
            if key is not None:
                counts[key] = counts.get(key, 0) + 1
        counted.append(counts)
    return counted
