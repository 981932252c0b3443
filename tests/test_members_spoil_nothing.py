"""What one member puts out never costs the others their work: joins, reports, and comparisons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.report import Report

VOTE = {"type": "object", "required": ["v"]}


def say(value: Any) -> list[str]:
    return ["printf", "%s", json.dumps(value)]


def ran(folder: Path, tasks: dict[str, Any]) -> Report:
    (folder / ".metaensemble").mkdir(exist_ok=True)
    path = folder / "graph.yaml"
    path.write_text(json.dumps({"version": 1, "name": "spoil", "tasks": tasks}))
    report = api.run(path, cwd=folder)
    return api.status(report.dag_run_id, outputs=True, cwd=folder)


def output_of(report: Report, node: str) -> Any:
    return next(one.output for one in report.nodes if one.id == node)


def consensus(*members: dict[str, Any], **more: Any) -> dict[str, Any]:
    pattern = {"consensus": {"vote": "v", "stop": "off", "members": list(members), **more}}
    return {"output": {"schema": VOTE}, "pattern": pattern}


def nested(levels: int) -> list[str]:
    code = f"print('{{\"v\":2,\"reason\":'+'['*{levels}+']'*{levels}+'}}')"
    return ["python3", "-c", code]


@pytest.mark.parametrize(
    "odd", [nested(490), ["python3", "-c", 'print(\'{"v":2,"reason":"\'+"x"*8388000+\'"}\')']]
)
def test_a_reason_that_is_too_much_costs_no_decision(tmp_path: Path, odd: list[str]) -> None:
    task = consensus({"run": say({"v": 1})}, {"run": say({"v": 1}), "name": "b"}, {"run": odd, "name": "odd"})
    found = output_of(ran(tmp_path, {"t": task}), "t")

    assert found["decision"] == 1
    assert [one["who"] for one in found["dissent"]] == ["odd"]


def test_two_large_outputs_still_come_to_a_synthesis(tmp_path: Path) -> None:
    large = ["python3", "-c", "print('x' * 5_000_000)"]
    members = [{"run": large, "name": "a"}, {"run": large, "name": "b"}]
    team = {"team": {"members": members, "join": {"synthesise": {"run": "cat > /dev/null; echo both"}}}}

    assert output_of(ran(tmp_path, {"t": {"pattern": team}}), "t") == "both"


def test_an_output_without_the_field_is_not_the_best(tmp_path: Path) -> None:
    members = [{"run": say(one)} for one in ({"score": 1}, {"score": 2}, {"error": 2})]
    team = {"team": {"members": members, "join": {"best": "output.score"}}}
    report = ran(tmp_path, {"t": {"output": {"as": "json"}, "pattern": team}})

    assert output_of(report, "t") == {"score": 2}


def test_an_output_that_the_criterion_cannot_read_has_not_passed(tmp_path: Path) -> None:
    shadow = {"shadow": {"shadows": [{"run": say({}), "name": "junk"}], "compare": "output.score > 5"}}
    task = {"run": say({"score": 9}), "output": {"as": "json"}, "pattern": shadow}
    found = output_of(ran(tmp_path, {"t": task}), "t.compare")

    assert found["primary"]["passed"] is True
    assert [one["passed"] for one in found["shadows"]] == [False]
    (told,) = api.shadow_reports(cwd=tmp_path)
    assert (told.tasks, told.left_out) == (1, 0)


def test_true_and_the_text_true_are_counted_apart(tmp_path: Path) -> None:
    votes = [True, "true", "true", True, True]
    task = consensus(*({"run": say({"v": vote}), "name": f"m{i}"} for i, vote in enumerate(votes)))
    found = output_of(ran(tmp_path, {"t": task}), "t")

    assert found["counts"] == {"true": 3, '"true"': 2}
    assert found["margin"] == 1


def test_nothing_that_members_say_is_markup(tmp_path: Path) -> None:
    reviewers = [
        {"name": "a`b", "run": say({"verdict": "approve", "reason": "~~~"})},
        {"name": "r2", "run": say({"verdict": "approve", "reason": "---"})},
    ]
    members = [{"name": "x", "run": ["printf", "%s", "x\n ```\n# INJECTED\r```\n"]}, {"run": "echo y"}]
    report = ran(
        tmp_path,
        {
            "pr": {"run": "echo x", "pattern": {"peer_review": {"reviewers": reviewers}}},
            "col": {"pattern": {"team": {"members": members}}},
        },
    )
    folder = tmp_path / ".metaensemble" / "reports" / report.dag_run_id
    review = (folder / "pr.verdict.md").read_text().splitlines()
    collected = (folder / "col.join.md").read_text().splitlines()

    assert r"\~\~\~" in review
    assert r"\---" in review
    fence = next(line for line in collected if set(line) == {"`"})
    assert len(fence) == 4
    assert collected.count(fence) == 2
    assert collected.index(fence) < collected.index("# INJECTED")


def test_a_report_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / ".metaensemble" / "reports").write_text("in the way")
    task = consensus({"run": say({"v": 1})}, {"run": say({"v": 1}), "name": "b"})
    report = ran(tmp_path, {"t": task})
    verdict = next(one for one in report.nodes if one.id == "t.verdict")

    assert verdict.state == "failed"
    assert verdict.reason.startswith("its report cannot be written into")


def test_a_slip_in_the_reviewers_does_not_switch_the_review_off(tmp_path: Path) -> None:
    patterns = tmp_path / ".metaensemble" / "patterns"
    patterns.mkdir(parents=True)
    (patterns / "peer_review.yaml").write_text('peer_review: {reviewrs: [{run: "echo no"}]}\n')
    path = tmp_path / "graph.yaml"
    path.write_text('tasks: {act: {run: "touch done", effects: external}}\n')

    with pytest.raises(InputErrors) as caught:
        api.run(path, cwd=tmp_path)
    assert [error.code for error in caught.value.errors] == ["ME350"]
    assert not (tmp_path / "done").exists()


def test_a_pattern_inside_another_may_have_a_name_of_the_graph(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    path = tmp_path / "graph.yaml"
    path.write_text(
        "patterns: {thrice: {fanout: {n: 3}}}\n"
        'tasks: {t: {run: echo x, pattern: {refine: {of: thrice, rounds: 0, check: {run: "true"}}}}}\n'
    )
    report = api.run(path, cwd=tmp_path)

    assert report.state == "ok"
    assert {"t.draft.1", "t.draft.2", "t.draft.3"} <= {one.id for one in report.nodes}


def test_a_member_may_say_of_which_family_it_is(tmp_path: Path) -> None:
    one, two = ({"run": say({"v": 1}), "name": name, "family": name} for name in ("a", "b"))
    found = output_of(ran(tmp_path, {"t": consensus(one, two)}), "t")

    assert found["agreement"]["families"] == 2
    assert found["agreement"]["one_family"] is False


def test_a_criterion_that_cannot_read_the_primary_compares_nothing(tmp_path: Path) -> None:
    shadow = {
        "shadow": {"shadows": [{"run": say({"score": 8}), "name": "other"}], "compare": "output.scor > 5"}
    }
    task = {"run": say({"score": 9}), "output": {"as": "json"}, "pattern": shadow}
    report = ran(tmp_path, {"t": task})
    compare = next(one for one in report.nodes if one.id == "t.compare")

    assert report.state == "ok"
    assert compare.state == "failed"
    assert "`compare` has no value for the output of the primary" in compare.reason
    assert api.shadow_reports(cwd=tmp_path) == []
