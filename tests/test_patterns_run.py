"""Patterns end to end, where something goes wrong or they stand inside something else."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors
from support.gates import Gate
from support.pattern_projects import VOTE, PatternProject
from support.victims import wait_until

YES = """'{"vote": true, "reason": "yes"}'"""
NO = {"vote": False, "reason": "no"}
APPROVE = """'{"verdict": "approve"}'"""
REJECT = {"verdict": "reject", "reason": "not like this", "findings": ["a finding"]}

CONSENSUS = f"""\
outputs: {{said: "${{{{ tasks.after.output }}}}"}}
tasks:
  t:
    run: [./do.sh, {YES}]
    output: {{as: json, schema: {VOTE}}}
    pattern: {{consensus: {{n: 5, vote: vote}}}}
  after: {{run: [./other.sh, "${{{{ tasks.t.output.decision }}}}"]}}
"""

REVIEW = f"""\
tasks:
  t:
    run: [./do.sh, draft]
    pattern:
      peer_review:
        reviewers:
          - {{run: [./other.sh, {APPROVE}], name: one}}
          - {{run: [./third.sh, {APPROVE}], name: two}}
        min_reviewers: 2
  after: {{run: [./other.sh, "${{{{ tasks.t.output.output }}}}"]}}
"""


@pytest.fixture
def project(tmp_path: Path) -> PatternProject:
    return PatternProject(tmp_path / "project")


# ---- one that fails does not lose the others' work


def test_a_failing_voter_is_an_abstention(project: PatternProject) -> None:
    project.fails("t.2")
    report = project.run(CONSENSUS)
    assert report.state == "ok"
    assert report.outputs == {"said": "true"}
    decided = project.output("t")
    assert (decided["decision"], decided["counts"], decided["saved_calls"]) == (True, {"true": 3}, 1)
    assert decided["abstained"] == [{"who": "2", "reason": "exit status 3; stderr ends: it was told to"}]
    assert project.ran() == ["after", "t.1", "t.2", "t.3", "t.4"]
    assert "## Without a vote" in project.report_of("t.verdict")


def test_after_a_retry_only_those_vote_again_who_failed(project: PatternProject) -> None:
    for number in (1, 3, 4):
        project.fails(f"t.{number}")
    assert project.run(CONSENSUS).state == "failed"
    states = project.states()
    assert (states["t"], states["t.verdict"], states["after"]) == ("failed", "failed", "blocked")
    assert project.node("t").reason == "no decision: at most 2 valid votes of 5, and 3 were needed"
    before = set(project.ran())
    voted = {name for name in before if states[name] == "ok"}
    for number in (1, 3, 4):
        project.mends(f"t.{number}")
    assert project.resume().state == "ok"
    assert not voted & set(project.ran()), "a vote was paid twice"
    assert project.output("t")["decision"] is True


FANOUT = """\
tasks:
  t:
    run: [./do.sh, x]
    pattern: {fanout: {n: 3}}
"""


def test_a_failing_copy_of_a_fanout_leaves_the_others(project: PatternProject) -> None:
    project.fails("t.2")
    assert project.run(FANOUT).state == "ok"
    assert [(one["status"], one["output"]) for one in project.output("t")] == [
        ("ok", "x"), ("failed", None), ("ok", "x"),
    ]  # fmt: skip


def test_a_fanout_of_which_none_ended_ok_fails_and_a_retry_mends_it(project: PatternProject) -> None:
    for number in (1, 2, 3):
        project.fails(f"t.{number}")
    assert project.run(FANOUT).state == "failed"
    assert project.node("t").reason == "none of 3 ended ok: exit status 3; stderr ends: it was told to"
    project.mends("t.2")
    project.ran()
    assert project.resume().state == "ok"
    assert project.ran() == ["t.1", "t.2", "t.3"]


TEAM = """\
tasks:
  t:
    pattern:
      team:
        members:
          - {run: [./do.sh, a], purpose: to look}
          - {run: [./other.sh, b], purpose: to see}
        join: {synthesise: {run: [./third.sh, both]}}
