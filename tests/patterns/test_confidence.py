"""The confidence sequence: a fair game, computed exactly, and decisions that stand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import product
from math import exp, log, prod

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.confidence import (
    BETS,
    WEIGHTS,
    Wealth,
    bounds,
    decide,
    refuted_after,
)

differences_in_thirds = st.lists(st.integers(-3, 3).map(lambda third: third / 3), max_size=60)
means = st.floats(-0.9, 0.9)


def wealth_of(differences: Sequence[float], mean: float, above: bool = True) -> Wealth:
    wealth = Wealth(mean, above)
    for difference in differences:
        wealth = wealth.after(difference)
    return wealth


def by_the_formula(differences: Sequence[float], mean: float) -> float:
    return sum(
        weight * prod(1 + bet * ((difference + 1) / (mean + 1) - 1) for difference in differences)
        for weight, bet in zip(WEIGHTS, BETS, strict=True)
    )


def test_the_first_wealth_is_one() -> None:
    assert sum(WEIGHTS) == pytest.approx(1)
    assert Wealth(-0.05).log() == pytest.approx(0)


@given(differences=differences_in_thirds, mean=means)
def test_the_wealth_is_that_of_the_formula(differences: list[float], mean: float) -> None:
    assert exp(wealth_of(differences, mean).log()) == pytest.approx(by_the_formula(differences, mean))
    mirrored = [-difference for difference in differences]
    assert exp(wealth_of(differences, mean, False).log()) == pytest.approx(by_the_formula(mirrored, -mean))


@given(differences=differences_in_thirds, mean=means, seed=st.integers(0, 99))
def test_the_wealth_does_not_depend_on_the_order(differences: list[float], mean: float, seed: int) -> None:
    wealth = wealth_of(differences, mean)
    random.Random(seed).shuffle(differences)
    assert wealth_of(differences, mean).log() == pytest.approx(wealth.log())
    at_once = Wealth(mean)
    for difference in set(differences):
        at_once = at_once.after(difference, differences.count(difference))
    assert at_once.log() == pytest.approx(wealth.log())


@given(differences=differences_in_thirds, one=means, two=means)
def test_the_wealth_falls_in_the_mean_so_that_the_bounds_enclose_an_interval(
    differences: list[float], one: float, two: float
) -> None:
    low, high = sorted((one, two))
    assert wealth_of(differences, low).log() >= wealth_of(differences, high).log() - 1e-9
    assert wealth_of(differences, low, False).log() <= wealth_of(differences, high, False).log() + 1e-9


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize("discordant", [0.05, 0.3, 0.8])
def test_the_game_is_fair_at_the_mean_in_question(discordant: float, above: bool) -> None:
    chances = {1: discordant / 2 - 0.025, 0: 1 - discordant, -1: discordant / 2 + 0.025}
    mean = sum(
        prod(chances[difference] for difference in path) * exp(wealth_of(path, -0.05, above).log())
        for path in product(chances, repeat=6)
    )
    assert mean == pytest.approx(1)


def chance_of_switch(up: float, down: float, tasks: int, alpha: float) -> float:
    """The exact probability that `switch` is ever said within so many tasks, looking after each."""

    @cache
    def is_refuted(ups: int, zeros: int, downs: int) -> bool:
        wealth = Wealth(-0.05).after(1, ups).after(0, zeros).after(-1, downs)
        return wealth.log() >= -log(alpha)

    alive, said = {(0, 0): 1.0}, 0.0
    for seen in range(1, tasks + 1):
        coming: dict[tuple[int, int], float] = {}
        for (ups, downs), chance in alive.items():
            for key, share in (
                ((ups + 1, downs), up),
                ((ups, downs), 1 - up - down),
                ((ups, downs + 1), down),
            ):
                coming[key] = coming.get(key, 0.0) + chance * share
        alive = {}
        for (ups, downs), chance in coming.items():
            if is_refuted(ups, seen - ups - downs, downs):
                said += chance
            else:
                alive[ups, downs] = chance
    return said


@pytest.mark.parametrize(("up", "down"), [(0.0, 0.05), (0.05, 0.1), (0.2, 0.25), (0.475, 0.525)])
@pytest.mark.parametrize("alpha", [0.05, 0.5])
def test_a_look_after_every_task_errs_with_at_most_alpha(up: float, down: float, alpha: float) -> None:
    found = chance_of_switch(up, down, 70, alpha)
    assert found <= alpha
    # So the test is no empty one: at half the chance some do err.
    assert alpha == 0.05 or found > 0.1


@given(differences=differences_in_thirds, margin=st.sampled_from([0, 0.05, 0.2]))
def test_the_bounds_say_what_was_decided(differences: list[float], margin: float) -> None:
    decision = decide(differences, margin)
    seen = differences[: decision.tasks]
    assert (decision.lower, decision.upper) == pytest.approx(bounds(seen), abs=1e-8)
    if decision.kind == "switch":
        assert decision.lower >= -margin
        assert refuted_after(seen, -margin, above=True) == decision.tasks
    elif decision.kind == "keep":
        assert decision.upper <= -margin
        assert refuted_after(seen, -margin, above=False) == decision.tasks
    else:
        assert seen == differences
        assert decision.lower <= -margin <= decision.upper


@given(differences=differences_in_thirds)
def test_bounds_only_close_in(differences: list[float]) -> None:
    lower, upper = -1.0, 1.0
    for size in range(0, len(differences) + 1, 7):
        now = bounds(differences[:size])
        assert now[0] >= lower
        assert now[1] <= upper
        lower, upper = now


def test_a_decision_stands_whatever_comes_after() -> None:
    good = [0.0] * 100
    first = decide(good)
    assert first.kind == "switch"
    assert first.tasks < 100
    assert decide(good + [-1.0] * 300) == first
    bad = decide([-1.0, 0.0] * 30)
    assert bad.kind == "keep"
    assert decide([-1.0, 0.0] * 30 + [1.0] * 300) == bad


def test_without_tasks_nothing_is_known() -> None:
    decision = decide([])
    assert (decision.kind, decision.tasks, decision.more) == ("more", 0, None)
    assert (decision.lower, decision.upper) == (-1.0, 1.0)


@pytest.mark.parametrize("pattern", [[0.0], [0.0, 0.0, 0.0, 0.5, -0.5], [0.0, 0.0, -1.0], [0.2]])
def test_the_estimate_is_about_right_where_the_tasks_go_on_as_before(pattern: list[float]) -> None:
    size = len(pattern)
    actual = refuted_after(pattern * 2000, -0.05, above=sum(pattern) >= 0) or 0
    early = decide(pattern * (actual // size // 2))
    assert early.kind == "more"
    assert early.more is not None
    # A lucky order may pass the line a little before the average does.
    assert early.tasks + early.more == pytest.approx(actual, rel=0.1)


def test_there_is_no_estimate_on_the_line() -> None:
    assert decide([0.25, -0.25, 0.25, -0.25], margin=0).more is None
    assert decide([0.0] * 3, margin=0).more is None


@pytest.mark.parametrize(
    ("differences", "margin", "alpha", "says"),
    [
        ([1.5], 0.05, 0.05, "lies in"),
        ([float("nan")], 0.05, 0.05, "lies in"),
        ([0.0], -0.1, 0.05, "margin"),
        ([0.0], 1.0, 0.05, "margin"),
        ([0.0], 0.05, 0.0, "alpha"),
        ([0.0], 0.05, 1.0, "alpha"),
    ],
)
def test_what_cannot_be_is_refused(differences: list[float], margin: float, alpha: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        decide(differences, margin, alpha)
