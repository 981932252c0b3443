"""How often a shadow is wrongly switched to when one looks after every task, and how many tasks it takes.

The decision depends only on how often each difference occurred, so the counts that decide are worked out
once per number of tasks; some simulations are decided by `decide` as well, and must agree.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from math import log

from metaensemble.patterns.confidence import Wealth, decide
from metaensemble.patterns.pair_statistics import wilson

SETTINGS = ((0.9, 0.1), (0.8, 0.2), (0.6, 0.4))
"""The primary's pass rate, and the share of tasks on which the two differ."""


class Line:
    """For one side: how many differences in its favour decide, by how many tasks and how many against."""

    def __init__(self, mean: float, above: bool, alpha: float) -> None:
        self.start = Wealth(mean, above)
        self.favour, self.against = (1.0, -1.0) if above else (-1.0, 1.0)
        self.limit = -log(alpha)
        self.known: dict[tuple[int, int], int] = {}
        self.last: dict[int, int] = {}

    def needed(self, tasks: int, against: int) -> int:
        """The fewest differences in favour that decide; more than there can be where none do."""
        key = (tasks, against)
        if key not in self.known:
            count = self.last.get(against, 0)
            while count > 0 and self._decides(tasks, count - 1, against):
                count -= 1
            while count + against <= tasks and not self._decides(tasks, count, against):
                count += 1
            self.known[key] = self.last[against] = count
        return self.known[key]

    def _decides(self, tasks: int, favour: int, against: int) -> bool:
        if favour + against > tasks:
            return True
        wealth = self.start.after(self.favour, favour).after(self.against, against)
        return wealth.after(0.0, tasks - favour - against).log() >= self.limit


def simulate(
    switch: Line, keep: Line, up: float, down: float, horizon: int, rng: random.Random
) -> tuple[str, int, list[float]]:
    """The first decision within the horizon, after how many tasks, and the differences until then."""
    ups = downs = 0
    seen: list[float] = []
    for tasks in range(1, horizon + 1):
        draw = rng.random()
        if draw < up:
            ups += 1
            seen.append(1.0)
        elif draw < up + down:
            downs += 1
            seen.append(-1.0)
        else:
            seen.append(0.0)
        if ups >= switch.needed(tasks, downs):
            return "switch", tasks, seen
        if downs >= keep.needed(tasks, ups):
            return "keep", tasks, seen
    return "more", horizon, seen


def main() -> int:
    """Print the table; 1 where `switch` at a difference of -margin is plainly more frequent than alpha."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--horizon", type=int, default=2_000, help="tasks after which one stops looking")
    parser.add_argument("--margin", type=float, default=0.05)
    parser.add_argument("--alpha", type=float, default=0.05)
    parser.add_argument("--checked", type=int, default=3, help="simulations per row that `decide` repeats")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    switch = Line(-given.margin, True, given.alpha)
    keep = Line(-given.margin, False, given.alpha)
    exceeded = False
    print(
        "| pass rate | differ | true difference | switch (95 % interval) | keep | open after "
        f"{given.horizon:,} | median tasks |\n|---|---|---|---|---|---|---|"
    )
    for rate, differ in SETTINGS:
        for times in (-1, 0, -2):
            difference = times * given.margin
            rng = random.Random(f"{given.seed} {rate} {times}")
            ends: list[tuple[str, int]] = []
            for at in range(given.simulations):
                kind, tasks, seen = simulate(
                    switch, keep, (differ + difference) / 2, (differ - difference) / 2, given.horizon, rng
                )
                ends.append((kind, tasks))
                if at < given.checked:
                    decision = decide(seen, given.margin, given.alpha)
                    if (decision.kind, decision.tasks) != (kind, tasks):
                        raise SystemExit(f"`decide` says {decision}, the counts {kind} after {tasks}")
            share = {
                kind: sum(end[0] == kind for end in ends) / len(ends) for kind in ("switch", "keep", "more")
            }
            low, high = wilson(sum(end[0] == "switch" for end in ends), len(ends))
            exceeded |= times == -1 and low > given.alpha
            median = statistics.median(tasks if kind != "more" else given.horizon + 1 for kind, tasks in ends)
            shown = f"{median:,.0f}" if median <= given.horizon else f"over {given.horizon:,}"
            print(
                f"| {rate:g} | {differ:g} | {difference:+g} | "
                f"{share['switch']:.2%} ({low:.2%} to {high:.2%}) | "
                f"{share['keep']:.2%} | {share['more']:.2%} | {shown} |",
                flush=True,
            )
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