"""


def test_a_synthesis_that_fails_is_tried_again_without_the_members(project: PatternProject) -> None:
    project.fails("t.synthesis")
    assert project.run(TEAM).state == "failed"
    assert project.ran() == ["t.1", "t.2", "t.synthesis"]
    project.mends("t.synthesis")
    assert project.resume().state == "ok"
    assert project.ran() == ["t.synthesis"]
    assert project.output("t") == "both"
    assert project.told("t.synthesis")["candidates"]["1"]["output"] == "a"


def test_a_member_that_fails_is_told_to_the_synthesis(project: PatternProject) -> None:
    project.fails("t.1")
    assert project.run(TEAM).state == "ok"
    told = project.told("t.synthesis")["candidates"]
    assert (told["1"]["status"], told["2"]["output"]) == ("failed", "b")


def test_a_reviewer_that_fails_blocks_the_verdict_and_nothing_is_invented(project: PatternProject) -> None:
    project.fails("t.review-2")
    assert project.run(REVIEW).state == "failed"
    states = project.states()
    assert (states["t.verdict"], states["t"], states["after"]) == ("blocked", "blocked", "blocked")
    assert project.node("t").reason == "1 review came in, and 2 had to"
    assert project.ran() == ["t.author", "t.review-1", "t.review-2"]
    project.mends("t.review-2")
    assert project.resume().state == "ok"
    assert project.ran() == ["after", "t.review-2"], "the draft and the other review stand"
    assert project.output("after") == "draft"


def test_a_reviewer_that_says_no_review_counts_as_missing(project: PatternProject) -> None:
    project.says("t.review-2", "not JSON")
    assert project.run(REVIEW).state == "failed"
    assert project.node("t").reason == "1 review came in, and 2 had to"


CASCADE = """\
tasks:
  t:
    pattern:
      cascade:
        steps:
          - {run: [./do.sh, cheap], name: cheap}
          - {run: [./other.sh, dear], name: dear}
        check: {run: [./check.sh, fine]}
"""


def test_a_step_that_fails_is_no_end(project: PatternProject) -> None:
    project.fails("t.step-1")
    assert project.run(CASCADE).state == "ok"
    assert project.output("t") == "dear"
    assert project.states()["t.check-1"] == "blocked"


def test_a_cascade_that_did_not_pass_is_tried_again(project: PatternProject) -> None:
    for number in (1, 2):
        project.fails(f"t.check-{number}")
    assert project.run(CASCADE).state == "failed"
    assert project.node("t").reason.startswith("no check passed in 2 tries")
    # The checks were made, and said no: what was made and looked at stands.
    assert project.states()["t.check-1"] == "ok"
    project.ran()
    assert project.resume().state == "failed"
    assert project.ran() == []


REFINE = """\
tasks:
  t:
    run: [./do.sh, draft]
    pattern: {refine: {check: {run: [./check.sh, fine]}, rounds: 1}}
"""


def test_a_draft_is_revised_with_what_the_check_found(project: PatternProject) -> None:
    project.fails("t.check")
    assert project.run(REFINE).state == "ok"
    assert project.ran() == ["t.check", "t.check#2", "t.draft", "t.draft#2"]
    told = project.told("t.draft#2")
    assert told["draft"] == "draft"
    assert "it was told to" in told["findings"]


def test_a_failing_shadow_is_a_comparison_and_no_failure(project: PatternProject) -> None:
    project.fails("t.shadow-1")
    graph = "tasks: {t: {run: [./do.sh, x], pattern: {shadow: {shadows: [{run: [./other.sh, y]}]}}}}"
    assert project.run(graph).state == "ok"
    states = project.states()
    assert (states["t"], states["t.shadow-1"], states["t.compare"]) == ("ok", "failed", "ok")
    assert project.output("t") == "x"


def judge(orders: str = "both") -> str:
    return f"""\
tasks:
  t:
    pattern:
      judge:
        candidates: [{{run: [./do.sh, a], name: a}}, {{run: [./other.sh, b], name: b}}]
        judge: {{run: [./judge.sh, '{{"preferred": "A"}}']}}
        orders: {orders}
