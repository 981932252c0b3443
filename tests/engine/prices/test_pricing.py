from __future__ import annotations

import json
import stat
from datetime import date
from pathlib import Path

import pytest

from metaensemble.engine.prices.places import SHIPPED, load_table, store_table, user_table
from metaensemble.engine.prices.pricing import Pricing
from metaensemble.engine.runtimes.agent_usage import Meter
from metaensemble.engine.runtimes.client import TurnEnd, Usage
from metaensemble.schemas.errors import PriceTableBroken

from .test_table import table_data


@pytest.fixture
def home(tmp_path: Path) -> Path:
    store_table(tmp_path, json.dumps(table_data()))
    return tmp_path


def pricing(home: Path | None) -> Pricing:
    return Pricing(home, on=lambda: date(2026, 6, 1))


def test_the_users_own_table_counts_before_the_shipped_one(home: Path, tmp_path: Path) -> None:
    assert load_table(home)[1] == user_table(home)
    assert load_table(tmp_path / "nobody")[1] == SHIPPED
    assert stat.S_IMODE(user_table(home).stat().st_mode) == 0o600


def test_a_price_is_a_number_of_dollars(home: Path) -> None:
    usage = Usage(tokens_in=1, tokens_out=1, cache_read_tokens=1, cache_create_tokens=1)
    assert pricing(home)("plain-2", usage) == 0.00002205
    assert pricing(home)("nobody-knows", usage) is None
    assert pricing(home)("steps-1", Usage(tokens_in=1001, tokens_out=0)) is None
    assert pricing(home)("steps-1", Usage(tokens_in=1001, tokens_out=0), one_request=True) == 0.002002


def test_a_broken_table_is_told_and_prices_nothing(tmp_path: Path) -> None:
    path = store_table(tmp_path, "{}")
    with pytest.raises(PriceTableBroken) as told:
        load_table(tmp_path)
    assert str(path) in told.value.message
    assert pricing(tmp_path).stamp is None
    assert pricing(tmp_path)("gpt-5", Usage(tokens_in=1, tokens_out=1)) is None


def test_a_table_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    user_table(tmp_path).mkdir(parents=True)
    with pytest.raises(PriceTableBroken, match="directory"):
        load_table(tmp_path)


def test_a_run_keeps_which_table_it_was_reckoned_by(home: Path) -> None:
    meter = Meter(None, None)
    meter.add(TurnEnd(usage=Usage(tokens_in=1_000_000, tokens_out=0), model="plain-2"))
    columns = meter.columns(None, pricing(home))
    assert columns["cost_usd"] == 3.0
    assert columns["cost_kind"] == "billed"
    assert columns["price_table"] == {"date": "2026-11-26", "hash": table_data()["sha256"]}


def test_several_models_of_one_run_are_each_priced(home: Path) -> None:
    meter = Meter(None, None)
    one, other = Usage(tokens_in=1_000_000, tokens_out=0), Usage(tokens_in=0, tokens_out=1_000_000)
    meter.add(TurnEnd(usage=one + other, usage_by_model={"plain-2": one, "dated-1": other}))
    assert meter.columns(None, pricing(home))["cost_usd"] == 5.0
    meter.add(TurnEnd(usage=one, usage_by_model={"unknown": one}))
    assert "cost_usd" not in meter.columns(None, pricing(home)), "a part that is not known makes it unknown"
