"""The statistical rule, against Polya's urn: the same model, told one vote at a time."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.dirichlet import (
    expected_calls_by_posterior,
    leader_wins,
    next_wave_by_posterior,
    settled_by_posterior,
)
from metaensemble.patterns.voting import Panel, VoteRule, expected_calls, final, next_wave, settled

PLURALITY, MAJORITY, UNANIMOUS = VoteRule("plurality"), VoteRule("majority"), VoteRule("unanimous")


def rules(n: int) -> list[VoteRule]:
    return [PLURALITY, MAJORITY, UNANIMOUS, *(VoteRule("quorum", k) for k in range(1, n + 2))]


def urn(panel: Panel, rule: VoteRule, min_votes: int) -> Fraction:
    """Draw the votes to come from an urn that holds one ball more of each value than it has votes, and
    one for the unseen value (`?`), and gets another ball of the value drawn each time."""
    if not panel.votes:
        return Fraction(0)
    leader = panel.leading()[0]
    values = [*dict.fromkeys(panel.votes), "?"]

    def chance(votes: tuple[object, ...], to_come: int) -> Fraction:
        if not to_come:
            complete = Panel(panel.asked, votes, panel.abstained)  # type: ignore[arg-type]
            return Fraction(final(complete, rule, min_votes=min_votes).winner == leader)
        balls = len(votes) + len(values)
        return sum(
            (
                Fraction(votes.count(value) + 1, balls) * chance((*votes, value), to_come - 1)
                for value in values
            ),
            start=Fraction(0),
        )

    return chance(tuple(panel.votes), panel.to_come)


@pytest.mark.parametrize("n", [3, 5, 6])
def test_the_probability_is_that_of_an_urn(n: int) -> None:
    for size in range(n + 1):
        for votes in combinations_with_replacement("abc", size):
            for abstained in range(2 if size < n else 1):
                panel = Panel(n, votes, abstained)
                if panel.to_come > 5:
                    continue
                for rule, min_votes in product(rules(n), (0, n // 2 + 1, n)):
                    found = leader_wins(panel, rule, min_votes)
                    assert found == float(urn(panel, rule, min_votes)), (panel, rule, min_votes)


@st.composite
def panels(draw: st.DrawFn) -> tuple[Panel, VoteRule, int]:
    n = draw(st.integers(1, 9))
    votes = draw(st.lists(st.sampled_from("abcd"), max_size=n))
    abstained = draw(st.integers(0, n - len(votes)))
    return Panel(n, tuple(votes), abstained), draw(st.sampled_from(rules(n))), draw(st.integers(0, n + 1))


@given(case=panels())
def test_what_is_settled_is_certain(case: tuple[Panel, VoteRule, int]) -> None:
    panel, rule, min_votes = case
    verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=False)
    if verdict is not None:
        assert leader_wins(panel, rule, min_votes) == (verdict.winner is not None)


@given(case=panels(), full_on_tie=st.booleans(), threshold=st.sampled_from([0.6, 0.8, 0.95, 1.0]))
def test_the_exact_verdict_goes_first_and_the_leader_only_at_the_threshold(
    case: tuple[Panel, VoteRule, int], full_on_tie: bool, threshold: float
) -> None:
    panel, rule, min_votes = case
    exact = settled(panel, rule, min_votes=min_votes, full_on_tie=full_on_tie)
    verdict = settled_by_posterior(panel, rule, threshold, min_votes=min_votes, full_on_tie=full_on_tie)
    if exact is not None:
        assert verdict == exact
    else:
        assert (verdict is not None) == (leader_wins(panel, rule, min_votes) >= threshold)
        assert verdict is None or (verdict.winner,) == panel.leading()


@given(case=panels(), full_on_tie=st.booleans(), threshold=st.sampled_from([0.6, 0.8, 0.95]))
def test_a_wave_is_the_fewest_votes_that_could_settle(
    case: tuple[Panel, VoteRule, int], full_on_tie: bool, threshold: float
) -> None:
    panel, rule, min_votes = case
    fewest = next(
        more
        for more in range(panel.to_come + 1)
        for added in combinations_with_replacement([*sorted(set(map(str, panel.votes))), *range(more)], more)
        if settled_by_posterior(
            Panel(panel.asked, (*panel.votes, *added), panel.abstained),
            rule,
            threshold,
            min_votes=min_votes,
            full_on_tie=full_on_tie,
        )
    )
    assert next_wave_by_posterior(panel, rule, threshold, min_votes, full_on_tie) == fewest
    assert fewest <= next_wave(panel, rule, min_votes, full_on_tie)


def test_a_decision_in_words() -> None:
    # 3:0 of 9: the leader needs 2 of 6 more, and of the C(10, 4) = 210 weights only 1 + 4 go against it.
    verdict = settled_by_posterior(Panel(9, ["x"] * 3), MAJORITY, 0.95, min_votes=5, full_on_tie=False)
    assert verdict is not None
    assert verdict.winner == "x"
    assert verdict.why == "decided 3:0 of 9, as the full panel would with probability 0.976"
    assert leader_wins(Panel(9, ["x"] * 3), MAJORITY, 5) == 205 / 210


def test_a_threshold_of_one_is_never_met_by_rounding() -> None:
    # 60:0 of 121 is one vote short, and its probability rounds to 1.
    panel = Panel(121, ["x"] * 60)
    assert leader_wins(panel, MAJORITY, 61) == 1.0
    assert settled_by_posterior(panel, MAJORITY, 1.0, min_votes=61, full_on_tie=False) is None
    almost = settled_by_posterior(panel, MAJORITY, 0.99, min_votes=61, full_on_tie=False)
    assert almost is not None
    assert almost.why.endswith("0.999")


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.01, float("nan")])
def test_a_threshold_that_two_values_could_reach_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="is above"):
        settled_by_posterior(Panel(3), MAJORITY, threshold, min_votes=2, full_on_tie=False)
    with pytest.raises(ValueError, match="is above"):
        expected_calls_by_posterior(3, MAJORITY, threshold, 2)
    with pytest.raises(ValueError, match="is above"):
        next_wave_by_posterior(Panel(3), MAJORITY, threshold, 2, False)


@pytest.mark.parametrize("rule", [PLURALITY, MAJORITY, UNANIMOUS, VoteRule("quorum", 3)])
def test_expected_calls_agree_with_every_sequence_of_votes_asked_in_waves(rule: VoteRule) -> None:
    n = 7
    mean = 0.0
    for votes in product("xy", repeat=n):
        calls = 0
        while wave := next_wave_by_posterior(Panel(n, votes[:calls]), rule, 0.9, 4, False):
            calls += wave
        mean += calls * 0.7 ** votes.count("x") * 0.3 ** votes.count("y")
    found = expected_calls_by_posterior(n, rule, 0.9, 4, agreement=0.7)
    assert found.expected == pytest.approx(mean)
    assert found.expected <= expected_calls(n, rule, 4, agreement=0.7).expected


def test_many_values_and_votes_are_counted_exactly() -> None:
    # Ahead by 20 with 20 to come: only all 20 for the second value make a tie of it.
    panel = Panel(62, [*["x"] * 30, *["y"] * 10, *"zw"])
    others = Fraction(1)
    for ball in range(20):
        others *= Fraction(11 + ball, 42 + 5 + ball)
    assert leader_wins(panel, PLURALITY, 32) == float(1 - others)
