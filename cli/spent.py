"""What agents used, in words."""

from __future__ import annotations

from ..schemas.report import Spent


def spent_line(spent: Spent) -> str:
    """One line: Runs, tokens and money, and what of it is not known."""
    parts = [f"{spent.runs} Run{'s' if spent.runs != 1 else ''} of agents", f"{count(spent.tokens)} tokens"]
    charged = spent.cost_usd - spent.equivalent_usd
    if charged > 0 or (spent.unpriced + spent.unknown < spent.runs and not spent.equivalent_usd):
        parts.append(money(charged))
    if spent.equivalent_usd:
        parts.append(f"{money(spent.equivalent_usd)} covered by a subscription")
    if spent.unpriced:
        parts.append(f"{spent.unpriced} of unknown price")
    if spent.unknown:
        parts.append(f"{spent.unknown} of unknown use")
    return ", ".join(parts)


def short(spent: Spent) -> str:
    """Tokens and money in few characters, for a cell of a table."""
    if spent.unknown == spent.runs:
        return "?"
    price = money(spent.cost_usd) if not spent.unpriced else "$?"
    return f"{count(spent.tokens)} {price}"


def count(tokens: int) -> str:
    """A number of tokens: `812`, `48.2k`, `1.25M`."""
    if tokens < 1000:
        return str(tokens)
    if tokens < 1_000_000:
        return f"{tokens / 1000:.1f}k"
    return f"{tokens / 1_000_000:.2f}M"


def money(usd: float) -> str:
    """US dollars: cents where there are some, as many digits as are needed below a cent."""
    if usd == 0 or usd >= 0.01:
        return f"${usd:,.2f}"
    return f"${usd:.6f}".rstrip("0") if usd >= 0.000001 else "<$0.000001"
