"""A price table made from the package `genai-prices`, which the extra `prices` brings.

Of all that it knows, the table keeps the providers whose models agents are asked for by name, and of these
the prices of text. A model that is charged for in a way that tokens do not tell is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from typing import Any, Final

from .matching import check_condition
from .table import VERSION, hash_of

PACKAGE: Final = "genai-prices"

PROVIDERS: Final = ("anthropic", "google", "openai")

_KINDS: Final = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
}
_NEEDED: Final = ("input", "output")
_PER_REQUEST: Final = "requests_kcount"
"""A price of each request, of which a use does not tell how many there were."""

_CLAUSES: Final = {
    "equals": "is",
    "starts_with": "starts",
    "ends_with": "ends",
    "contains": "has",
    "regex": "regex",
    "or_": "any",
    "and_": "all",
}


def table_of_package(day: date, *, fetch: bool = False) -> dict[str, Any]:
    """The table, as data, of the package that is installed, dated `day`; with `fetch` of what it fetches.

    Raises `ImportError` where the package is not there, and whatever it raises where it cannot fetch.
    """
    from genai_prices.data_snapshot import DataSnapshot, get_snapshot
    from genai_prices.update_prices import UpdatePrices

    snapshot: DataSnapshot | None = UpdatePrices().fetch() if fetch else get_snapshot()
    assert snapshot is not None
    source = f"{PACKAGE} {version(PACKAGE)}, MIT licence"
    return table_of(snapshot.providers, day, source if not fetch else f"{source}, with newer prices")


def table_of(providers: Iterable[Any], day: date, source: str) -> dict[str, Any]:
    """The table, as data, of the providers that the package describes, with its hash."""
    known = {provider.id: provider for provider in providers}
    data: dict[str, Any] = {
        "v": VERSION,
        "date": day.isoformat(),
        "source": source,
        "unit": "US dollars per million tokens",
        "providers": [_provider(known[name]) for name in PROVIDERS if name in known],
    }
    return {**data, "sha256": hash_of(data)}


def as_text(data: Mapping[str, Any]) -> str:
    """A table as the text of a file, a model per line."""
    rest = {key: value for key, value in data.items() if key != "providers"}
    lines = [f" {json.dumps(key)}: {json.dumps(value)}," for key, value in rest.items()]
    providers = ",\n".join(_provider_text(one) for one in data["providers"])
    return "\n".join(["{", *lines, f' "providers": [\n{providers}\n ]', "}", ""])


def _provider_text(provider: Mapping[str, Any]) -> str:
    models = ",\n".join(f"   {json.dumps(model)}" for model in provider["models"])
    head = f'"id": {json.dumps(provider["id"])}, "match": {json.dumps(provider["match"])}'
    return f'  {{{head}, "models": [\n{models}\n  ]}}'


def _provider(provider: Any) -> dict[str, Any]:
    models = [model for model in map(_model, provider.models) if model is not None]
    return {"id": provider.id, "match": _condition(provider.model_match), "models": models}


def _model(model: Any) -> dict[str, Any] | None:
    """A model, None where tokens do not tell what its use costs."""
    given = model.prices if isinstance(model.prices, list) else None
    prices = [_prices(None, model.prices)] if given is None else list(_dated(given))
    if not prices or None in prices:
        return None
    return {"id": model.id, "match": _condition(model.match), "prices": prices}


def _dated(given: Iterable[Any]) -> Iterator[dict[str, Any] | None]:
    """The prices, the earliest first; None for ones that hold at certain times of the day."""
    for one in given:
        since = None if one.constraint is None else getattr(one.constraint, "start_date", None)
        hourly = one.constraint is not None and since is None
        yield None if hourly else _prices(since, one.prices)


def _prices(since: date | None, prices: Any) -> dict[str, Any] | None:
    known = vars(prices)
    found = {kind: _rate(known[name]) for name, kind in _KINDS.items() if known.get(name) is not None}
    if any(kind not in found for kind in _NEEDED) or known.get(_PER_REQUEST) is not None:
        return None
    return found if since is None else {"since": since.isoformat(), **found}


def _rate(price: Any) -> str | list[Any]:
    if isinstance(price, Decimal):
        return _number(price)
    return [_number(price.base), *([tier.start, _number(tier.price)] for tier in price.tiers)]


def _number(price: Decimal) -> str:
    """A price in plain digits, the shortest way."""
    text = f"{price:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _condition(clause: Any) -> dict[str, Any]:
    ((name, what),) = vars(clause).items()
    how = _CLAUSES[name]
    if isinstance(what, list):
        return {how: [_condition(one) for one in what]}
    condition = {how: what if how == "regex" else what.lower()}
    check_condition(condition)
    return condition
