from __future__ import annotations

from pathlib import Path

from support.command_line import Shell

TWICE = """\
tasks:
  first: {run: echo once >> first.txt}
  second: {run: test -e flag, needs: [first]}
"""


def test_resume_goes_on_where_it_failed(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(TWICE)
    assert me("dag", "run", "graph.yaml", "--quiet").code == 1
    (tmp_path / "flag").touch()
    answer = me("dag", "resume")
    assert answer.code == 0, answer.err
    assert answer.err.startswith("resuming graph: 2 nodes")
    assert (tmp_path / "first.txt").read_text() == "once\n"


def test_by_a_beginning_of_the_id(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(TWICE)
    run_id = me("dag", "run", "graph.yaml", "--json").json["dag_run_id"]
    (tmp_path / "flag").touch()
    report = me("dag", "resume", run_id[:20], "--json").json
    assert (report["dag_run_id"], report["state"], report["coordinators"]) == (run_id, "ok", 2)


def test_nothing_to_resume(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "resume")
    assert answer.code == 2
    assert "error[ME539]" in answer.err


def test_an_unknown_dag_run(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "resume", "ffff")
    assert answer.code == 2
    assert "error[ME537]" in answer.err


def test_lost_names_an_unknown_node(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    answer = me("dag", "resume", "--lost", "nobody=rerun")
    assert answer.code == 2
    assert "nobody" in answer.err
