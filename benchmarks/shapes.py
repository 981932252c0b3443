"""The graphs that the benchmarks run: chain, wide and layered, as bound graphs and as YAML."""

from __future__ import annotations

from random import Random

LAYER = 50
NEEDS = 3


def needs_of(shape: str, count: int) -> list[list[int]]:
    """For each of `count` nodes the positions of the nodes that it needs.

    `chain`: each needs the one before. `wide`: one root, `count - 2` nodes behind it, one sink behind
    them all. `layered`: layers of 50, each node needs three random nodes of the layer before.
    """
    if shape == "chain":
        return [[i - 1] if i else [] for i in range(count)]
    if shape == "wide":
        return [[], *([0] for _ in range(count - 2)), list(range(1, count - 1))]
    if shape == "layered":
        rng = Random(7)
        return [
            sorted(rng.sample(range((i // LAYER - 1) * LAYER, (i // LAYER) * LAYER), NEEDS))
            if i >= LAYER
            else []
            for i in range(count)
        ]
    raise ValueError(f"no such shape: {shape}")


def yaml_of(shape: str, count: int, run: str = "true") -> str:
    """The shape as a task graph file whose tasks run the command `run`."""
    lines = ["version: 1", f"name: {shape}-{count}", "tasks:"]
    for index, needs in enumerate(needs_of(shape, count)):
        wanted = f", needs: [{', '.join(f'n{need}' for need in needs)}]" if needs else ""
        # In quotes: `true` alone would be a boolean.
        lines.append(f'  n{index}: {{run: ["{run}"]{wanted}}}')
    return "\n".join(lines) + "\n"
