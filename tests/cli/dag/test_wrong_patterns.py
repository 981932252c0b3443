"""What is wrong with a pattern is told before anything starts, by every command that reads the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import Shell

CORPUS = Path(__file__).parents[2] / "corpus"
BROKEN = sorted(CORPUS.glob("3??-*.yaml"))

VERDICT = "output: {schema: {type: object, properties: {verdict: {type: string}}}}"


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_plan_and_run_refuse_what_validate_refuses(path: Path, me: Shell, tmp_path: Path) -> None:
    (tmp_path / path.name).write_bytes(path.read_bytes())
    before = written(tmp_path)
    told = me("dag", "validate", path.name)
    assert told.code == 2
    for command in ("plan", "run"):
        answer = me("dag", command, path.name)
        assert (answer.code, answer.out, answer.err.strip()) == (2, "", told.err.strip())
    assert written(tmp_path) == before


def refused(me: Shell, tmp_path: Path, text: str, *flags: str, command: str = "plan") -> str:
    (tmp_path / "graph.yaml").write_text(text)
    answer = me("dag", command, "graph.yaml", *flags)
    assert answer.code == 2, answer.out
    return answer.err


PARAMS = f"""\
params: {{n: {{type: integer, default: 3}}, vote: {{default: verdict}}}}
tasks:
  one: {{run: ./look.sh, pattern: {{fanout: {{n: "${{{{ params.n }}}}"}}}}}}
  two:
    run: ./look.sh
    {VERDICT}
    pattern: {{consensus: {{n: "${{{{ params.n }}}}", vote: "${{{{ params.vote }}}}"}}}}
"""


def test_the_values_of_parameters_are_looked_at_once_they_are_known(me: Shell, tmp_path: Path) -> None:
    said = refused(me, tmp_path, PARAMS, "-p", "n=1", "-p", "vote=verdit", command="run")
    assert "error[ME334]: a fanout is at least 2, and this is 1\n --> graph.yaml:3:47" in said
    assert "error[ME334]: a consensus needs at least 2 voters, and has 1\n --> graph.yaml:7:30" in said
    said = refused(me, tmp_path, PARAMS, "-p", "vote=verdit")
    assert "error[ME337]: the output schema of `two` has no field `verdit`\n --> graph.yaml:7:55" in said
    assert "did you mean `verdict`?" in said
    said = refused(me, tmp_path, PARAMS, "-p", f"n={10**15}")
    assert "more than 100,000 pieces" in said
    assert "at most 101 vote at once" in said
    assert me("dag", "validate", "graph.yaml").code == 0
    assert me("dag", "plan", "graph.yaml").code == 0
    assert written(tmp_path) == {".metaensemble", "graph.yaml"}


NOTHING_TO_DO = """\
tasks:
  fanout: {pattern: {fanout: {n: 2}}}
  refine: {pattern: {refine: {check: {run: ./test.sh}}}}
  member: {pattern: {fanout: {members: [{run: ./look.sh}, {name: other}]}}}
  shadow: {pattern: {shadow: {shadows: [{run: ./look.sh}]}}}
  solo: {pattern: solo}
  question: {approve: Go on?, pattern: {fanout: {n: 2}}}
"""


def test_a_task_that_does_nothing_is_no_work(me: Shell, tmp_path: Path) -> None:
    for command in ("plan", "run"):
        said = refused(me, tmp_path, NOTHING_TO_DO, command=command)
        assert said.count("error[ME343]") == 6
        for line, name in enumerate(("fanout", "refine", "member", "shadow", "solo", "question"), 2):
            assert f"the task `{name}` does nothing itself" in said
            assert f"graph.yaml:{line}:" in said
    assert written(tmp_path) == {".metaensemble", "graph.yaml"}
    # As a pattern of somebody's own the same file does the work of the task that uses it, but for a question.
    told = me("dag", "validate", "graph.yaml").err
    assert told.count("error[") == 1
    assert "the task `question` does nothing itself" in told


def test_what_a_parameter_will_tell_is_not_judged_before(me: Shell, tmp_path: Path) -> None:
    text = f"""\
params: {{k: {{type: integer}}, best: {{}}, share: {{type: number}}}}
tasks:
  a:
    run: ./look.sh
    {VERDICT}
    pattern: {{consensus: {{n: 3, vote: verdict, rule: {{quorum: "${{{{ params.k }}}}"}}}}}}
  b: {{run: ./look.sh, pattern: {{fanout: {{n: 2, join: {{best: "${{{{ params.best }}}}"}}}}}}}}
  c: {{pattern: {{team: {{members: [{{run: a, share: "${{{{ params.share }}}}"}}, {{run: b}}]}}}}}}