"""


def test_a_judge_whom_the_order_sways_makes_a_tie(project: PatternProject) -> None:
    assert project.run(judge()).state == "ok"
    assert project.output("t")["tie"] is True
    project.says("t.judge-2", {"preferred": "B", "reason": "better"})
    assert project.run().state == "ok"
    assert project.output("t")["preferred"] == "a"
    assert project.output("t")["output"] == "a"


def test_a_judge_who_fails_is_asked_again_and_the_candidates_stand(project: PatternProject) -> None:
    project.fails("t.judge-2")
    assert project.run(judge()).state == "failed"
    project.ran()
    project.says("t.judge-2", {"preferred": "B"})
    assert project.resume().state == "ok"
    assert project.ran() == ["t.judge-2"]


def test_one_candidate_needs_no_judge(project: PatternProject) -> None:
    project.fails("t.1")
    assert project.run(judge()).state == "ok"
    assert project.output("t")["preferred"] == "b"
    assert project.ran() == ["t.1", "t.2"]
    assert project.states()["t.judge-1"] == "skipped"


# ---- settings of votes


def consensus(settings: str) -> str:
    return CONSENSUS.replace("n: 5, vote: vote", f"n: 5, vote: vote, {settings}")


def test_a_tie_goes_to_whoever_breaks_it(project: PatternProject) -> None:
    settings = "rule: unanimous, on_tie: {escalate: {run: [./judge.sh, '{\"vote\": false}']}}"
    project.says("t.1", NO)
    report = project.run(consensus(settings))
    assert report.state == "ok"
    decided = project.output("t")
    assert (decided["decision"], decided["decided_by"]) == (False, "tie")
    assert set(project.told("t.tie")["votes"]) == {"1", "2", "3", "4", "5"}


def test_an_audited_vote_is_taken_in_full(project: PatternProject) -> None:
    assert project.run(consensus("audit: 1.0")).state == "ok"
    assert project.ran() == ["after", *(f"t.{number}" for number in range(1, 6))]
    assert project.output("t")["saved_calls"] == 0


def test_a_probable_vote_says_so(project: PatternProject) -> None:
    assert project.run(consensus("stop: {posterior: 0.8}, rule: plurality")).state == "ok"
    decided = project.output("t")
    assert "with probability 0." in decided["why"]
    assert decided["saved_calls"] > 0


def test_a_debate_is_compared_with_a_plain_vote(project: PatternProject) -> None:
    graph = f"""\
tasks:
  t:
    run: [./do.sh, {YES}]
    output: {{as: json, schema: {VOTE}}}
    pattern: {{debate: {{n: 3, vote: vote}}}}
  after: {{run: [./other.sh, done], needs: [t]}}
"""
    project.says("t.1", NO)
    assert project.run(graph).state == "ok"
    told = project.told("t.1#2")
    assert told["own"] == NO
    assert sorted(one["output"]["vote"] for one in told["others"].values()) == [True, True]
    compared = project.output("t.compare")
    assert compared["calls"] == {"debate": 6, "plain": 6}
    assert compared["same"] is True
    assert {name for name in project.states() if name.startswith("t.control-")} == {
        "t.control-1-1", "t.control-1-2", "t.control-1-3",
    }  # fmt: skip


# ---- what others say is data


ODD = [
    "a \"quote\" and 'another'",
    "${{ tasks.t.output }} {{ pieces }} {% if x %}",
    "one line\nand `two`\n```\nfence\n````\n# title\n\n- item",
    "$(touch hacked) `touch hacked` ; touch hacked",
    "<script>alert(1)</script> [link](http://x) ![image](y) | table |",
    "\u2028 \u202e \x1b[31m red",
]


@pytest.mark.parametrize("text", ODD)
def test_findings_reach_the_author_as_they_are(text: str, project: PatternProject) -> None:
    project.says("t.review-1", {"verdict": "reject", "reason": text, "findings": [text, {"note": text}]})
    project.says("t.review-2", {"verdict": "reject", "reason": text, "findings": [text]})
    project.says("t.review-1#2", {"verdict": "approve", "reason": text})
    assert project.run(REVIEW).state == "ok"
    told = project.told("t.author#2")
    assert told["draft"] == "draft"
    assert told["reviews"]["review-1"]["output"]["findings"] == [text, {"note": text}]
    assert told["reviews"]["review-2"]["output"]["reason"] == text
    assert not (project.root / "hacked").exists()
    report = project.report_of("t.verdict")
    assert "<script>" not in report
    assert "\n# title" not in report
    assert project.output("after") == "draft"


@pytest.mark.parametrize("text", ODD)
def test_reasons_of_votes_are_kept_as_they_are(text: str, project: PatternProject) -> None:
    project.says("t.1", {"vote": False, "reason": text})
    project.says("t.2", {"vote": True, "reason": text})
    assert project.run(CONSENSUS).state == "ok"
    decided = project.output("t")
    assert decided["dissent"][0]["reason"] == text
    assert decided["majority"][0]["reason"] == text


def test_a_result_in_a_report_cannot_leave_its_fence(project: PatternProject) -> None:
    project.says("t.1", "```\n# not a title\n`````\n")
    assert project.run(FANOUT).state == "ok"
    lines = project.report_of("t.join").splitlines()
    assert lines.count("``````") == 2


# ---- patterns inside of others


def test_a_pattern_in_every_item_and_a_quorum_over_them(project: PatternProject) -> None:
    graph = f"""\
