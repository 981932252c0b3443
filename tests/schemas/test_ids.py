"""UUIDv7: the form, the order, and what it carries."""

from __future__ import annotations

import threading
import uuid

import pytest

from metaensemble.schemas.ids import IdSource, timestamp_ms


def test_the_form_is_that_of_rfc_9562() -> None:
    parsed = uuid.UUID(IdSource(now_ms=lambda: 1_700_000_000_123)())
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == 1_700_000_000_123


@pytest.mark.parametrize("clock", [[5] * 3000, list(range(3000, 0, -1)), [1, 1, 0, 7, 7, 3] * 500])
def test_ids_never_go_backwards_whatever_the_clock_does(clock: list[int]) -> None:
    ticks = iter(clock)
    source = IdSource(now_ms=lambda: next(ticks))
    made = [source() for _ in clock]
    assert made == sorted(set(made))


@pytest.mark.parametrize("byte", [b"\x00", b"\xff"])
def test_a_tail_that_overflows_moves_on_to_the_next_millisecond(byte: bytes) -> None:
    source = IdSource(now_ms=lambda: 9, entropy=lambda n: byte * n)
    made = [source() for _ in range(5)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(item).version == 7 for item in made)


def test_threads_share_one_order() -> None:
    source = IdSource()
    made: list[list[str]] = [[] for _ in range(4)]

    def work(mine: list[str]) -> None:
        mine.extend(source() for _ in range(2000))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({item for mine in made for item in mine}) == 8000
    assert all(mine == sorted(mine) for mine in made)


def test_timestamp() -> None:
    assert timestamp_ms(IdSource(now_ms=lambda: 1_234_567)()) == 1_234_567
    for wrong in ("", "x" * 36, str(uuid.uuid4())):
        with pytest.raises(ValueError, match="not a UUIDv7"):
            timestamp_ms(wrong)
