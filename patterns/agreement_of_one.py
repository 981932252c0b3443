"""How far the votes of ONE decision can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .effective_votes import normalised_entropy


def agreement_of(
    counts: Mapping[str, int], families: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The share of the leading value, the entropy, and who was on the panel.

    A panel of one family is flagged: what is alike errs alike about 60 % of the time (arXiv 2506.07962),
    so that many votes of one family say less than they seem to. How much less only many decisions can
    tell; `me consensus report` does.
    """
    total = sum(counts.values())
    many = settings.get("classes")
    classes = max(many, len(counts)) if many else None
    distinct = sorted(set(families))
    return {
        "share": round(max(counts.values()) / total, 6) if total else None,
        "entropy": round(normalised_entropy(list(counts.values()), classes), 6) if total else None,
        "families": len(distinct),
        "one_family": len(distinct) == 1 and total > 1,
    }
