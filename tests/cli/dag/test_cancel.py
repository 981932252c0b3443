from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble import api
from support.command_line import Shell
from support.ledger import Interrupted


def test_what_has_ended_is_left_alone(me: Shell, sample: str) -> None:
    run_id = me("dag", "run", sample, "--json").json["dag_run_id"]
    answer = me("dag", "cancel", run_id)
    assert answer.code == 0
    assert answer.err == f"DAG run {run_id} needs no cancelling: it is ok\n"
    assert me("dag", "cancel", run_id, "--json").json == {
        "dag_run_id": run_id,
        "live": False,
        "already": "ok",
        "state": "ok",
    }


def test_an_unknown_one(me: Shell, sample: str) -> None:
    me("dag", "run", sample, "--quiet")
    answer = me("dag", "cancel", "ffff", "--now")
    assert answer.code == 2
    assert "error[ME537]" in answer.err


def test_where_nobody_drives_it_this_command_ends_it(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "graph.yaml").write_text("tasks:\n  a: {run: 'kill -9 $PPID; sleep 60', on_lost: ask}\n")
    report = me("dag", "run", "graph.yaml", "--json", "--quiet").json
    assert report["state"] == "paused"
    answer = me("dag", "cancel", "0")
    assert answer.err == f"DAG run {report['dag_run_id']} is cancelled; no Coordinator was at work on it\n"
    assert me("dag", "status", "--json").json["state"] == "cancelled"
    assert me("dag", "cancel", "0", "--json").json["already"] == "cancelled"


def test_one_that_had_nothing_left_to_do_ends_as_it_would_have(me: Shell, sample: str) -> None:
    def die_before_the_end(place: str) -> None:
        if place == "end.before_commit":
            raise Interrupted

    with pytest.raises(Interrupted):
        api.run(Path(sample), surroundings={"faults": die_before_the_end})
    answer = me("dag", "cancel", "0", "--json").json
    assert (answer["live"], answer["already"], answer["state"]) == (False, None, "ok")
