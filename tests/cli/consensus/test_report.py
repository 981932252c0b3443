from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command_line import Shell

VOTES = """\
name: checks
params:
  files: {type: json, default: [a, b, c, d, e, f]}
  stop: {default: "off"}
tasks:
  review:
    each: ${{ params.files }}
    key: ${{ item }}
    output:
      as: json
      schema: {type: object, required: [verdict], properties: {verdict: {enum: [ok, bad]}}}
    pattern:
      consensus:
        vote: verdict
        stop: ${{ params.stop }}
        members:
          - {name: strict, run: ["sh", "say.sh", abcde, "${{ item }}"]}
          - {name: fair, run: ["sh", "say.sh", abc, "${{ item }}"]}
          - {name: lenient, run: ["sh", "say.sh", a, "${{ item }}"]}
"""

SAY = 'case $1 in *"$2"*) echo \'{"verdict": "bad"}\';; *) echo \'{"verdict": "ok"}\';; esac\n'
"""Votes `bad` on every file whose name is among the letters of its first argument."""


@pytest.fixture
def votes(tmp_path: Path, write: Callable[[str], str]) -> str:
    (tmp_path / "say.sh").write_text(SAY)
    return write(VOTES)


def test_nothing_yet(me: Shell) -> None:
    answer = me("consensus", "report")
    assert (answer.code, answer.out, answer.err) == (0, "", "no vote is recorded yet\n")
    assert me("consensus", "report", "--json").json == []


def test_panels_in_full(me: Shell, votes: str, golden: Callable[[str, str], None]) -> None:
    assert me("dag", "run", votes, "--quiet").code == 0
    answer = me("consensus", "report")
    assert (answer.code, answer.err) == (0, "")
    golden("cli/consensus-report.txt", answer.out)


def test_the_truth_tells_how_errors_go_together(
    me: Shell, votes: str, tmp_path: Path, golden: Callable[[str, str], None]
) -> None:
    me("dag", "run", votes, "--quiet")
    # By the keys of items but for one, which is told by its node.
    truth = {"a": "bad", "b": "bad", "c": "ok", "d": "ok", "review[e]": "bad", "f": "ok"}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    golden("cli/consensus-report-truth.txt", me("consensus", "report", "--truth", "truth.json").out)
    (one,) = me("consensus", "report", "--truth", "truth.json", "--json").json
    assert (one["judged"], one["right"]) == (6, 4)
    assert one["effective"]["of"] == "errors"
    assert [row["true"] for row in one["items"]] == ["bad", "bad", "ok", "ok", "bad", "ok"]


def test_an_early_stop_makes_coefficients_biased(me: Shell, votes: str) -> None:
    me("dag", "run", votes, "--quiet", "--param", "stop=exact")
    (one,) = me("consensus", "report", "--json").json
    assert one["biased"]
    assert one["in_full"] == 0
    assert one["saved_calls"] > 0
    assert "not missing at random" in me("consensus", "report").out


def test_the_newest_decision_of_an_item_counts(me: Shell, votes: str, tmp_path: Path) -> None:
    me("dag", "run", votes, "--quiet")
    (tmp_path / "say.sh").write_text('echo \'{"verdict": "ok"}\'\n')
    me("dag", "run", votes, "--quiet", "--param", 'files=["a", "b"]')
    (one,) = me("consensus", "report", "--json").json
    assert {row["item"]: row["decision"] for row in one["items"]} == {
        "review[a]": "ok",
        "review[b]": "ok",
        "review[c]": "bad",
        "review[d]": "ok",
        "review[e]": "ok",
        "review[f]": "ok",
    }
    (newest,) = me("consensus", "report", "--json", "--limit", "1").json
    assert newest["decisions"] == 2


def test_one_task_or_graph(me: Shell, votes: str) -> None:
    me("dag", "run", votes, "--quiet")
    assert len(me("consensus", "report", "review", "--json").json) == 1
    (one,) = me("consensus", "report", "review[b]", "--json").json
    assert one["decisions"] == 1
    assert me("consensus", "report", "--graph", "checks", "--json").json[0]["graph"] == "checks"
    assert me("consensus", "report", "--graph", "others", "--json").json == []
    unknown = me("consensus", "report", "revue")
    assert unknown.code == 2
    assert "no task `revue` was voted on" in unknown.err
    assert "did you mean `review`?" in unknown.err


def test_a_failed_voter_is_missing(me: Shell, votes: str, tmp_path: Path) -> None:
    (tmp_path / "say.sh").write_text('[ "$1" = a ] && exit 1\n' + SAY)
    me("dag", "run", votes, "--quiet")
    (one,) = me("consensus", "report", "--json").json
    assert one["raters"] == ["strict", "fair", "lenient"]
    assert [row["votes"][2] for row in one["items"]] == [None] * 6
    # The two that are left agree on all but d and e, where neither has a majority of three.
    assert one["undecided"] == 2
    assert not one["biased"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("[1]", "holds no object"), ("{", "is not JSON"), ('{"a": null}', "the true vote of `a`")],
)
def test_a_bad_file_of_true_votes(me: Shell, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "truth.json").write_text(text)
    answer = me("consensus", "report", "--truth", "truth.json")
    assert answer.code == 2
    assert said in answer.err


def test_a_missing_file_of_true_votes(me: Shell) -> None:
    answer = me("consensus", "report", "--truth", "none.json")
    assert answer.code == 2
    assert "no such file" in answer.err
