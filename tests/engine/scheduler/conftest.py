"""Players whose recorded facts are replayed once the test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support.play import Player, what_stands


@pytest.fixture
def play() -> Iterator[Callable[..., Player]]:
    """`play(nodes, limits, rules)`: an open player. What it came to must follow from its facts alone."""
    made: list[Player] = []

    def start(*args: object) -> Player:
        player = Player(*args).open()  # type: ignore[arg-type]
        made.append(player)
        return player

    yield start
    for player in made:
        assert what_stands(player.replayed()) == what_stands(player.scheduler)
