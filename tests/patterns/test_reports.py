"""Reports are Markdown that what they tell of cannot break."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.patterns.reports import review_report, shortened, vote_report


def vote(**changes: Any) -> dict[str, Any]:
    agreement = {"share": None, "entropy": None, "families": 1, "one_family": True}
    return {
        "decision": "yes",
        "decided_by": "votes",
        "why": "decided 2:0 of 3",
        "stopped_early": True,
        "saved_calls": 1,
        "majority": [],
        "dissent": [],
        "abstained": [],
        "agreement": agreement,
        **changes,
    }


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "It was stopped as soon as it was decided, which saved 1 call."),
        ({"saved_calls": 2}, "It was stopped as soon as it was decided, which saved 2 calls."),
        ({"saved_calls": 0}, "It was stopped as soon as it was decided."),
        (
            {"decision": None, "why": "no majority"},
            "It was stopped as soon as no decision could be reached any more, which saved 1 call.",
        ),
    ],
)
def test_a_vote_that_was_stopped_says_why_and_what_that_saved(changes: dict[str, Any], said: str) -> None:
    assert said in vote_report("a", vote(**changes)).splitlines()


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("ann", "`ann`"),
        ("a\nb", "`a b`"),
        ("a`b", "`` a`b ``"),
        ("``", "``` `` ```"),
        ("a *b* <c>", "`a *b* <c>`"),
    ],
)
def test_no_name_ends_its_code_span(name: str, span: str) -> None:
    found = vote_report("a", vote(abstained=[{"who": name, "reason": "away"}]))
    assert f"- {span}: away" in found.splitlines()


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        ("no greeting", "no greeting"),
        ({"line": 3, "text": "too long"}, "too long"),
        ({"message": "too long", "reason": "other"}, "too long"),
        ({"reason": "too long"}, "too long"),
        ({"text": "", "line": 3}, '{"text": "", "line": 3}'),
        ({"text": 3}, '{"text": 3}'),
        ([{"text": "one"}, {"text": "two"}], "one; two"),
        ([], "[]"),
    ],
)
def test_of_an_object_stands_there_what_it_says(finding: Any, line: str) -> None:
    assert shortened(finding) == line


def test_a_finding_that_is_an_object_is_told_in_words() -> None:
    review = {"round": 1, "who": "a", "verdict": "reject", "reason": "", "findings": [{"text": "no end"}]}
    assert "- no end" in review_report("a", {"approved": False, "rounds": 1, "reviews": [review]})
