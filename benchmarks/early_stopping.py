"""Calls of a panel that stops when it is settled, and whether it says what the full panel would have said."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Sequence
from functools import lru_cache, partial

from metaensemble.patterns.dirichlet import next_wave_by_posterior, settled_by_posterior
from metaensemble.patterns.voting import Panel, RuleKind, Verdict, Vote, VoteRule, final, next_wave, settled

SIZES = (3, 5, 7, 9)
VALUES = (2, 3)
ACCURACIES = (0.6, 0.7, 0.8, 0.9, 0.95)
EXACT = ("plurality", "majority", "unanimous", "quorum of 2", "quorum of 2/3")
STATISTICAL = ("plurality", "majority")


def rule_of(name: str, n: int) -> VoteRule:
    """The rule of that name for a panel of `n`."""
    quorums = {"quorum of 2": 2, "quorum of 2/3": -(-2 * n // 3)}
    if name in quorums:
        return VoteRule("quorum", quorums[name])
    kinds: dict[str, RuleKind] = {"plurality": "plurality", "majority": "majority", "unanimous": "unanimous"}
    return VoteRule(kinds[name])


class Plan:
    """Asks a panel in waves and stops by a rule. Answers are remembered: they depend on counts alone."""

    def __init__(self, n: int, rule: VoteRule, threshold: float | None) -> None:
        least = n // 2 + 1
        self.n = n
        self.full = lru_cache(None)(partial(_final, n, rule, least))
        self.step = lru_cache(None)(partial(_step, n, rule, least, threshold))

    def ask(self, arriving: list[Vote]) -> tuple[int, Vote | None]:
        """How many of these votes were asked for, and the decision."""
        calls = 0
        while True:
            verdict, wave = self.step(tuple(sorted(arriving[:calls])))
            if verdict is not None:
                return calls, verdict.winner
            calls += wave


def _final(n: int, rule: VoteRule, least: int, votes: tuple[Vote, ...]) -> Vote | None:
    return final(Panel(n, votes), rule, min_votes=least).winner


def _step(
    n: int, rule: VoteRule, least: int, threshold: float | None, votes: tuple[Vote, ...]
) -> tuple[Verdict | None, int]:
    panel = Panel(n, votes)
    if threshold is None:
        verdict = settled(panel, rule, min_votes=least, full_on_tie=False)
        return verdict, next_wave(panel, rule, least, False)
    verdict = settled_by_posterior(panel, rule, threshold, min_votes=least, full_on_tie=False)
    return verdict, next_wave_by_posterior(panel, rule, threshold, least, False)


def measure(plan: Plan, values: int, accuracy: float, panels: int, rng: random.Random) -> tuple[float, int]:
    """The mean number of calls over so many panels, and in how many the decision was another one."""
    wrong = (1 - accuracy) / (values - 1)
    weights = [accuracy] + [wrong] * (values - 1)
    calls = changed = 0
    for _ in range(panels):
        declared: list[Vote] = list(rng.choices("abc"[:values], weights, k=plan.n))
        arriving = rng.sample(declared, plan.n)
        used, winner = plan.ask(arriving)
        calls += used
        changed += winner != plan.full(tuple(sorted(declared)))
    return calls / panels, changed


def table(names: Sequence[str], threshold: float | None, panels: int, seed: int) -> int:
    """Print a row for each rule, number of values and size; how many decisions were others in all."""
    titles = " | ".join(f"{accuracy:g}" for accuracy in ACCURACIES)
    print(f"| rule | values | n | {titles} | changed |\n|---|---|---|{'---|' * len(ACCURACIES)}---|")
    total = 0
    for name in names:
        for values in VALUES:
            for n in SIZES:
                plan = Plan(n, rule_of(name, n), threshold)
                rng = random.Random(f"{seed} {name} {values} {n}")
                cells = [measure(plan, values, accuracy, panels, rng) for accuracy in ACCURACIES]
                changed = sum(cell[1] for cell in cells)
                total += changed
                if threshold is None:
                    row = " | ".join(f"{calls:.2f}" for calls, _ in cells)
                    share = f"{changed} of {panels * len(cells):,}"
                else:
                    row = " | ".join(f"{calls:.2f} ({other / panels:.1%})" for calls, other in cells)
                    share = f"{changed / panels / len(cells):.2%}"
                print(f"| {name} | {values} | {n} | {row} | {share} |", flush=True)
    return total


def main() -> int:
    """Print both tables; 1 where an exact rule changed a decision."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panels", type=int, default=10_000, help="panels per cell")
    parser.add_argument("--threshold", type=float, default=0.95)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(
        "Exact rules: mean calls by the voters' accuracy, and decisions that the full panel would not take.\n"
    )
    changed = table(EXACT, None, given.panels, given.seed)
    print(f"\nThe Dirichlet rule at {given.threshold:g}: mean calls, and the share of changed decisions.\n")
    table(STATISTICAL, given.threshold, given.panels, given.seed)
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
