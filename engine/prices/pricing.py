"""What the runtimes of agents ask: what a use of a model costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ...schemas.errors import PriceTableBroken
from .places import load_table
from .table import PriceTable

if TYPE_CHECKING:
    from ..runtimes.client import Usage


def today() -> date:
    """The day in UTC, by which prices begin to hold."""
    return datetime.now(UTC).date()


class Pricing:
    """Asks the price table of the user with that home, which is read when the first price is asked for.

    `runtimes.agent_usage.Price` says what it is good for.
    """

    def __init__(self, home: Path | None, *, on: Callable[[], date] = today) -> None:
        self._home = home
        self._on = on

    @cached_property
    def table(self) -> PriceTable | None:
        """The table; None for one that is broken, which is refused where a DAG run starts."""
        try:
            return load_table(self._home)[0]
        except PriceTableBroken:
            return None

    @property
    def stamp(self) -> dict[str, str] | None:
        """What a Run keeps of the table."""
        return None if self.table is None else self.table.stamp

    def __call__(self, model: str | None, usage: Usage, *, one_request: bool = False) -> float | None:
        """What a use costs in US dollars, None where that is not known."""
        if self.table is None:
            return None
        cost = self.table.cost(
            model,
            tokens_in=usage.tokens_in,
            tokens_out=usage.tokens_out,
            cache_read=usage.cache_read_tokens,
            cache_write=usage.cache_create_tokens,
            one_request=one_request,
            on=self._on(),
        )
        return None if cost is None else float(cost)
