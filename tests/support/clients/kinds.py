"""What differs between the clients, for tests that run with each of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from metaensemble.engine.runtimes.client import Client
from metaensemble.engine.runtimes.clients.table import client_of
from support.model_server import Figures, Reply, Script

from .homes import MODEL


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One client.

    `model` is what the tests ask it for. `prices` are in US dollars per million tokens read, said, read from a
    cache and written to one: its own, or with `by_table` those of the table of prices; None when it tells no
    cost. `refusals` is how many answers that break a schema it takes until it is the engine that asks again,
    counting that one. `asides`: it asks for things of its own accord. `repeats`: it may ask again by itself
    when it was refused. `startup` is how long it takes to ask at all, in seconds, with time to spare.
    """

    name: str
    model: str
    unknown_session: str
    prices: tuple[float, float, float, float] | None = None
    by_table: bool = False
    writes_cache: bool = True
    refusals: int = 1
    asides: bool = False
    repeats: bool = True
    startup: float = 5.0

    def client(self) -> Client:
        """The adapter."""
        return client_of(self.name)

    def script(self, rules: Iterable[tuple[str, Any]]) -> Script:
        """A script whose rules are for what the agent does, not for what its client asks besides."""
        return Script(
            rules, asides=Reply("an aside", usage=Figures(tokens_in=9, tokens_out=9)) if self.asides else None
        )

    def claims(self, used: Figures) -> tuple[int, int, int]:
        """Tokens read, said, and read from a cache, as this client's dialect can tell them."""
        return used.tokens_in, used.tokens_out, used.cache_read

    def cost(self, used: Figures) -> float | None:
        """What that costs, as far as it is known."""
        if self.prices is None:
            return None
        amounts = used.tokens_in, used.tokens_out, used.cache_read, used.cache_create
        return sum(price * amount for price, amount in zip(self.prices, amounts, strict=True)) / 1e6


_UUID = "01900000-0000-4000-8000-00000000dead"

ALL = (
    Kind(
        name="claude",
        model="claude-haiku-4-5",
        unknown_session=_UUID,
        prices=(1.0, 5.0, 0.1, 1.25),
        # It insists once by itself.
        refusals=2,
    ),
    Kind(name="codex", model=MODEL, unknown_session=_UUID),
    Kind(name="gemini", model="gemini-2.5-pro", unknown_session=_UUID, startup=10.0),
    Kind(
        name="opencode",
        model=f"scripted/{MODEL}",
        unknown_session="ses_000000000000000000000000",
        prices=(1.0, 2.0, 0.0, 0.0),
        asides=True,
        startup=20.0,
    ),
    Kind(
        name="api",
        model="openai-chat:gpt-5",
        unknown_session="never-seen",
        prices=(1.25, 10.0, 0.125, 0.0),
        by_table=True,
        repeats=False,
        startup=2.0,
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in ALL}
