"""What all tests share: the `--regen` flag, golden files, and Hypothesis profiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

GOLDEN = Path(__file__).parent / "golden"

# `ci` gives the same examples each time, so that a red run can be repeated; `explore` looks further.
settings.register_profile(
    "ci", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--regen`."""
    parser.addoption(
        "--regen", action="store_true", help="rewrite golden files instead of comparing with them"
    )


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: `text` must equal `tests/golden/NAME`, or becomes it under `--regen`."""
    regenerate = bool(request.config.getoption("--regen"))

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if regenerate:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
            return
        assert path.is_file(), f"no golden file {name}: run `pytest --regen`, then read what it wrote"
        assert text == path.read_bytes().decode(), f"{name} differs: run `pytest --regen` if that is right"

    return compare


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same variables on every machine, so that widths, colours and settings do not leak in."""
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "ME_ATTEMPT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "dumb")