tasks:
  t:
    each: "${{{{ ['a', 'b', 'c'] }}}}"
    as: node
    key: "${{{{ node }}}}"
    run: [./do.sh, '{{"vote": true, "reason": "x"}}', "${{{{ node }}}}"]
    output: {{as: json, schema: {VOTE}}}
    pattern: {{consensus: {{n: 3, vote: vote}}}}
  after: {{run: [./other.sh, enough], needs: {{t: {{ok: 2/3}}}}}}
"""
    project.fails("t[b].1")
    project.fails("t[b].2")
    assert project.run(graph).state == "ok"
    states = project.states()
    assert states["after"] == "ok"
    assert states["t[b]"] in ("failed", "skipped")
    assert states["t[a]"] == states["t[c]"] == "ok"


def test_the_name_of_an_item_may_not_hide_the_pieces(project: PatternProject) -> None:
    each = "each: '${{ [1] }}', as: pieces, run: [./do.sh, x]"
    with pytest.raises(InputErrors) as told:
        project.run(f"tasks: {{t: {{{each}, pattern: {{fanout: {{n: 2}}}}}}}}")
    assert "`pieces` already has a meaning" in told.value.errors[0].message
    assert project.run(f"tasks: {{t: {{{each}}}}}").state == "ok"


def test_a_pattern_in_every_cell(project: PatternProject) -> None:
    graph = """\
tasks:
  t:
    matrix: {x: [1, 2]}
    run: [./do.sh, "${{ matrix.x }}"]
    pattern: {fanout: {n: 2}}
"""
    project.fails("t[x=1].1")
    assert project.run(graph).state == "ok"
    assert [one["output"] for one in project.output("t[x=1]")] == [None, "1"]
    assert [one["output"] for one in project.output("t[x=2]")] == ["2", "2"]


def test_rounds_of_a_pattern_see_what_the_last_one_decided(project: PatternProject) -> None:
    graph = f"""\
tasks:
  t:
    repeat: {{until: "${{{{ repeat.last.output.decision }}}}", max: 3}}
    run: [./do.sh, '{{"vote": true}}', "${{{{ repeat.last.output }}}}"]
    output: {{as: json, schema: {VOTE}}}
    pattern: {{consensus: {{n: 3, vote: vote}}}}
"""
    for number in (1, 2):
        project.says(f"t#1.{number}", NO)
    assert project.run(graph).state == "ok"
    assert project.states()["t#2"] == "ok"
    assert project.ran() == ["t#1.1", "t#1.2", "t#2.1", "t#2.2"]
    assert project.output("t#2")["decision"] is True


def test_a_pattern_in_a_graph_of_its_own(project: PatternProject) -> None:
    project.write(CONSENSUS, "inner")
    graph = 'tasks: {g: {graph: inner.yaml}, end: {run: [./third.sh, "${{ tasks.g.output.said }}"]}}'
    project.says("g/t.1", NO)
    assert project.run(graph).state == "ok"
    assert project.output("end") == "true"
    assert project.states()["g/t.verdict"] == "ok"


def test_graphs_as_voters(project: PatternProject) -> None:
    project.write(
        f"""\
