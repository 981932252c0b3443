"""The server, and homes and projects for the clients that are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.clients.found import PACKAGES
from support.clients.homes import Home, make_home
from support.model_server import ModelServer


@pytest.fixture
def server() -> Iterator[ModelServer]:
    """A scripted model server; nothing that was asked of it may have been left without an answer."""
    with ModelServer() as made:
        yield made
        assert made.script.unscripted == []


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory to work in."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def home_of(tmp_path: Path, server: ModelServer) -> Callable[..., Home]:
    """`home_of(name, retries=0)`: a home for a client, or the test is skipped with the reason why not."""

    def make(name: str, *, retries: int | None = 0) -> Home:
        missing = PACKAGES[name].missing if name in PACKAGES else None
        if missing is not None:
            pytest.skip(missing)
        if name == "api":
            pytest.importorskip("pydantic_ai", reason="the extra `api` is not installed")
        return make_home(name, tmp_path / f"home-{name}", server, retries=retries)

    return make
