from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.victims import Victims


@pytest.fixture(scope="session")
def _server() -> Iterator[Victims]:
    with Victims() as found:
        yield found


@pytest.fixture
def victims(_server: Victims) -> Iterator[Victims]:
    """Starts processes that run this program; those that a test leaves alive are ended after it."""
    yield _server
    _server.end_all()
