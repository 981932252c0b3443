"""What a client tells, as the engine takes it: figures that can be, texts that can be kept, no secrets.

What a client prints is data and may be anything. Everything that its reader makes of it comes through here,
whichever client it is, before it is counted or recorded. What cannot be is as if it had not been told; the
answer itself is not looked at: the output contract does that.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..masking import Masker
from .client import MOST, USAGE_FIELDS, Seen, TurnEnd, Usage

_NAMELESS: Final = "?"
"""The model of figures whose model has no name that can be kept."""


class Told:
    """Takes what readers give. `masker` knows the secrets of the attempt."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker

    def seen(self, seen: Seen) -> Seen:
        """What a line told. A file's name is masked later: until then it is a place to look at."""
        return Seen(
            tool=self._name(seen.tool),
            refused=self._name(seen.refused),
            file=_path(seen.file),
            usage=None if seen.usage is None else plausible(seen.usage),
            session=self._id(seen.session),
            waits=_wait(seen.waits),
        )

    def end(self, end: TurnEnd) -> TurnEnd:
        """How a turn ended."""
        return replace(
            end,
            reason=self._name(end.reason) or "",
            retry_after=_known_wait(end.retry_after),
            session=self._id(end.session),
            usage=plausible(end.usage),
            usage_by_model=self._by_model(end.usage_by_model),
            usage_source=self._name(end.usage_source),
            model=self._model(end.model),
            steps=_tokens(end.steps),
        )

    def _by_model(self, given: Mapping[str, Usage]) -> dict[str, Usage]:
        found: dict[str, Usage] = {}
        for name, usage in given.items():
            plain = self._name(name) or _NAMELESS
            found[plain] = plausible(found.get(plain, Usage()) + plausible(usage))
        return found

    def _name(self, value: object) -> str | None:
        """A text for people, with a `?` where no UTF-8 can hold a character."""
        if not isinstance(value, str):
            return None
        return self._masker.mask_text(value).encode("utf-8", "replace").decode()

    def _model(self, value: object) -> str | None:
        return self._name(value) or None if _is_text(value) else None

    def _id(self, value: object) -> str | None:
        """A name that must be given back as it is: one that may not be kept so is of no use."""
        if not isinstance(value, str) or not value or "\0" in value or not _is_text(value):
            return None
        return value if self._masker.mask_text(value) == value else None


def plausible(usage: Usage) -> Usage:
    """The figures that can be; all others are unknown."""
    found: dict[str, Any] = {name: _tokens(getattr(usage, name)) for name in USAGE_FIELDS[:-1]}
    return Usage(**found, cost_usd=_money(usage.cost_usd))


def _tokens(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 <= value <= MOST else None  # type: ignore[operator, return-value]


def _money(value: object) -> float | None:
    found = _number(value)
    return found if found is not None and 0 <= found <= MOST else None


def _known_wait(value: object) -> float | None:
    """A wait of the engine's own: with one that never ends, it goes by its own rules."""
    found = _number(value)
    return max(found, 0.0) if found is not None and math.isfinite(found) else None


def _wait(value: object) -> float | None:
    """A wait of the client's, which may never end; 0 where it cannot be said how long it is."""
    if value is None:
        return None
    found = _number(value)
    return 0.0 if found is None else max(found, 0.0)


def _number(value: object) -> float | None:
    """The value as a number; None for what is none."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        found = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return None if math.isnan(found) else found


def _path(value: object) -> str | None:
    """A name that the system can be asked about."""
    if not isinstance(value, str) or not value or "\0" in value:
        return None
    try:
        os.fsencode(value)
    except UnicodeEncodeError:
        return None
    return value


def _is_text(value: object) -> bool:
    """Whether it is a text that UTF-8 can hold."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
