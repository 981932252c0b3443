from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from metaensemble.engine.prices.table import PriceTable, hash_of, read_table

DAY = date(2026, 6, 1)


def table_data(**more: Any) -> dict[str, Any]:
    """A table of two makers, whose figures can be reckoned by hand."""
    models = [
        {
            "id": "plain-2",
            "match": {"any": [{"is": "plain-2"}, {"regex": r"^plain-2-\d{8}$"}]},
            "prices": [{"input": "3", "output": "15", "cache_read": "0.3", "cache_write": "3.75"}],
        },
        {
            "id": "steps-1",
            "match": {"starts": "steps-1"},
            "prices": [
                {"input": ["1", [1000, "2"], [5000, "4"]], "output": ["10", [1000, "20"], [5000, "40"]]}
            ],
        },
        {
            "id": "dated-1",
            "match": {"all": [{"has": "dated"}, {"ends": "-1"}]},
            "prices": [{"input": "10", "output": "10"}, {"since": "2026-03-01", "input": "1", "output": "2"}],
        },
    ]
    data = {
        "v": 1,
        "date": "2026-11-26",
        "source": "a test",
        "unit": "US dollars per million tokens",
        "providers": [
            {"id": "anthropic", "match": {"has": "plain"}, "models": models[:1]},
            {"id": "openai", "match": {"regex": "^(steps|dated|plain)"}, "models": models[1:]},
        ],
        **more,
    }
    return {**data, "sha256": hash_of(data)}


def table() -> PriceTable:
    return read_table(json.dumps(table_data()))


def cost(
    model: str | None, *amounts: int | None, on: date = DAY, one_request: bool = False
) -> Decimal | None:
    names = ("tokens_in", "tokens_out", "cache_read", "cache_write")
    given: dict[str, Any] = dict(zip(names, amounts, strict=False))
    return table().cost(model, **given, one_request=one_request, on=on)


def test_each_kind_of_tokens_has_its_price_and_nothing_is_rounded() -> None:
    assert cost("plain-2", 1, 1, 1, 1) == Decimal("0.00002205")
    assert cost("plain-2", 1_000_000, 0, 0, 0) == Decimal(3)
    assert cost("plain-2", 333, 77) == (333 * Decimal(3) + 77 * Decimal(15)) / 1_000_000
    assert cost("plain-2", 0, 0, 0, 0) == 0


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("plain-2", "plain-2"),
        ("PLAIN-2", "plain-2"),
        ("plain-2-20260101", "plain-2"),
        ("anthropic:plain-2", "plain-2"),
        ("anthropic/plain-2", "plain-2"),
        ("openai-chat:steps-1-mini", "steps-1"),
        ("dated-x-1", "dated-1"),
        ("plain-2-2026", None),
        ("plain", None),
        ("", None),
        ("openai:plain-2", None),  # another provider's model
        ("elsewhere:plain-2", None),  # whoever else sells it has prices of their own
        ("elsewhere/anthropic/plain-2", None),
        ("dated-x-2", None),
    ],
)
def test_models_are_found_by_the_names_they_go_by(name: str, model: str | None) -> None:
    found = table().find(name)
    assert (found and found.id) == model
    assert (cost(name, 1, 1) is None) == (model is None)


def test_what_is_not_known_is_not_guessed() -> None:
    assert cost(None, 1, 1) is None
    assert cost("plain-2", None, 1) is None
    assert cost("plain-2", 1, None) is None
    assert cost("steps-1", 1, 1, 1) is None, "this model has no price for what was read from a cache"
    assert cost("steps-1", 1, 1, 0, 0) is not None


def test_where_large_requests_cost_more_the_size_of_each_has_to_be_known() -> None:
    assert cost("steps-1", 1000, 10) == Decimal("0.0011")
    assert cost("steps-1", 1001, 0) is None, "of one request it costs more, of two it does not"
    assert cost("steps-1", 1001, 10, one_request=True) == (1001 * 2 + 10 * 20) / Decimal(1_000_000)
    assert cost("steps-1", 5001, 0, one_request=True) == 5001 * 4 / Decimal(1_000_000)


def test_the_prices_of_the_day_hold() -> None:
    assert cost("dated-1", 1_000_000, 0, on=date(2026, 2, 28)) == 10
    assert cost("dated-1", 1_000_000, 0, on=date(2026, 3, 1)) == 1


def test_a_table_says_when_and_which_it_is() -> None:
    assert table().stamp == {"date": "2026-11-26", "hash": table_data()["sha256"]}
    assert len(table().hash) == 64


def _without_hash(**more: Any) -> str:
    return json.dumps({**table_data(), **more})


def _hashed(**more: Any) -> str:
    return json.dumps(table_data(**more))


def _of(model: dict[str, Any]) -> str:
    return _hashed(providers=[{"id": "x", "match": {"has": ""}, "models": [{"id": "m", **model}]}])


GOOD_PRICES: list[Any] = [{"input": "1", "output": "1"}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "version 1"),
        (_hashed(v=2), "version 1"),
        (_without_hash(date="2026-11-27"), "hash"),
        (_hashed(date="tomorrow"), "isoformat"),
        (_hashed(providers=3), "form"),
        (_hashed(providers=[{}]), "form"),
        (_of({"match": {"has": "a", "is": "b"}, "prices": GOOD_PRICES}), "one key"),
        (_of({"match": {"like": "a"}, "prices": GOOD_PRICES}), "like"),
        (_of({"match": {"any": ["a"]}, "prices": GOOD_PRICES}), "one key"),
        (_of({"match": {"regex": "("}, "prices": GOOD_PRICES}), "regular expression"),
        (_of({"match": {"is": "a"}, "prices": [{"input": "-1"}]}), "-1"),
        (_of({"match": {"is": "a"}, "prices": [{"input": "NaN"}]}), "NaN"),
        (_of({"match": {"is": "a"}, "prices": [{"input": "cheap"}]}), "form"),
        (_of({"match": {"is": "a"}, "prices": [{"input": []}]}), "not enough values"),
    ],
)
def test_what_is_no_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_table(text)
