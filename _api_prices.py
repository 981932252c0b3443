"""Layer 3, part of `api`: what the use of models costs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._api_agents import home_of
from .engine.instances import leaf_tasks
from .engine.prices.places import load_table, store_table
from .engine.prices.pricing import Pricing, today
from .engine.prices.refresh import as_text, table_of_package
from .engine.prices.table import KINDS, read_table
from .schemas.agent import REPLAY
from .schemas.errors import InputError, PricesUnavailable, PriceTableBroken

if TYPE_CHECKING:
    from pathlib import Path

    from .engine.prices.table import PricedModel, PriceTable, Rate
    from .schemas.bound import BoundGraph


@dataclass(frozen=True, slots=True, kw_only=True)
class PricesPage:
    """The table of prices that holds, and the file that it is from. `models` are those that were asked for,
    all of them when none was; `unknown` the names of which it knows no model. Prices are today's."""

    table: PriceTable
    file: str
    models: tuple[ModelPrices, ...]
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPrices:
    """What the tokens of a model cost, by kind; None where that is not known."""

    provider: str
    model: str
    rates: dict[str, Rate | None]


def pricing_of(environ: Mapping[str, str]) -> Pricing:
    """What runtimes ask for prices, for the user whose environment this is."""
    return Pricing(home_of(environ))


def broken_prices(graph: BoundGraph, environ: Mapping[str, str]) -> list[InputError]:
    """What is wrong with the table of prices, for a graph in which some task asks a model."""
    if all(task.agent is None or task.runtime == REPLAY for _, task in leaf_tasks(graph)):
        return []
    try:
        load_table(home_of(environ))
    except PriceTableBroken as broken:
        return [broken]
    return []


def show_prices(names: Sequence[str] = (), *, environ: Mapping[str, str] | None = None) -> PricesPage:
    """The table that holds for the user, and the models that go by `names`. Raises `PriceTableBroken`."""
    table, path = load_table(home_of(os.environ if environ is None else environ))
    return _page(table, path, names)


def _page(table: PriceTable, path: Path, names: Sequence[str] = ()) -> PricesPage:
    asked = {name: table.find(name) for name in dict.fromkeys(names)}
    found = [model for model in asked.values() if model is not None] if names else table.models
    return PricesPage(
        table=table,
        file=str(path),
        models=tuple(map(_present, found)),
        unknown=tuple(name for name, model in asked.items() if model is None),
    )


def _present(model: PricedModel) -> ModelPrices:
    prices = model.on(today())
    rates = {kind: None if prices is None else prices.rates.get(kind) for kind in KINDS}
    return ModelPrices(provider=model.provider, model=model.id, rates=rates)


def refresh_prices(*, fetch: bool = False, environ: Mapping[str, str] | None = None) -> PricesPage:
    """Take the prices anew, from the package `genai-prices` as it is installed; with `fetch` as it gets them.

    Raises `PricesUnavailable`; the table that was there before is then still there.
    """
    home = home_of(os.environ if environ is None else environ)
    if home is None:
        raise PricesUnavailable(
            "there is no home to keep the prices in: the environment variable `HOME` is not set",
            hint="the table that comes with the program is used meanwhile",
        )
    try:
        text = as_text(table_of_package(today(), fetch=fetch))
        table = read_table(text)
    except ImportError as error:
        raise PricesUnavailable(
            "the package `genai-prices`, which knows the prices of models, is not installed",
            hint="install it: pip install 'metaensemble[prices]'",
        ) from error
    except Exception as error:
        # The package's own errors, and those of what it fetches with, are no part of what it promises.
        why = str(error) or type(error).__name__
        raise PricesUnavailable(
            f"the package `genai-prices` gave no prices that can be used: {why}",
            hint="`me prices refresh` without `--fetch` takes those that the package came with"
            if fetch
            else "another version of the package may: pip install -U genai-prices",
        ) from error
    try:
        path = store_table(home, text)
    except OSError as error:
        raise PricesUnavailable(
            f"the prices cannot be written below `{home}`: {(error.strerror or str(error)).lower()}",
            hint="make that folder writable for you, or set HOME to one that is",
        ) from error
    return _page(table, path)
