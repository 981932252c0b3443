"""What is on a shelf, in order. Nothing is wrong with it."""


def on_shelf(titles: list[str]) -> list[str]:
    return sorted(titles, key=str.casefold)
