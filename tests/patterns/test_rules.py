"""What the settle rules say in corners that a vote or a retry leads into."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.engine.coordinator.recover import reopenable
from metaensemble.engine.scheduler.events import CancelRequested, NodesReopened
from support.pattern_play import PatternPlayer, command, expanded_graph, joined, member, with_pattern
from support.play import FAIL, OK

YES, NO = {"vote": True}, {"vote": False}


def opened(name: str, slots: int = 9, **given: Any) -> PatternPlayer:
    player = PatternPlayer(expanded_graph(with_pattern(command("t"), name, **given)), slots)
    player.open()
    return player


def again(player: PatternPlayer) -> None:
    player.feed(NodesReopened(nodes=tuple(reopenable(player.scheduler))))


def test_a_tie_is_broken_only_once_as_many_votes_as_are_needed_are_in() -> None:
    breaker = {"escalate": member("chief")}
    player = opened("consensus", n=5, vote="vote", rule="unanimous", on_tie=breaker)
    player.finish("t.1", output=YES)
    player.finish("t.2", output=NO)
    assert player.state("t.tie") == "held", "too few votes are no tie, and so much is not known yet"
    assert player.state("t.3") == "running"
    player.finish("t.3", output=YES)
    assert player.state("t.tie") == "running"
    assert player.state("t.4") == "skipped"
    player.finish("t.tie", output=NO)
    assert joined(player, "t.verdict")[0]["decision"] is False


def test_too_few_votes_are_nothing_to_break() -> None:
    player = opened("consensus", n=3, vote="vote", rule="unanimous", on_tie={"escalate": member("chief")})
    player.finish("t.1", output=YES)
    player.finish("t.2", FAIL)
    player.finish("t.3", FAIL)
    assert player.state("t.tie") == "skipped"
    assert joined(player, "t.verdict") == (None, "no decision: only 1 valid vote of 3, and 2 were needed")


@pytest.mark.parametrize("waves", [[5], None])
def test_who_is_being_stopped_has_not_abstained(waves: list[int] | None) -> None:
    player = opened("consensus", n=5, vote="vote", waves=waves)
    for number in (1, 2, 3):
        player.finish(f"t.{number}", output=YES)
    result, _ = joined(player, "t.verdict")
    assert result["abstained"] == []
    assert result["stopped_early"] is True
    assert result["saved_calls"] == (0 if waves else 2)


def test_copies_that_are_being_stopped_are_told_as_not_needed() -> None:
    player = opened("fanout", n=2, join="first_ok")
    player.finish("t.1", output=YES)
    assert player.state("t.2") == "running"
    assert joined(player, "t.join")[0] == YES


def test_a_check_that_is_made_anew_looks_at_the_draft_that_stands() -> None:
    player = opened("refine", check=member("look"))
    player.finish("t.draft", output=YES)
    player.finish("t.check", output={"passed": False})
    player.finish("t.draft#2", output=YES)
    player.feed(CancelRequested(by="ana"))
    player.finish("t.check#2", ("cancelled", None), why="cancel")
    assert player.scheduler.is_done
    again(player)
    assert list(player.running) == ["t.check#2"]
    player.finish("t.check#2", output={"passed": True})
    assert list(player.running) == ["t.result"]
    assert player.state("t.draft#3") == "skipped"


def test_a_review_that_is_made_anew_looks_at_the_draft_that_stands() -> None:
    player = opened("peer_review", reviewers=[member("one")], rounds=1)
    player.finish("t.author", output=YES)
    player.finish("t.review-1", output={"verdict": "reject"})
    player.finish("t.author#2", output=YES)
    player.finish("t.review-1#2", FAIL)
    assert player.state("t") == "blocked"
    again(player)
    assert list(player.running) == ["t.review-1#2"]
    player.finish("t.review-1#2", output={"verdict": "approve"})
    player.finish("t.verdict", OK)
    assert player.state("t") == "ok"
