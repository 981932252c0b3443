"""A dated table of what providers ask for the use of their models, and what a use costs by it.

Prices are US dollars per million tokens, kept as decimal numbers and reckoned with as such. Where the table
does not say what something costs, the answer is None: never a guess.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any, Final

from .matching import check_condition, matches

VERSION: Final = 1

KINDS: Final = ("input", "output", "cache_read", "cache_write")
"""The kinds of tokens that have a price, each token counted under one of them. Tokens that went into a cache
are taken as of the kind that a provider writes where nobody asks for a longer life."""

_PREFIXES: Final[Mapping[str, str]] = {
    "anthropic": "anthropic",
    "google": "google",
    "openai": "openai",
    "openai-chat": "openai",
    "openai-responses": "openai",
}
"""What may stand before a model's name, and the provider whose prices then hold. Whoever else sells the use
of a model has prices of their own."""

_MILLION: Final = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """The price of a kind of tokens. In a request that reads more than `above` tokens, all of them cost
    `then`."""

    base: Decimal
    steps: tuple[tuple[int, Decimal], ...] = ()

    def at(self, read: int, *, one_request: bool) -> Decimal | None:
        """The price where `read` tokens were read, by one request or by several together; None where it
        depends on how many each of them read."""
        if not self.steps or read <= self.steps[0][0]:
            return self.base
        return [then for above, then in self.steps if read > above][-1] if one_request else None


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices of a model from the day `since` on, None: from ever."""

    since: date | None
    rates: Mapping[str, Rate]


@dataclass(frozen=True, slots=True)
class PricedModel:
    """A model of a provider, the condition on its names, and its prices, the earliest first."""

    id: str
    provider: str
    match: Mapping[str, Any]
    prices: tuple[Prices, ...]

    def on(self, day: date) -> Prices | None:
        """The prices that hold on a day."""
        return next(
            (one for one in reversed(self.prices) if one.since is None or one.since <= day),
            None,
        )


@dataclass(frozen=True)
class PriceTable:
    """A table as it was taken from `source` on the day `dated`. `hash` is the SHA-256 of all that it says."""

    dated: date
    source: str
    hash: str
    providers: Sequence[tuple[str, Mapping[str, Any], tuple[PricedModel, ...]]] = field(repr=False)

    @property
    def stamp(self) -> dict[str, str]:
        """What a Run keeps of the table that its cost was reckoned by."""
        return {"date": self.dated.isoformat(), "hash": self.hash}

    @cached_property
    def models(self) -> tuple[PricedModel, ...]:
        """All models, provider by provider."""
        return tuple(model for _, _, models in self.providers for model in models)

    def find(self, name: str) -> PricedModel | None:
        """The model that goes by `name`, which may have its provider before it, as in `openai:gpt-5`."""
        prefix, bare = _split(name.strip().lower())
        if prefix is not None and prefix not in _PREFIXES:
            return None
        for provider, match, models in self.providers:
            if prefix is None and not matches(match, bare):
                continue
            if prefix is not None and _PREFIXES[prefix] != provider:
                continue
            return next((model for model in models if matches(model.match, bare)), None)
        return None

    def cost(
        self,
        model: str | None,
        *,
        tokens_in: int | None,
        tokens_out: int | None,
        cache_read: int | None = None,
        cache_write: int | None = None,
        one_request: bool = False,
        on: date,
    ) -> Decimal | None:
        """What a use of `model` on the day `on` costs, in US dollars; None where the table does not say.

        `tokens_in` leaves out what was read from a cache or written to one. Unless the use is of
        `one_request`, it may be of several: where a price changes with the size of a request, it is known
        only as long as all of them together stay below that size.
        """
        found = None if model is None else self.find(model)
        prices = None if found is None else found.on(on)
        if prices is None or tokens_in is None or tokens_out is None:
            return None
        amounts = dict(zip(KINDS, (tokens_in, tokens_out, cache_read or 0, cache_write or 0), strict=True))
        read = sum(amounts.values()) - tokens_out
        total = Decimal(0)
        for kind, amount in amounts.items():
            if not amount:
                continue
            rate = prices.rates.get(kind)
            price = None if rate is None else rate.at(read, one_request=one_request)
            if price is None:
                return None
            total += price * amount
        return total / _MILLION


def read_table(text: str | bytes) -> PriceTable:
    """The table that a file holds. Raises `ValueError` for what is none, or not what its hash is of."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON") from error
    if not isinstance(data, dict) or data.get("v") != VERSION:
        raise ValueError(f"it is no table of version {VERSION}")
    if data.get("sha256") != hash_of(data):
        raise ValueError("its content is not what its hash is of")
    try:
        return PriceTable(
            dated=date.fromisoformat(data["date"]),
            source=str(data["source"]),
            hash=data["sha256"],
            providers=tuple(_providers(data["providers"])),
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation) as error:
        raise ValueError(f"it is not in the form of a table: {error}") from error


def hash_of(data: Mapping[str, Any]) -> str:
    """The SHA-256 of what a table says, its own hash left out."""
    body = {key: value for key, value in data.items() if key != "sha256"}
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _split(name: str) -> tuple[str | None, str]:
    for mark in (":", "/"):
        prefix, found, rest = name.partition(mark)
        if found:
            return prefix, rest
    return None, name


def _providers(data: Any) -> Iterator[tuple[str, Mapping[str, Any], tuple[PricedModel, ...]]]:
    for provider in data:
        check_condition(provider["match"])
        yield provider["id"], provider["match"], tuple(_models(provider["id"], provider["models"]))


def _models(provider: str, data: Any) -> Iterator[PricedModel]:
    for model in data:
        check_condition(model["match"])
        prices = tuple(_prices(one) for one in model["prices"])
        yield PricedModel(model["id"], provider, model["match"], prices)


def _prices(data: Mapping[str, Any]) -> Prices:
    since = data.get("since")
    rates = {kind: _rate(data[kind]) for kind in KINDS if kind in data}
    return Prices(None if since is None else date.fromisoformat(since), rates)


def _rate(data: Any) -> Rate:
    if isinstance(data, str):
        return Rate(_price(data))
    base, *steps = data
    return Rate(_price(base), tuple((int(above), _price(then)) for above, then in steps))


def _price(text: str) -> Decimal:
    price = Decimal(text)
    if not price.is_finite() or price < 0:
        raise ValueError(f"`{text}` is no price")
    return price
