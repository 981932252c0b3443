"""What a basket costs, and how that is shown."""


def total(prices):
    """The sum of all prices, in cents."""
    return sum(prices)


def shown(cents):
    """An amount as people read it."""
    return f"{cents // 100}.{cents % 100:02}"
