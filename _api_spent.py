"""Layer 3, part of `api`: what agents used, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .engine.ledger.rows import RunRow
    from .schemas.report import Spent


def spent_by(run: RunRow) -> Spent | None:
    """What one Run used; None for work without an agent."""
    from .schemas.report import Spent

    if run.executor_id is None:
        return None
    known = run.tokens_in is not None or run.tokens_out is not None
    cost = run.cost_usd
    return Spent(
        runs=1,
        tokens_in=run.tokens_in or 0,
        tokens_out=run.tokens_out or 0,
        cache_read_tokens=run.cache_read_tokens or 0,
        cache_create_tokens=run.cache_create_tokens or 0,
        cost_usd=cost or 0.0,
        equivalent_usd=cost or 0.0 if run.cost_kind == "equivalent" else 0.0,
        unpriced=int(cost is None and known),
        unknown=int(not known),
    )
