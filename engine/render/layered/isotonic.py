"""Places in a row, as near as possible to where each wants to be."""

from __future__ import annotations

from collections.abc import Sequence


def spread(wishes: Sequence[tuple[float, float]], gaps: Sequence[float]) -> list[float]:
    """The places x that minimise the sum of weight * (x - wish)^2, where each x lies at least its gap
    behind the one before. `wishes` are pairs (wish, weight > 0); `gaps[i]` is between i and i + 1.

    With the gaps taken off this is isotonic regression, done by pooling adjacent violators (Barlow et
    al., "Statistical Inference under Order Restrictions", 1972); linear.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, how many
    offsets: list[float] = []
    for at, (wish, weight) in enumerate(wishes):
        offsets.append(offsets[-1] + gaps[at - 1] if at else 0.0)
        mean, count = wish - offsets[-1], 1
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, other_count = blocks.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, count = weight + other_weight, count + other_count  # noqa: PLW2901
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
