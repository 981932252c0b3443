"""Adds up what is in a cart. It names something that is nowhere defined."""


def total(prices: list[float], discount: float = 0.0) -> float:
    return round(sum(prices) * (1 - discount), DIGITS)