outputs: {{vote: "${{{{ tasks.v.output.vote }}}}"}}
tasks: {{v: {{run: [./do.sh, {YES}], output: {{as: json, schema: {VOTE}}}}}}}
""",
        "inner",
    )
    graph = "tasks: {t: {graph: inner.yaml, pattern: {consensus: {n: 3, vote: vote}}}}"
    assert project.run(graph).state == "ok"
    assert project.ran() == ["t.1/v", "t.2/v"]
    assert project.output("t")["counts"] == {"true": 2}


NESTED = f"""\
tasks:
  t:
    run: [./do.sh, {YES}]
    output: {{as: json, schema: {VOTE}}}
    pattern:
      peer_review:
        of: {{consensus: {{n: 3, vote: vote}}}}
        reviewers: [{{run: [./other.sh, {APPROVE}]}}]
"""


def test_a_review_of_a_vote_and_what_it_finds_reaches_every_voter(project: PatternProject) -> None:
    project.says("t.review-1", REJECT)
    assert project.run(NESTED).state == "ok"
    assert project.told("t.review-1")["draft"]["decision"] is True
    told = project.told("t.author#2.1")
    assert told["draft"]["decision"] is True
    assert told["reviews"]["review-1"]["output"]["findings"] == ["a finding"]
    assert project.output("t")["output"]["decision"] is True


def test_a_refined_draft_under_review_hands_each_what_belongs_to_it(project: PatternProject) -> None:
    graph = f"""\
tasks:
  t:
    run: [./do.sh, draft]
    pattern:
      peer_review:
        of: {{refine: {{check: {{run: [./check.sh, fine]}}}}}}
        reviewers: [{{run: [./other.sh, {APPROVE}]}}]
