"""`me prices`: what the use of models costs, and where that is known from."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from metaensemble.engine.prices.places import SHIPPED
from metaensemble.engine.prices.table import read_table
from support.command_line import Shell


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_prices_of_a_model_are_shown(me: Shell) -> None:
    answer = me("prices", "show", "openai:gpt-5", "gemini-2.5-pro")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].split() == ["provider", "model", "input", "output", "cache", "read", "cache", "write"]
    assert lines[1].split() == ["openai", "gpt-5", "1.25", "10", "0.125"]
    assert lines[2].split()[:3] == ["google", "gemini-2.5-pro", "1.25*"]
    assert len(lines) == 3
    assert "genai-prices" in answer.err
    assert str(SHIPPED) in answer.err
    assert "* more in requests" in answer.err


def test_all_are_shown_as_json(me: Shell) -> None:
    found = me("prices", "show", "--json").json
    table = read_table(SHIPPED.read_bytes())
    assert {"date": found["date"], "hash": found["hash"]} == table.stamp
    assert len(found["models"]) == len(table.models)
    (pro,) = (one for one in found["models"] if one["model"] == "gemini-2.5-pro")
    assert pro["input"] == {"price": "1.25", "above": [[200000, "2.5"]]}
    assert pro["cache_write"] is None
    assert found["unknown"] == []


def test_one_that_is_not_known_is_told(me: Shell) -> None:
    answer = me("prices", "show", "no-such-model")
    assert (answer.code, answer.out) == (1, "")
    assert "what `no-such-model` costs is not known" in answer.err


def test_prices_are_taken_from_the_package_for_the_user_alone(me: Shell, home: Path) -> None:
    answer = me("prices", "refresh")
    assert answer.code == 0
    file = home / ".metaensemble" / "prices.json"
    assert answer.out == f"{file}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_table(file.read_bytes()).source in answer.err
    assert str(file) in me("prices", "show", "gpt-5").err


def test_without_the_package_the_table_stays_as_it_was(
    me: Shell, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me("prices", "refresh")
    file = home / ".metaensemble" / "prices.json"
    before = file.read_bytes()
    for name in [name for name in sys.modules if name.startswith("genai_prices")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    answer = me("prices", "refresh")
    assert answer.code == 2
    assert "ME586" in answer.err
    assert "pip install 'metaensemble[prices]'" in answer.err
    assert file.read_bytes() == before


def test_there_has_to_be_a_home(me: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    answer = me("prices", "refresh")
    assert answer.code == 2
    assert "ME586" in answer.err
    assert "HOME" in answer.err
    assert me("prices", "show", "gpt-5").code == 0


def test_a_home_that_cannot_be_written_is_told(me: Shell, home: Path) -> None:
    home.write_text("no folder")
    answer = me("prices", "refresh")
    assert answer.code == 2
    assert "ME586" in answer.err
    assert str(home) in answer.err


def test_a_broken_table_is_told(me: Shell, home: Path) -> None:
    me("prices", "refresh")
    file = home / ".metaensemble" / "prices.json"
    file.write_text(file.read_text().replace('"input": "1.25"', '"input": "0.01"'))
    answer = me("prices", "show")
    assert answer.code == 2
    assert "ME587" in answer.err
    assert "hash" in answer.err
    assert me("prices", "refresh").code == 0
    assert me("prices", "show").code == 0
