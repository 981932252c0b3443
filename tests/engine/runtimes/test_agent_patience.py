"""When a client that waits for its service is given up."""

from __future__ import annotations

import asyncio

from metaensemble.engine.runtimes.agent_patience import Patience
from metaensemble.engine.runtimes.client import Seen, Usage
from support.fakes import run_async


def given_up(*seen: Seen, longest: float) -> bool:
    """Whether the client is given up in the end, once all timers are over."""

    async def scenario() -> bool:
        ended = asyncio.Event()
        patience = Patience(ended.set, longest=longest)
        for one in seen:
            patience.see(one)
            patience.mind()
        try:
            await asyncio.wait_for(ended.wait(), 0.2)
        except TimeoutError:
            return False
        return patience.is_spent

    return run_async(scenario())


def test_one_that_would_wait_too_long_is_given_up_at_once() -> None:
    assert given_up(Seen(waits=30.0), longest=20.0)
    assert not given_up(Seen(waits=10.0), longest=20.0)


def test_one_of_which_nothing_comes_is_given_up_in_time() -> None:
    assert given_up(Seen(waits=0.0), Seen(session="s"), longest=0.01)
    assert given_up(Seen(waits=0.0), Seen(waits=0.0, usage=Usage(tokens_in=1)), longest=0.01)


def test_one_that_goes_on_is_not() -> None:
    assert not given_up(Seen(waits=0.0), Seen(usage=Usage(tokens_in=1)), longest=0.05)
    assert not given_up(Seen(waits=0.0), Seen(tool="Read"), longest=0.05)
    assert not given_up(Seen(tool="Read"), longest=0.01)
