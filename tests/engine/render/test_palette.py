from __future__ import annotations

import pytest

from metaensemble.engine.render.palette import (
    CRITICAL,
    FAILED_LINE,
    FILLS,
    FRAMES,
    GROUND,
    LINE,
    NOTE,
    PLAIN,
    TEXT,
)
from metaensemble.schemas.states import NODE_STATES


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_state_has_its_colours() -> None:
    assert set(FILLS) == set(NODE_STATES)


@pytest.mark.parametrize(
    "ground", sorted({GROUND, PLAIN[0], *(f for f, _ in FILLS.values()), *(f for f, _ in FRAMES)})
)
@pytest.mark.parametrize("text", [TEXT, NOTE])
def test_words_can_be_read(text: str, ground: str) -> None:
    assert contrast(text, ground) >= 4.5


@pytest.mark.parametrize("line", [LINE, FAILED_LINE, CRITICAL])
def test_lines_can_be_seen(line: str) -> None:
    assert all(contrast(line, ground) >= 3 for ground in (GROUND, *(fill for fill, _ in FRAMES)))
