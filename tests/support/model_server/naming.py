"""Ids that are never given twice by one process."""

from __future__ import annotations

import itertools

_numbers = itertools.count(1)


def new_id(kind: str) -> str:
    return f"{kind}_scripted{next(_numbers):06d}"
