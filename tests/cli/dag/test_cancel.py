from __future__ import annotations

from support.command_line import Shell


def test_what_has_ended_is_left_alone(me: Shell, sample: str) -> None:
    run_id = me("dag", "run", sample, "--json").json["dag_run_id"]
    answer = me("dag", "cancel", run_id)
    assert answer.code == 0
    assert answer.err == f"DAG run {run_id} needs no cancelling: it is ok\n"
    assert me("dag", "cancel", run_id, "--json").json == {
        "dag_run_id": run_id,
        "live": False,
        "already": "ok",
    }


def test_an_unknown_one(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "cancel", "ffff", "--now")
    assert answer.code == 2
    assert "error[ME537]" in answer.err
