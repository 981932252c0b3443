from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas import scalars


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0),
        ("10m", 600.0),
        ("1h30m", 5400.0),
        ("250ms", 0.25),
        ("1.5h", 5400.0),
        ("2d", 172800.0),
        ("1d2h3m4s5ms", 93784.005),
        ("0s", 0.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert scalars.duration_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "10", "10 m", "m", "30m1h", "1m1m", "-1s", "1e3s", "10M", "1h 30m", "10m\n", "9" * 400 + "s"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a |units must|first wait"):
        scalars.duration_seconds(text)


@pytest.mark.parametrize(
    ("text", "span"), [("2s..1m", (2.0, 60.0)), ("5s", (5.0, 5.0)), ("1s..1s", (1.0, 1.0))]
)
def test_backoffs(text: str, span: tuple[float, float]) -> None:
    assert scalars.backoff_seconds(text) == span


@pytest.mark.parametrize("text", ["1m..2s", "2s..", "..2s", "2s-1m", "1s..2s..3s", ""])
def test_what_is_no_backoff(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a |units must|first wait"):
        scalars.backoff_seconds(text)


@pytest.mark.parametrize(
    ("value", "count"),
    [(0, 0), (1200, 1200), ("400k", 400_000), ("1.5M", 1_500_000), ("7", 7), ("0.1k", 100)],
)
def test_token_counts(value: int | str, count: int) -> None:
    assert scalars.token_count(value) == count


@pytest.mark.parametrize("value", [-1, "400K", "1,000", "k", "", "1G", "9" * 400])
def test_what_is_no_token_count(value: int | str) -> None:
    with pytest.raises(ValueError, match=r"not a |units must|first wait"):
        scalars.token_count(value)


def test_shares_and_lines() -> None:
    assert scalars.share_of("2/3") == (2, 3)
    assert scalars.line_range("10..40") == (10, 40)
    assert scalars.line_range("7") == (7, 7)


@pytest.mark.parametrize("text", ["3/2", "0/3", "2/", "/2", "2", "a/b", "²/3"])
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a |units must|first wait"):
        scalars.share_of(text)


@pytest.mark.parametrize("text", ["40..10", "0..3", "", "..", "1..", "-1..2", "²"])
def test_what_is_no_range_of_lines(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a |units must|first wait"):
        scalars.line_range(text)


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("${{ params.x }}", True),
        ("  ${{ params.x }}\n", True),
        ("${{}}", True),
        ("${{ a }} and ${{ b }}", False),
        ("x ${{ a }}", False),
        ("{{ a }}", False),
        ("${{", False),
        (1, False),
        (None, False),
    ],
)
def test_whole_expressions(value: object, answer: bool) -> None:
    assert scalars.is_expression(value) is answer


@given(st.text(alphabet="0123456789.smhdkM/ -", max_size=12))
def test_any_text_gives_a_value_or_a_value_error(text: str) -> None:
    for read in (
        scalars.duration_seconds,
        scalars.backoff_seconds,
        scalars.token_count,
        scalars.share_of,
        scalars.line_range,
    ):
        try:
            read(text)
        except ValueError:
            continue
