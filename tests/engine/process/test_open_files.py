from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from metaensemble.engine.process.open_files import current_limit, given_limit, open_now, room_for

FILES = resource.RLIMIT_NOFILE


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    """A soft limit with a good deal of room below the hard one, for the time of a test."""
    soft, hard = resource.getrlimit(FILES)
    resource.setrlimit(FILES, (400, hard))
    yield
    resource.setrlimit(FILES, (soft, hard))


def test_enough_is_left_alone() -> None:
    used = open_now()
    with room_for(100) as room:
        assert room == 400 - used
        assert (current_limit(), given_limit()) == (400, None)


def test_the_limit_is_raised_as_far_as_needed_and_put_back() -> None:
    used = open_now()
    with room_for(450) as room:
        assert room == 450
        assert (current_limit(), given_limit()) == (450 + used, 400)
        with room_for(500) as more:
            assert more == 500
            assert given_limit() == 400, "what is started gets what came from outside"
        assert current_limit() == 450 + used
    assert (current_limit(), given_limit()) == (400, None)


def test_the_limit_is_put_back_after_an_error() -> None:
    with pytest.raises(KeyError), room_for(450):
        raise KeyError
    assert (current_limit(), given_limit()) == (400, None)


def test_no_further_than_the_hard_limit() -> None:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(FILES, (100, 200))
        with room_for(500) as room:
            os.write(write, f"{room + open_now()} {current_limit()} {given_limit()}".encode())
        os.write(write, f" {current_limit()}".encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 100) == b"200 200 100 100"
    os.close(read)


def test_every_open_file_counts() -> None:
    before = open_now()
    descriptor = os.open(os.devnull, os.O_RDONLY)
    assert open_now() == before + 1
    os.close(descriptor)
