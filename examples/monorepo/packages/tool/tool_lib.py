"""The package `tool`."""


def square(number: int) -> int:
    return number * number
