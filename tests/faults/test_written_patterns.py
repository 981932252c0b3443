"""kill -9 while a pattern that is written as a graph is at work."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from metaensemble import api
from support.victims import Victims

PATTERN = """\
params: {word: {default: thorough}}
tasks:
  prep: {run: "echo prep >> ran; echo ${{ params.word }}"}
  draft: {pattern: solo, with: {hint: "${{ tasks.prep.output }}"}}
  loop:
    repeat: {until: "${{ repeat.index == 2 }}", max: 3}
    needs: [draft]
    run: echo loop${{ repeat.index }} >> ran
  final: {pattern: solo, needs: [loop], with: {draft: "${{ tasks.draft.output }} ${{ params.word }}"}}
outputs: {text: "${{ tasks.final.output }}"}
"""

GRAPH = """\
tasks:
  review:
    pattern: {careful: {word: very}}
    run: echo work >> ran; echo "[$ME_IN_HINT] [$ME_IN_DRAFT]"
outputs: {text: "${{ tasks.review.output.text }}"}
"""


@pytest.mark.parametrize(
    ("place", "nth"),
    [
        ("growth.after_commit", 1),
        ("growth.before_commit", 2),
        ("outcome.before_commit", 1),
        ("outcome.after_commit", 2),
        ("outcome.after_commit", 3),
        ("judgement.before_commit", 1),
        ("outcome.after_commit", 5),
    ],
)
def test_a_killed_run_comes_to_the_same_end(tmp_path: Path, victims: Victims, place: str, nth: int) -> None:
    folder = tmp_path / ".metaensemble" / "patterns"
    folder.mkdir(parents=True)
    (folder / "careful.yaml").write_text(PATTERN)
    (tmp_path / "graph.yaml").write_text(GRAPH)
    told = victims.start(["run", str(tmp_path / "graph.yaml")], cwd=tmp_path, place=place, nth=nth).wait()
    assert told.code == -signal.SIGKILL
    # The files of patterns are read when a run starts, and not again.
    (folder / "careful.yaml").write_text("tasks: {t: {run: echo other}}")
    (listed,) = api.list_dag_runs(cwd=tmp_path)
    report = api.resume(listed.dag_run_id, cwd=tmp_path)
    assert (report.state, report.outputs) == ("ok", {"text": "[] [[very] [] very]"})
    ran = (tmp_path / "ran").read_text().split()
    # What was on record is not done again; what was done and not yet recorded may be, once.
    assert set(ran) == {"prep", "work", "loop1", "loop2"}
    assert len(ran) in (5, 6)
    assert len(ran) == 5 or "before" in place
