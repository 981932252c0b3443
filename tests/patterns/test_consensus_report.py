from __future__ import annotations

from typing import Any

from metaensemble.patterns.consensus_report import VotedOn, consensus_report

WHO = ("one", "two", "three")


def voted(item: str, votes: str, **fields: Any) -> VotedOn:
    """A decision by majority of three on the letters of `votes`; `-` stands for a vote that is missing."""
    cast = {who: vote for who, vote in zip(WHO, votes, strict=True) if vote != "-"}
    most = max(votes.replace("-", ""), key=votes.count)
    missing = "-" in votes
    known: dict[str, Any] = {
        "item": item,
        "voters": WHO,
        "votes": cast,
        "calls": len(cast),
        "in_full": not missing,
        "decision": most if votes.count(most) > 1 else None,
        "families": ("lint",),
        **fields,
    }
    return VotedOn(**known)


def test_shares_and_means() -> None:
    found = consensus_report("t", "g", [voted("1", "xx-"), voted("2", "xxy"), voted("3", "xyz")])
    assert (found.decisions, found.undecided, found.saved_calls) == (3, 1, 1)
    assert (found.asked, found.calls) == (3, 8 / 3)
    assert (found.stopped_early, found.dissent) == (1 / 3, 2 / 3)
    assert found.raters == WHO
    assert [row["votes"] for row in found.items] == [["x", "x", None], ["x", "x", "y"], ["x", "y", "z"]]


def test_coefficients_are_of_panels_in_full_where_there_are_five() -> None:
    full = [voted(str(n), "xxx" if n % 2 else "yyy") for n in range(5)]
    early = [voted(f"early {n}", "xy-") for n in range(20)]
    found = consensus_report("t", "g", [*full, *early])
    assert (found.counted, found.in_full, found.biased) == (5, 5, False)
    assert found.agreement["percent"] == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_fewer_panels_in_full_make_it_biased() -> None:
    full = [voted(str(n), "xxx" if n % 2 else "yyy") for n in range(4)]
    found = consensus_report("t", "g", [*full, voted("early", "xx-")])
    assert (found.counted, found.in_full, found.biased) == (5, 4, True)


def test_panels_that_happened_to_need_all_are_not_in_full_and_not_biased_alone() -> None:
    found = consensus_report("t", "g", [voted(str(n), "xyx", in_full=False) for n in range(5)])
    assert (found.counted, found.in_full, found.biased) == (5, 0, False)


def test_the_correlation_of_errors_goes_before_that_of_votes() -> None:
    votes = ["xxy", "yxy", "yyx", "xyx", "xxy", "xyy"]
    unknown = consensus_report("t", "g", [voted(str(n), text) for n, text in enumerate(votes)])
    assert unknown.effective.of == "votes"
    known = consensus_report("t", "g", [voted(str(n), text, true="x") for n, text in enumerate(votes)])
    assert known.effective.of == "errors"
    assert known.effective.rho is not None
    assert known.effective.votes is not None
    assert (known.judged, known.right) == (6, 3)


def test_truth_that_tells_nothing_leaves_the_votes() -> None:
    # Nobody was ever wrong: there is no correlation of errors.
    decisions = [voted(str(n), "xxx" if n % 2 else "yyy", true="x" if n % 2 else "y") for n in range(5)]
    found = consensus_report("t", "g", decisions)
    assert (found.effective.of, found.effective.rho) == ("votes", 1.0)
    assert found.effective.votes == 1.0


def test_one_family_is_flagged() -> None:
    assert consensus_report("t", "g", [voted("1", "xxx")]).one_family
    two = consensus_report("t", "g", [voted("1", "xxx", families=("a", "b", "a"))])
    assert (two.one_family, two.families) == (False, ("a", "b"))


def test_true_is_not_one() -> None:
    found = consensus_report("t", "g", [voted("1", "xxx", decision=True, true=1)])
    assert (found.judged, found.right) == (1, 0)


def test_more_classes_than_the_schema_lists_are_counted() -> None:
    decisions = [voted(str(n), "xyz", classes=2) for n in range(5)]
    assert "value" in consensus_report("t", "g", decisions).agreement["gwet_ac1"]