"""
    project.says("t.author.draft", "first")
    project.says("t.author#2.draft", "third")
    project.says("t.author#2.draft#2", "fourth")
    project.fails("t.author#2.check")
    project.says("t.review-1", REJECT)
    assert project.run(graph).state == "ok"
    assert "draft" not in project.told("t.author.draft")
    assert project.told("t.author#2.draft")["draft"] == "first", "what was rejected"
    told = project.told("t.author#2.draft#2")
    assert told["draft"] == "third", "what did not pass the check"
    assert told["reviews"]["review-1"]["output"]["reason"] == "not like this"
    assert project.output("t")["output"] == "fourth"


def test_a_pattern_whose_condition_is_false_runs_nothing(project: PatternProject) -> None:
    graph = REVIEW.replace("  t:\n", "  t:\n    if: ${{ false }}\n")
    assert project.run(graph).state == "ok"
    assert project.states() == {"t": "skipped", "after": "skipped"}
    assert project.ran() == []


def test_a_question_sends_a_whole_pattern_back(project: PatternProject) -> None:
    graph = CONSENSUS.replace("  after:", "  ask: {needs: [t], approve: Fine?, rewind_to: t}\n  after:")
    graph = graph.replace("tasks.t.output.decision }}", "tasks.t.output.decision }}").replace(
        "after: {run", "after: {needs: [ask], run"
    )
    assert project.run(graph).state == "paused"
    assert project.ran() == ["t.1", "t.2", "t.3"]
    answer(project, "no")
    assert project.resume().state == "paused"
    assert project.ran() == ["t.1", "t.2", "t.3"], "all of it anew, once"
    answer(project, "yes")
    assert project.resume().state == "ok"
    assert project.ran() == ["after"]


def answer(project: PatternProject, word: str) -> None:
    from metaensemble.engine.ledger import Ledger, Record

    report = project.status()
    asked = next(node for node in report.nodes if node.state == "waiting")
    payload: dict[str, Any] = {"generation": asked.generation, "by": "ana", "answer": word}
    if word == "yes":
        payload["output"] = True
    with Ledger.open(project.root / ".metaensemble" / "state") as ledger:
        ledger.append([Record("principal.answered", asked.id, report.dag_run_id, payload)])


def test_a_cancel_in_the_middle_of_a_vote(project: PatternProject) -> None:
    gates = [Gate(project.root / "gate" / f"t.{number}") for number in (2, 3)]
    project.write(CONSENSUS)
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(project.run()))
    thread.start()
    running = project.root / "log"
    wait_until(
        lambda: running.exists() and {"t.2", "t.3"} <= set(running.read_text().split()), "two voters run"
    )
    wait_until(lambda: project.states().get("t.1") == "ok", "the first vote is in")
    dag_run = project.status().dag_run_id
    api.cancel(dag_run, cwd=project.root)
    thread.join()
    for gate in gates:
        gate.open()
    assert found[0].state == "cancelled"
    nodes = {node.id: node for node in project.status().nodes}
    assert nodes["t.1"].state == "ok"
    for number in (2, 3):
        assert nodes[f"t.{number}"].state == "cancelled"
        assert nodes[f"t.{number}"].attempts[0].ended_ms is not None, "what was spent is booked"
    assert {nodes[name].state for name in ("t.4", "t.5", "t.verdict", "t", "after")} == {"cancelled"}
    assert all(node.reason for node in nodes.values())
    project.ran()
    assert api.resume(dag_run, cwd=project.root).state == "ok"
    assert "t.1" not in project.ran()


def test_votes_that_run_when_it_is_decided_are_stopped_and_booked(project: PatternProject) -> None:
    gates = [Gate(project.root / "gate" / f"t.{number}") for number in (4, 5)]
    assert project.run(consensus("waves: [5]"), concurrency=5).state == "ok"
    for gate in gates:
        gate.open()
    for number in (4, 5):
        node = project.node(f"t.{number}")
        assert node.state == "skipped"
        if node.attempts:
            assert node.reason == "decided 3:0 of 5"
            assert node.attempts[0].outcome == "cancelled"
    decided = project.output("t")
    assert decided["stopped_early"] is True
    assert decided["abstained"] == []


# ---- earlier results


def reading(text: str) -> str:
    """The graph, whose tasks now say that they read nothing."""
    return text.replace("  t:\n", "  t:\n    reads: []\n")


def test_no_sample_is_taken_for_another_and_all_are_taken_again(project: PatternProject) -> None:
    text = reading(consensus("stop: off"))
    assert project.run(text).state == "ok"
    first = project.output("t")
    assert project.ran() == ["after", *(f"t.{number}" for number in range(1, 6))], "five samples, five calls"
    assert project.run().state == "ok"
    assert project.ran() == ["after"], "each has its own result"
    assert project.output("t") == first


def test_a_wider_panel_asks_only_the_new_ones(project: PatternProject) -> None:
    text = reading(CONSENSUS.replace("n: 5", "n: 3, stop: off"))
    project.run(text)
    project.ran()
    project.run(text.replace("n: 3", "n: 5"))
    assert project.ran() == ["after", "t.4", "t.5"]


def test_samples_of_nested_patterns_are_their_own(project: PatternProject) -> None:
    text = """\
tasks:
  t:
    reads: []
    run: [./do.sh, x]
    pattern: {fanout: {n: 2, of: {fanout: {briefs: [same, same]}}}}
"""
    assert project.run(text).state == "ok"
    assert project.ran() == ["t.1.1", "t.1.2", "t.2.1", "t.2.2"]
    project.says("t.1.1", "y")
    project.run(text, force=True)
    project.ran()
    assert project.run(text).state == "ok"
    assert project.ran() == []
    assert [[one["output"] for one in member["output"]] for member in project.output("t")] == [
        ["y", "x"], ["x", "x"],
    ]  # fmt: skip


def test_samples_of_graphs_are_their_own(project: PatternProject) -> None:
    inner = f"""\