"""
    (tmp_path / "graph.yaml").write_text(text)
    assert me("dag", "validate", "graph.yaml").code == 0
    given = ("-p", "k=2", "-p", "best=output.x", "-p", "share=0.5")
    assert me("dag", "plan", "graph.yaml", *given).code == 0
    said = refused(me, tmp_path, text, "-p", "k=4", "-p", "best=outptu.x", "-p", "share=2")
    assert "a quorum is a number from 1 to 3" in said
    assert "`outptu` is not known here" in said
    assert "a share lies between 0 and 1" in said


def test_a_parameter_of_another_type(me: Shell, tmp_path: Path) -> None:
    text = 'params: {n: {}}\ntasks:\n  a: {run: ./look.sh, pattern: {fanout: {n: "${{ params.n }}"}}}\n'
    assert "the setting `n` of `fanout`: expected a whole number" in refused(me, tmp_path, text, "-p", "n=3")


def test_every_cell_of_a_matrix_has_its_own_settings(me: Shell, tmp_path: Path) -> None:
    text = """\
tasks:
  a:
    matrix: {n: [2, 1, 3, 0, 1]}
    run: "echo ${{ matrix.n }}"
    pattern: {fanout: {n: "${{ matrix.n }}"}}
"""
    said = refused(me, tmp_path, text)
    assert said.count("error[ME334]") == 2
    assert "this is 1\n --> graph.yaml:5:27" in said
    assert "this is 0\n --> graph.yaml:5:27" in said
    (tmp_path / "graph.yaml").write_text(text.replace("[2, 1, 3, 0, 1]", "[2, 3]"))
    plan = me("dag", "plan", "graph.yaml")
    assert plan.code == 0
    print(plan.out)


@pytest.mark.parametrize(
    "often", ['each: "${{ [1, 2] }}"', 'repeat: {until: "${{ repeat.index > 1 }}", max: 2}']
)
def test_work_that_is_done_often_is_looked_at_once(often: str, me: Shell, tmp_path: Path) -> None:
    text = f"tasks:\n  a:\n    {often}\n    run: echo\n    pattern: {{fanout: {{n: 1}}}}\n"
    assert refused(me, tmp_path, text).count("error[ME334]") == 1


def test_errors_in_another_file_name_it(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "inner.yaml").write_text(
        "tasks:\n"
        "  look: {run: ./look.sh, pattern: {fanout: {n: 1}}}\n"
        "  write: {run: ./write.sh, pattern: {refine: {chek: {run: ./test.sh}}}}\n"
    )
    text = (
        "tasks:\n  run: {graph: parts/inner.yaml}\n"
        "  copies: {graph: parts/inner.yaml, pattern: {fanout: {n: 2}}}\n"
    )
    said = refused(me, tmp_path, text, command="run")
    assert "error[ME334]: a fanout is at least 2, and this is 1\n --> parts/inner.yaml:2:48" in said
    assert "error[ME331]: unknown setting `chek` of `refine`\n --> parts/inner.yaml:3:47" in said
    assert written(tmp_path) == {".metaensemble", "parts", "parts/inner.yaml", "graph.yaml"}


def test_pieces_that_collide_in_another_file(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(
        "tasks:\n  both: {pattern: {team: {members: [{run: a, writes: [x]}, {run: b, writes: ['*']}]}}}\n"
    )
    said = refused(me, tmp_path, "tasks:\n  run: {graph: inner.yaml}\n")
    assert "error[ME346]: in the pattern `team`, `1` and `2` may run at the same time" in said
    assert "--> inner.yaml:2:20" in said


def test_a_preset_is_told_at_the_task_that_uses_it(me: Shell, tmp_path: Path) -> None:
    text = """\
patterns:
  lonely: {fanout: {n: 1}}
tasks:
  a: {run: ./look.sh, pattern: lonely}
  b: {run: ./look.sh, pattern: {lonely: {n: 2}}}
"""
    said = refused(me, tmp_path, text)
    assert said.count("error[") == 1
    assert "error[ME334]: a fanout is at least 2, and this is 1" in said


def test_a_pattern_in_a_pattern_is_told_at_its_own_place(me: Shell, tmp_path: Path) -> None:
    text = """\
tasks:
  a:
    run: ./look.sh
    pattern:
      fanout:
        n: 2
        of:
          peer_review:
            reviewers: [{run: ./look.sh}]
            rounds: -1
"""
    said = refused(me, tmp_path, text)
    assert "error[ME336]: a reviewer of `a.1` does the same work as its author\n --> graph.yaml:9:25" in said
    assert said.count("error[ME336]") == 1
    assert "--> graph.yaml:10:21" in said
