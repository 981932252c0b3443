"""The package `core`."""


def add(number: int) -> int:
    return number + 1
