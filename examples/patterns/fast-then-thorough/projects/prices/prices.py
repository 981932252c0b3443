"""Prices with tax. No linter sees what is wrong with it."""


def with_tax(net: float, rate: float = 0.2) -> float:
    return round(net * rate, 2)
