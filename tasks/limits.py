"""How much a graph file may hold. Beyond these the file is refused, never cut."""

from __future__ import annotations

from typing import Final

MAXIMUM_BYTES: Final = 10_000_000
"""The size of a file; about 100,000 tasks."""
MAXIMUM_DEPTH: Final = 100
"""Levels of maps and lists, those counted that an alias stands for."""
MAXIMUM_ALIASED: Final = 100_000
"""Values that all aliases together may stand for."""
MAXIMUM_DIGITS: Final = 300
"""Digits of a whole number: about as many as the largest float has."""
MAXIMUM_PROBLEMS: Final = 100
"""Problems of one kind that are told of one file; nobody reads more."""
