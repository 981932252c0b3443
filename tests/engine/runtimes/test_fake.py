"""The clock and the runtime that tests drive by hand."""

from __future__ import annotations

import pytest

from metaensemble.engine.runtimes.fake import ManualClock, ScriptedRuntime
from metaensemble.engine.runtimes.protocol import Activity, AttemptResult
from support.fakes import Events, a_request, run_async


def test_the_clock_moves_only_when_told_and_calls_in_order() -> None:
    clock = ManualClock(1000)
    seen: list[tuple[str, int]] = []
    clock.call_later(2, lambda: seen.append(("b", clock.now_ms())))
    clock.call_later(1, lambda: seen.append(("a", clock.now_ms())))
    clock.call_later(2, lambda: seen.append(("c", clock.now_ms())))
    clock.call_later(1.5, lambda: seen.append(("never", 0))).cancel()
    assert (clock.waiting, clock.advance(0.5), seen) == (3, 0, [])
    assert clock.advance(5) == 3
    assert seen == [("a", 2000), ("b", 3000), ("c", 3000)]
    assert clock.now_ms() == 6500


def test_a_call_may_put_off_another_within_the_same_move() -> None:
    clock = ManualClock()
    seen: list[int] = []
    start = clock.now_ms()

    def again() -> None:
        seen.append(clock.now_ms() - start)
        if len(seen) < 3:
            clock.call_later(1, again)

    clock.call_later(1, again)
    clock.advance(10)
    assert seen == [1000, 2000, 3000]


def test_a_test_ends_attempts_by_node() -> None:
    async def scenario() -> None:
        runtime = ScriptedRuntime()
        events = Events()
        first = runtime.start(a_request(node_id="a"), events)
        second = runtime.start(a_request(node_id="b"), Events())
        assert [attempt.request.node_id for attempt in runtime.live()] == ["a", "b"]
        first.speak(Activity(size=3))
        first.speak()
        runtime.finish("a")
        runtime.finish("b", AttemptResult(outcome="failed", failure_reason="other", reason="so"))
        assert (await first.wait()).outcome == "ok"
        assert (await second.wait()).reason == "so"
        assert events.seen == [Activity(size=3), Activity()]
        assert not runtime.live()
        with pytest.raises(RuntimeError):
            first.speak()
        with pytest.raises(RuntimeError):
            first.finish(AttemptResult(outcome="ok"))

    run_async(scenario())


def test_cancels_are_noted_after_the_end_too() -> None:
    async def scenario() -> None:
        runtime = ScriptedRuntime()
        attempt = runtime.start(a_request(), Events())
        attempt.cancel(hard=False)
        attempt.cancel(hard=True)
        assert attempt.cancels == [False, True]
        assert (await attempt.wait()).outcome == "cancelled"

    run_async(scenario())
