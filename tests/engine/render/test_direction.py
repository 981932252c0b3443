from __future__ import annotations

import pytest

from metaensemble.engine.render.direction import flows_down
from support.pictures import make_picture


def chain(length: int, beside: int = 1) -> dict[str, list[str]]:
    return {f"n{n}-{b}": [f"n{n - 1}-{b}"] if n else [] for n in range(length) for b in range(beside)}


@pytest.mark.parametrize(
    ("needs", "down"),
    [
        ({}, False),
        (chain(1), False),
        (chain(10), False),
        (chain(30), True),
        (chain(30, beside=10), True),
        (chain(12, beside=14), False),
        (chain(2, beside=100), False),
    ],
    ids=["nothing", "one", "short", "long", "long band", "square", "wide"],
)
def test_flows_down(needs: dict[str, list[str]], down: bool) -> None:
    assert flows_down(make_picture(needs)) is down
