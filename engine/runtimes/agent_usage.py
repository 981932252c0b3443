"""What an attempt of an agent used, over all of its turns, each token counted once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Final, Protocol, runtime_checkable

from .client import USAGE_FIELDS, Seen, TurnEnd, Usage

Price = Callable[["str | None", Usage], "float | None"]
"""What a model asks for a usage, in US dollars; None where the price is not known."""


@runtime_checkable
class Stamped(Protocol):
    """A `Price` that knows by which table it reckons."""

    @property
    def stamp(self) -> Mapping[str, str] | None:
        """The table's date and hash, which each Run keeps."""


_NO_MODEL: Final = ""


class Meter:
    """Adds up the turns of one attempt.

    A client may count over its whole session: what a turn used is then the difference to the reading before.
    `session` and `totals` are the session that the attempt goes on with, and the reading it was left at.
    """

    def __init__(self, session: str | None, totals: Mapping[str, Any] | None) -> None:
        self._readings: dict[str, dict[str, Usage]] = {}
        if session is not None and totals is not None:
            self._readings[session] = readings_from(totals)
        self.usage = Usage()
        self._by_model: dict[str, Usage] = {}
        self._tools: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self.files: dict[str, None] = {}
        self.model: str | None = None
        self.source: str | None = None
        self.billed: bool | None = None
        self.turns = 0
        self.session: str | None = None
        self.totals: dict[str, Any] | None = None

    def see(self, seen: Seen) -> None:
        """Note what a line of output told."""
        if seen.tool is not None:
            self._tools[seen.tool] += 1
        if seen.refused is not None:
            self._refused[seen.refused] += 1
        if seen.file is not None:
            self.files[seen.file] = None

    def add(self, end: TurnEnd) -> None:
        """Count a turn that has ended, well or not."""
        self.turns += end.steps or 0
        reading = {_NO_MODEL: end.usage, **end.usage_by_model}
        key = end.session or ""
        before = self._readings.get(key, {}) if end.of_session else {}
        for name, now in reading.items():
            used = now.since(before.get(name, Usage()))
            if name == _NO_MODEL:
                self.usage += used
            else:
                self._by_model[name] = self._by_model.get(name, Usage()) + used
        if end.of_session:
            self._readings[key] = reading
        self.totals = totals_of(reading) if end.of_session else None
        self.session = end.session or self.session
        self.model = end.model or self.model
        self.source = end.usage_source or self.source
        self.billed = end.billed if end.billed is not None else self.billed

    @property
    def tools_used(self) -> int:
        """How many times a tool was used."""
        return self._tools.total()

    def columns(self, asked: str | None, price: Price | None) -> dict[str, Any]:
        """The columns of the Run. `asked` is the model that was asked for."""
        model = self.model or asked
        cost = self._cost(model, price)
        found: dict[str, Any] = {
            "model": model,
            "model_source": None if model is None else "runtime" if self.model else "tier_fallback",
            "tokens_in": self.usage.tokens_in,
            "tokens_out": self.usage.tokens_out,
            "cache_read_tokens": self.usage.cache_read_tokens,
            "cache_create_tokens": self.usage.cache_create_tokens,
            "cost_usd": cost,
            "cost_kind": "unknown" if cost is None else "equivalent" if self.billed is False else "billed",
            "usage_source": self.source,
            "session_id": self.session,
            "session_totals": self.totals,
            "price_table": _stamp(price),
        }
        if self._tools:
            found["tool_use"] = [self._uses(name, count) for name, count in sorted(self._tools.items())]
        return {name: value for name, value in found.items() if value is not None}

    def _uses(self, name: str, count: int) -> dict[str, Any]:
        refused = self._refused[name]
        return {"name": name, "count": count, **({"refused": refused} if refused else {})}

    def _cost(self, model: str | None, price: Price | None) -> float | None:
        if self.usage.cost_usd is not None:
            return self.usage.cost_usd
        if price is None or self.usage == Usage():
            return None
        if not self._by_model:
            return price(model, self.usage)
        costs = [price(name, used) for name, used in self._by_model.items()]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def _stamp(price: object) -> dict[str, str] | None:
    stamp = price.stamp if isinstance(price, Stamped) else None
    return None if stamp is None else dict(stamp)


def totals_of(reading: Mapping[str, Usage]) -> dict[str, Any]:
    """A reading as the Ledger keeps it: the figures of the whole, and `by_model` those of each model."""
    whole = _known(reading[_NO_MODEL])
    models = {name: _known(used) for name, used in reading.items() if name != _NO_MODEL}
    return {**whole, "by_model": models} if models else whole


def readings_from(totals: Mapping[str, Any]) -> dict[str, Usage]:
    """The inverse of `totals_of`; keys that it does not know are passed over."""
    found = {_NO_MODEL: _usage(totals)}
    for name, figures in (totals.get("by_model") or {}).items():
        found[name] = _usage(figures)
    return found


def _known(usage: Usage) -> dict[str, Any]:
    return {name: value for name, value in asdict(usage).items() if value is not None}


def _usage(figures: Mapping[str, Any]) -> Usage:
    names = {field.name for field in fields(Usage)} & set(USAGE_FIELDS)
    return Usage(**{name: figures[name] for name in names if isinstance(figures.get(name), int | float)})
