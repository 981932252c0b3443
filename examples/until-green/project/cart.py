"""A cart that adds up what is in it. It does not import: a module that nobody has is named and never used."""

import shop_legacy_prices


def total(prices: list[float], discount: float = 0.0) -> float:
    return round(sum(prices) * (1 - discount), 2)
