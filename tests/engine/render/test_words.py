from __future__ import annotations

import pytest

from metaensemble.engine.render.words import duration, ticking, why


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1.0 s"),
        (59_949, "59.9 s"),
        (59_950, "1m 00s"),
        (187_000, "3m 07s"),
        (7_500_000, "2h 05m"),
        (273_600_000, "3d 04h"),
    ],
)
def test_duration(ms: int, said: str) -> None:
    assert duration(ms) == said


@pytest.mark.parametrize(("ms", "said"), [(0, "0 s"), (1_999, "1 s"), (61_500, "1m 01s")])
def test_ticking(ms: int, said: str) -> None:
    assert ticking(ms) == said


def test_a_reason_does_not_repeat_its_state() -> None:
    assert why("blocked", "blocked because `a` failed") == "because `a` failed"
    assert why("skipped", "its condition was false") == "its condition was false"
    assert why("failed", "failed twice") == "failed twice"
