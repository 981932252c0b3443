"""Voting, against brute force over everything that the votes to come could be."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import combinations_with_replacement, permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.patterns.voting import (
    Calls,
    Panel,
    Vote,
    VoteRule,
    break_tie_by_first,
    expected_calls,
    final,
    first_wave,
    is_settled,
    next_wave,
    settled,
    standing_of,
)

PLURALITY, MAJORITY, UNANIMOUS = VoteRule("plurality"), VoteRule("majority"), VoteRule("unanimous")


def quorum(k: int) -> VoteRule:
    return VoteRule("quorum", k)


def rules(n: int) -> list[VoteRule]:
    return [PLURALITY, MAJORITY, UNANIMOUS, *(quorum(k) for k in range(1, n + 2))]


@cache
def winner_of(votes: tuple[str, ...], n: int, rule: VoteRule, min_votes: int) -> str | None:
    """The rules once more, in the words of the reference, for a complete panel."""
    counts = {vote: votes.count(vote) for vote in votes}
    if len(votes) < min_votes or not votes:
        return None
    if rule.kind == "unanimous":
        return votes[0] if len(counts) == 1 else None
    if rule.kind == "majority":
        return next((vote for vote, count in counts.items() if count > n / 2), None)
    enough = {vote: count for vote, count in counts.items() if count >= (rule.k or 1)}
    best = [vote for vote, count in enough.items() if count == max(enough.values())]
    return best[0] if len(best) == 1 else None


def completions(votes: tuple[str, ...], to_come: int) -> Iterator[tuple[str, ...]]:
    """Every way to go on: old values, two new ones (a third tells nothing more), abstentions (`-`)."""
    for more in combinations_with_replacement([*sorted(set(votes)), "new", "newer", "-"], to_come):
        yield votes + tuple(vote for vote in more if vote != "-")


def partial_panels(n: int) -> Iterator[tuple[tuple[str, ...], int]]:
    for size in range(n + 1):
        for votes in combinations_with_replacement("abc", size):
            for abstained in range(n - size + 1):
                yield votes, abstained


@pytest.mark.parametrize("n", range(1, 6))
def test_an_answer_is_given_as_soon_as_and_not_before_every_completion_agrees(n: int) -> None:
    for votes, abstained in partial_panels(n):
        panel = Panel(n, votes, abstained)
        ways = list(completions(votes, panel.to_come))
        for rule, min_votes in product(rules(n), range(n + 2)):
            winners = {winner_of(way, n, rule, min_votes) for way in ways}
            verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=False)
            assert (verdict is not None) == (len(winners) == 1), (panel, rule, min_votes)
            assert verdict is None or {verdict.winner} == winners, (panel, rule, min_votes)


@pytest.mark.parametrize("n", range(1, 6))
def test_where_the_first_voter_breaks_ties_the_tied_values_are_those_of_the_full_panel(n: int) -> None:
    for votes, abstained in partial_panels(n):
        panel = Panel(n, votes, abstained)
        for rule, min_votes in product(rules(n), range(n + 2)):
            verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=True)
            if verdict is None:
                continue
            for way in completions(votes, panel.to_come):
                last = final(Panel(n, way, n - len(way)), rule, min_votes=min_votes)
                assert (verdict.winner, verdict.tied) == (last.winner, last.tied), (panel, rule, min_votes)
            if verdict.winner is None and panel.to_come:
                assert len(votes) + panel.to_come < min_votes


@st.composite
def cases(draw: st.DrawFn) -> tuple[Panel, VoteRule, int]:
    n = draw(st.integers(1, 9))
    votes = draw(st.lists(st.sampled_from("abcd"), max_size=n))
    abstained = draw(st.integers(0, n - len(votes)))
    return Panel(n, tuple(votes), abstained), draw(st.sampled_from(rules(n))), draw(st.integers(0, n + 1))


@given(case=cases(), full_on_tie=st.booleans(), data=st.data())
def test_whatever_arrives_after_an_answer_does_not_change_it(
    case: tuple[Panel, VoteRule, int], full_on_tie: bool, data: st.DataObject
) -> None:
    panel, rule, min_votes = case
    verdict = settled(panel, rule, min_votes=min_votes, full_on_tie=full_on_tie)
    later = data.draw(st.lists(st.sampled_from("abcde-"), min_size=panel.to_come, max_size=panel.to_come))
    # Declared before the others or after them, which is no matter for who wins.
    votes = data.draw(st.permutations([*panel.votes, *(vote for vote in later if vote != "-")]))
    last = final(Panel(panel.asked, votes, panel.asked - len(votes)), rule, min_votes=min_votes)
    assert last.winner == winner_of(tuple(votes), panel.asked, rule, min_votes)
    if verdict is not None:
        assert verdict.winner == last.winner


@given(case=cases(), full_on_tie=st.booleans(), seed=st.integers(0, 99))
def test_the_decision_does_not_depend_on_the_order_of_arrival(
    case: tuple[Panel, VoteRule, int], full_on_tie: bool, seed: int
) -> None:
    panel, rule, min_votes = case
    answers = [*enumerate(panel.votes), *((-1, "-") for _ in range(panel.asked - len(panel.votes)))]
    last = final(Panel(panel.asked, panel.votes, panel.asked - len(panel.votes)), rule, min_votes=min_votes)
    random.Random(seed).shuffle(answers)
    for seen in range(panel.asked + 1):
        here = sorted(at for at, _ in answers[:seen] if at >= 0)
        arrived = Panel(panel.asked, tuple(panel.votes[at] for at in here), seen - len(here))
        verdict = settled(arrived, rule, min_votes=min_votes, full_on_tie=full_on_tie)
        if verdict is not None:
            assert verdict.winner == last.winner
            if full_on_tie:
                tie = break_tie_by_first(arrived, verdict.tied)
                assert tie == break_tie_by_first(panel, last.tied)
            break
    else:
        pytest.fail("a complete panel is settled")


def is_open(counts: Sequence[int], panel: Panel, rule: VoteRule, min_votes: int, full_on_tie: bool) -> bool:
    now = standing_of(counts, panel.asked, panel.abstained)
    return not is_settled(now, rule, min_votes, full_on_tie=full_on_tie)


@given(case=cases(), full_on_tie=st.booleans())
def test_a_wave_is_the_fewest_votes_that_could_settle(
    case: tuple[Panel, VoteRule, int], full_on_tie: bool
) -> None:
    panel, rule, min_votes = case
    fewest = next(
        more
        for more in range(panel.to_come + 1)
        for added in combinations_with_replacement([*sorted(set(map(str, panel.votes))), *range(more)], more)
        if settled(
            Panel(panel.asked, (*panel.votes, *added), panel.abstained),
            rule,
            min_votes=min_votes,
            full_on_tie=full_on_tie,
        )
    )
    assert next_wave(panel, rule, min_votes, full_on_tie) == fewest
    is_done = settled(panel, rule, min_votes=min_votes, full_on_tie=full_on_tie) is not None
    assert (fewest == 0) == is_done


@pytest.mark.parametrize(
    ("n", "rule", "min_votes", "full_on_tie", "wave"),
    [
        (5, MAJORITY, 3, False, 3),
        (5, PLURALITY, 3, False, 3),
        (6, MAJORITY, 4, False, 4),
        (5, quorum(2), 3, False, 3),
        (5, quorum(4), 3, False, 3),  # three different values put four of five out of reach
        (5, quorum(4), 3, True, 4),
        (5, UNANIMOUS, 3, False, 2),
        (5, UNANIMOUS, 3, True, 5),
        (5, PLURALITY, 4, False, 4),
        (1, MAJORITY, 1, False, 1),
    ],
)
def test_the_first_wave(n: int, rule: VoteRule, min_votes: int, full_on_tie: bool, wave: int) -> None:
    assert first_wave(n, rule, min_votes, full_on_tie=full_on_tie) == wave


@pytest.mark.parametrize(
    ("asked", "votes", "abstained", "rule", "min_votes", "winner", "tied", "why"),
    [
        (5, ["x", "x", "x"], 0, MAJORITY, 3, "x", (), "decided 3:0 of 5"),
        (5, ["x", "y", "x", "x"], 1, MAJORITY, 3, "x", (), "decided 3:1 of 5"),
        (5, ["x", "y", "z", "y", "x"], 0, MAJORITY, 3, None, ("x", "y"), "no majority: 2:2:1 of 5"),
        (5, ["x", "y"], 2, MAJORITY, 2, None, (), "no majority: 1:1 of 5"),
        (4, ["y", "x", "x", "y"], 0, PLURALITY, 3, None, ("y", "x"), "a tie: 2:2 of 4"),
        (5, ["x", "y"], 0, UNANIMOUS, 3, None, (), "not unanimous: 1:1 of 5"),
        (3, ["x", "x"], 1, UNANIMOUS, 2, "x", (), "decided 2:0 of 3"),
        (5, ["x", "y", "z"], 0, quorum(4), 3, None, (), "no quorum of 4: 1:1:1 of 5"),
        (4, ["x", "x", "y", "y"], 0, quorum(2), 3, None, ("x", "y"), "a tie: 2:2 of 4"),
        (3, [], 3, PLURALITY, 1, None, (), "only 0 valid votes of 3, and 1 was needed"),
        (3, ["x"], 2, PLURALITY, 2, None, (), "only 1 valid vote of 3, and 2 were needed"),
        (5, [], 3, PLURALITY, 3, None, (), "at most 2 valid votes of 5, and 3 were needed"),
        (2, [], 2, PLURALITY, 0, None, (), "no valid vote of 2"),
        (4, ["x"], 3, MAJORITY, 1, None, ("x",), "no majority: 1:0 of 4"),
    ],
)
def test_verdicts_in_words(
    asked: int,
    votes: list[str],
    abstained: int,
    rule: VoteRule,
    min_votes: int,
    winner: str | None,
    tied: tuple[str, ...],
    why: str,
) -> None:
    verdict = settled(Panel(asked, votes, abstained), rule, min_votes=min_votes, full_on_tie=False)
    assert verdict is not None
    assert (verdict.winner, verdict.tied, verdict.why) == (winner, tied, why)


def test_votes_are_compared_as_json_and_not_as_python_does() -> None:
    votes: list[Vote] = [True, 1, 1.0, "1", True]
    verdict = final(Panel(5, votes), PLURALITY, min_votes=1)
    assert verdict.winner is True
    assert verdict.why == "decided 2:1:1:1 of 5"
    tie = final(Panel(2, [1, True]), PLURALITY, min_votes=1)
    assert [type(vote) for vote in tie.tied] == [int, bool]
    assert break_tie_by_first(Panel(2, [1, True]), [True]) is True


def test_a_tie_is_broken_by_the_first_declared_voter_among_the_leading_values() -> None:
    for votes in set(permutations("xxyyz")):
        panel = Panel(5, votes)
        tied = final(panel, MAJORITY, min_votes=3).tied
        assert set(tied) == {"x", "y"}
        assert break_tie_by_first(panel, tied) == next(vote for vote in votes if vote != "z")
    assert break_tie_by_first(Panel(2, ["x", "x"]), ()) is None


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="at most as many"):
        Panel(2, ["x", "x"], 1)
    with pytest.raises(ValueError, match="at most as many"):
        Panel(2, [], -1)
    with pytest.raises(ValueError, match="still to come"):
        final(Panel(2, ["x"]), PLURALITY, min_votes=1)
    with pytest.raises(ValueError, match="given for a quorum"):
        VoteRule("majority", 2)
    with pytest.raises(ValueError, match="given for a quorum"):
        VoteRule("quorum")
    with pytest.raises(ValueError, match="at least 1"):
        VoteRule("quorum", 0)


@pytest.mark.parametrize("n", range(1, 8))
def test_expected_calls_agree_with_every_sequence_of_votes_asked_in_waves(n: int) -> None:
    for rule, min_votes, full in product(rules(n), (0, n // 2 + 1, n + 1), (False, True)):
        mean, worst = 0.0, 0
        for votes in product("xy", repeat=n):
            calls = 0
            while wave := next_wave(Panel(n, votes[:calls]), rule, min_votes, full):
                calls += wave
            chance = 0.7 ** votes.count("x") * 0.3 ** votes.count("y")
            mean, worst = mean + calls * chance, max(worst, calls)
        found = expected_calls(n, rule, min_votes, agreement=0.7, full_on_tie=full)
        assert found.expected == pytest.approx(mean)
        assert found.worst >= worst


@given(case=cases(), full_on_tie=st.booleans())
def test_the_worst_number_of_calls_is_reached(case: tuple[Panel, VoteRule, int], full_on_tie: bool) -> None:
    n, rule, min_votes = case[0].asked, case[1], case[2]
    worst = max(
        size + 1
        if is_open([votes.count(at) for at in set(votes)], Panel(n), rule, min_votes, full_on_tie)
        else 0
        for size in range(n)
        for votes in combinations_with_replacement(range(min(n, 4)), size)
    )
    assert expected_calls(n, rule, min_votes, full_on_tie=full_on_tie).worst == worst


def test_expected_calls_of_some_panels() -> None:
    assert expected_calls(3, MAJORITY, 2, agreement=1) == Calls(2.0, 3)
    three = expected_calls(3, MAJORITY, 2, agreement=0.8)
    assert three.expected == pytest.approx(2 + 2 * 0.8 * 0.2)
    hundred = expected_calls(101, MAJORITY, 51)
    assert 51 < hundred.expected < 101
    assert hundred.worst == 101
