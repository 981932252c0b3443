"""What a tool measured, before any limit is held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...schemas.quality import AxisRule, AxisState


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The value of an axis, one sentence about it, and the findings, the worst first. `unread` files were
    not looked at, because the tool could not read them."""

    value: float
    said: str
    findings: Sequence[Mapping[str, Any]] = ()
    unread: int = 0


def state_of(value: float, rule: AxisRule) -> AxisState:
    """The state of an axis on which more is worse."""
    if rule.block is not None and value >= rule.block:
        return "block"
    if rule.notify is not None and value >= rule.notify:
        return "notify"
    return "auto"