outputs: {{vote: "${{{{ tasks.v.output.vote }}}}"}}
tasks: {{v: {{reads: [], run: [./do.sh, {YES}], output: {{as: json, schema: {VOTE}}}}}}}
"""
    project.write(inner, "inner")
    text = "tasks: {t: {graph: inner.yaml, pattern: {consensus: {n: 3, vote: vote, stop: off}}}}"
    assert project.run(text).state == "ok"
    project.says("t.2/v", NO)
    assert project.run(text, force=True).state == "ok"
    project.ran()
    assert project.run(text).state == "ok"
    assert project.ran() == []
    assert project.output("t")["counts"] == {"true": 2, "false": 1}


def test_force_and_refresh_ask_everybody_anew(project: PatternProject) -> None:
    text = reading(consensus("stop: off"))
    project.run(text)
    project.ran()
    project.run(text, force=True)
    assert len(project.ran()) == 6
    project.run(text.replace("    reads: []", "    reads: []\n    cache: refresh"))
    assert len(project.ran()) == 6


def test_the_plan_afterwards_says_what_would_be_taken(project: PatternProject) -> None:
    text = reading(consensus("stop: off"))
    project.run(text)
    before = project.ran()
    plan = api.plan(project.graph, cwd=project.root)
    taken = {node.id for node in plan.nodes if node.action == "reuse"}
    assert {f"t.{number}" for number in range(1, 6)} <= taken
    assert project.ran() == []
    assert len(before) == 6


def test_a_review_is_not_taken_for_another_draft(project: PatternProject) -> None:
    text = REVIEW.replace("    run:", "    reads: []\n    run:")
    project.run(text)
    project.ran()
    project.run(text.replace("draft]", "other]"))
    assert project.ran() == ["after", "t.author", "t.review-1", "t.review-2"]
    project.run(text)
    assert project.ran() == ["after"]


# ---- what cannot be leaves nothing behind


WRONG = [
    "fanout: {n: 1}",
    "fanout: {}",
    "fanout: {n: 2, join: nothing}",
    "consensus: {n: 1, vote: vote}",
    "consensus: {n: 3, vote: nothing}",
    "consensus: {n: 3}",
    "consensus: {n: 3, vote: vote, rule: {quorum: 9}}",
    "consensus: {n: 3, vote: vote, min_votes: 7}",
    "consensus: {n: 3, vote: vote, waves: [9]}",
    "consensus: {n: 3, vote: vote, stop: {posterior: 2}}",
    "consensus: {n: 3, vote: vote, audit: 3}",
    "shadow: {shadows: []}",
    "shadow: {shadows: [{name: same}]}",
    "shadow: {shadows: [{run: other}], margin: 2}",
    "peer_review: {reviewers: []}",
    "peer_review: {reviewers: [{name: me}]}",
    "peer_review: {reviewers: [{run: other}], min_reviewers: 2}",
    "peer_review: {reviewers: [{run: other}], rounds: -1}",
    "team: {members: [{run: other}]}",
    "team: {members: [{run: a, share: 0.7}, {run: b, share: 0.7}]}",
    "cascade: {steps: [{run: a}, {run: b}]}",
    "cascade: {steps: [{run: a}], check: {run: c}}",
    "judge: {n: 2, judge: {run: [./do.sh, other]}}",
    "judge: {n: 2}",
    "refine: {rounds: 2}",
    "refine: {check: {name: me}}",
    "debate: {n: 3, vote: vote, rounds: 1}",
    "nonsense: {}",
    "fanout: {n: 2, of: {nonsense: {}}}",
    "fanout: {n: '${{ tasks.first.output }}'}",
    "solo: " + "{of: {solo: " * 9 + "{}" + "}}" * 9,
]


@pytest.mark.parametrize("pattern", WRONG)
def test_a_wrong_use_is_told_and_nothing_is_written(pattern: str, project: PatternProject) -> None:
    project.write(
        f"""\
tasks:
  first: {{run: [./do.sh, x]}}
  t:
    needs: [first]
    run: [./do.sh, {YES}]
    output: {{as: json, schema: {VOTE}}}
    pattern: {{{pattern}}}
"""
    )
    before = set(project.root.rglob("*"))
    with pytest.raises(InputErrors) as told:
        project.run()
    for error in told.value.errors:
        assert error.span is not None
        assert error.span.line > 4
    with pytest.raises(InputErrors):
        api.plan(project.graph, cwd=project.root)
    assert set(project.root.rglob("*")) == before
