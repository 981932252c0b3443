"""The shipped table, and the one that is made from the package it was taken from."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from metaensemble.engine.prices.places import SHIPPED, load_table
from metaensemble.engine.prices.refresh import PROVIDERS, as_text, table_of, table_of_package
from metaensemble.engine.prices.table import PriceTable, read_table

genai_prices = pytest.importorskip("genai_prices")
types = pytest.importorskip("genai_prices.types")

DAY = date(2026, 11, 26)


@pytest.fixture(scope="module")
def made() -> PriceTable:
    return read_table(as_text(table_of_package(DAY)))


def test_the_shipped_table_is_whole_and_says_where_it_is_from() -> None:
    table, path = load_table(None)
    assert path == SHIPPED
    assert "genai-prices" in table.source
    assert "MIT" in table.source
    assert {model.provider for model in table.models} == set(PROVIDERS)
    assert all(model.on(date.max) for model in table.models)
    assert SHIPPED.stat().st_size < 64 << 10


def test_a_table_is_written_as_it_is_read(made: PriceTable) -> None:
    again = as_text(table_of_package(DAY))
    assert read_table(again) == made
    assert "://" not in again, "it holds prices, no addresses"


def test_figures_are_those_of_the_package(made: PriceTable) -> None:
    """Each model by its own id, in one request of each of several sizes."""
    rng = random.Random(5)
    compared = 0
    at = datetime(2026, 11, 26, 12, tzinfo=UTC)
    by_their_ids = [model for model in made.models if made.find(f"{model.provider}:{model.id}") is model]
    for model in by_their_ids:
        for size in (1_000, 150_000, 900_000):
            read, said = rng.randrange(1, size), rng.randrange(1, 9_000)
            cached = rng.randrange(read)
            ours = made.cost(
                f"{model.provider}:{model.id}",
                tokens_in=read - cached,
                tokens_out=said,
                cache_read=cached,
                one_request=True,
                on=at.date(),
            )
            usage = genai_prices.Usage(input_tokens=read, output_tokens=said, cache_read_tokens=cached)
            theirs = genai_prices.calc_price(
                usage, model.id, provider_id=model.provider, genai_request_timestamp=at
            )
            if ours is None:
                assert "cache_read" not in model.prices[-1].rates, model.id
                continue
            assert ours == theirs.total_price, model.id
            compared += 1
    assert compared > 200


@dataclass
class Constraint:
    start_time: time = time(1)


def _package(*models: Any) -> list[Any]:
    match = types.ClauseContains(contains="M")
    return [SimpleNamespace(id="openai", model_match=match, models=list(models))]


def _model(prices: Any) -> Any:
    return SimpleNamespace(id="m", match=types.ClauseEquals(equals="M"), prices=prices)


PRICED = {"input_mtok": Decimal("1.50"), "output_mtok": Decimal("1E+1")}


def test_numbers_are_plain_and_names_are_in_lower_case() -> None:
    data = table_of(_package(_model(types.ModelPrice(**PRICED))), DAY, "a test")
    assert data["providers"] == [
        {
            "id": "openai",
            "match": {"has": "m"},
            "models": [{"id": "m", "match": {"is": "m"}, "prices": [{"input": "1.5", "output": "10"}]}],
        }
    ]


@pytest.mark.parametrize(
    "prices",
    [
        types.ModelPrice(input_mtok=Decimal(1)),
        types.ModelPrice(**PRICED, requests_kcount=Decimal(5)),
        [SimpleNamespace(constraint=Constraint(), prices=types.ModelPrice(**PRICED))],
        [],
    ],
    ids=["no-output", "per-request", "by-the-hour", "none"],
)
def test_a_model_whose_cost_tokens_do_not_tell_is_left_out(prices: Any) -> None:
    assert table_of(_package(_model(prices)), DAY, "a test")["providers"][0]["models"] == []
