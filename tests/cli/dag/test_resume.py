from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble._api_read import to_resume
from metaensemble.engine.ledger import Ledger
from support.command_line import Shell
from support.ledger import dag_run_created

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


def test_a_cancelled_one_is_only_taken_up_by_its_id(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text('tasks: {ok: {approve: "Go on?"}}\n')
    run_id = me("dag", "run", "graph.yaml", "--json").json["dag_run_id"]
    assert me("dag", "cancel", run_id).code == 0
    answer = me("dag", "resume")
    assert answer.code == 2
    assert f"hint: me dag resume {run_id}" in answer.err
    assert me("dag", "resume", run_id).code == 4


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


def begun(dag_run_id: str, state: Path) -> None:
    """A DAG run that nobody drives and that has no end."""
    with Ledger.open(state) as ledger:
        ledger.append([dag_run_created(dag_run_id=dag_run_id)])


def taken(me: Shell) -> tuple[str, str]:
    """The DAG run that a resume without an id would take, and why."""
    with Ledger.open(Path(".metaensemble/state"), readonly=True) as ledger:
        found = to_resume(ledger)
    assert found is not None
    return found


def test_without_an_id_the_newest_unfinished_one_is_taken(me: Shell, tmp_path: Path, sample: str) -> None:
    (tmp_path / "failing.yaml").write_text(TWICE)
    state = tmp_path / ".metaensemble" / "state"
    first = me("dag", "run", "failing.yaml", "--json", "--quiet").json["dag_run_id"]
    assert taken(me) == (first, "the newest one, which failed")
    begun("01900000-0000-7000-8000-0000000000d1", state)
    assert taken(me) == ("01900000-0000-7000-8000-0000000000d1", "the newest one that has not ended")
    begun("01900000-0000-7000-8000-0000000000d2", state)
    me("dag", "run", sample, "--quiet")
    assert taken(me) == ("01900000-0000-7000-8000-0000000000d2", "the newest one that has not ended")
    last = me("dag", "run", "failing.yaml", "--json", "--quiet").json["dag_run_id"]
    assert taken(me) == (last, "the newest one, which failed")


def test_an_old_failure_is_not_dug_up(me: Shell, tmp_path: Path, sample: str) -> None:
    (tmp_path / "failing.yaml").write_text(TWICE)
    me("dag", "run", "failing.yaml", "--quiet")
    me("dag", "run", sample, "--quiet")
    assert "error[ME539]" in me("dag", "resume").err


def test_it_says_which_one_it_took_and_why(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(TWICE)
    dag_run_id = me("dag", "run", "graph.yaml", "--json", "--quiet").json["dag_run_id"]
    first = f"resuming graph: 2 nodes, DAG run {dag_run_id}"
    assert me("dag", "resume").err.splitlines()[0] == f"{first}, the newest one, which failed"
    assert me("dag", "resume", dag_run_id).err.splitlines()[0] == first


@pytest.mark.parametrize("state", ["failed", "ok"])
@pytest.mark.parametrize("flags", [(), ("--quiet",)])
def test_a_graph_file_that_changed_is_told_once(
    state: str, flags: tuple[str, ...], me: Shell, tmp_path: Path
) -> None:
    (tmp_path / "graph.yaml").write_text(TWICE)
    me("dag", "run", "graph.yaml", "--quiet")
    (tmp_path / "graph.yaml").write_text(TWICE + "# changed\n")
    if state == "ok":
        (tmp_path / "flag").touch()
    said = me("dag", "resume", *flags).err
    words = "the graph file has changed since; the DAG run keeps the one it started from\n"
    assert said.count(words) == (0 if flags and state == "ok" else 1)
    if not flags:
        assert said.splitlines()[1] + "\n" == words, "before anything runs"


def test_a_graph_file_that_is_gone_is_told_once(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text(TWICE)
    me("dag", "run", "graph.yaml", "--quiet")
    (tmp_path / "graph.yaml").unlink()
    words = "the graph file is gone; the DAG run keeps the one it started from\n"
    assert me("dag", "resume").err.count(words) == 1
    (tmp_path / "flag").touch()
    assert me("dag", "resume", "--quiet").err == ""
    assert me("dag", "resume", "0").err.count(words) == 1, "also where there is nothing to do"


def test_a_run_tells_of_a_graph_file_that_changed_meanwhile(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text("tasks:\n  a: {run: 'echo \"# changed\" >> graph.yaml'}\n")
    said = me("dag", "run", "graph.yaml").err
    assert said.count("the graph file has changed since") == 1


def test_the_name_of_a_node_may_hold_the_sign(me: Shell, broken: str) -> None:
    me("dag", "run", broken, "--quiet")
    assert "node `test[py=3.12]` does not wait" in me("dag", "resume", "--lost", "test[py=3.12]=rerun").err


def test_nothing_is_carried_out_where_it_was_to_be_replayed(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text("tasks: {a: {run: echo real >> real; exit 1}}\n")
    (tmp_path / "fails.jsonl").write_text('{"node": "a", "outcome": "failed", "failure_reason": "timeout"}\n')
    (tmp_path / "ends.jsonl").write_text('{"node": "a", "outcome": "ok"}\n')
    me("dag", "run", "graph.yaml", "--quiet")
    answer = me("dag", "resume", "--replay", "ends.jsonl")
    assert answer.code == 2
    assert "error[ME533]: `--replay` is for a DAG run that was started with it" in answer.err
    assert (tmp_path / "real").read_text() == "real\n"
    me("dag", "run", "graph.yaml", "--replay", "fails.jsonl", "--quiet")
    assert "error[ME526]" in me("dag", "resume").err
    assert me("dag", "resume", "--replay", "ends.jsonl").code == 0
    assert (tmp_path / "real").read_text() == "real\n"
