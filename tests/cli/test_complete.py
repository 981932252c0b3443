from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.cli.app import Root
from metaensemble.cli.complete import codes, dag_runs
from support.command_line import Shell
from support.program import path_with_me, run_sh


def test_codes_and_reasons() -> None:
    assert [name for name, _ in codes("me53")] == sorted(name for name, _ in codes("ME53"))
    assert "output_invalid" in [name for name, _ in codes("out")]


def test_dag_runs(me: Shell, sample: str) -> None:
    run_id = me("dag", "run", sample, "--json").json["dag_run_id"]
    assert dag_runs("0") == [(run_id, "sample (ok)")]
    assert dag_runs("zz") == []


def test_a_damaged_ledger_offers_nothing(me: Shell, tmp_path: Path) -> None:
    state = tmp_path / ".metaensemble" / "state"
    state.mkdir()
    (state / "department.db").write_text("no database")
    assert dag_runs("") == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("me dag re", {"resume", "render"}),
        ("me ", set(Root.table)),
        ("me ledger he", {"head"}),
    ],
)
def test_commands_through_the_shells_protocol(words: str, offered: set[str], tmp_path: Path) -> None:
    position = str(len(words.split(" ")) - 1)
    done = run_sh(
        "me",
        path=path_with_me(tmp_path / "bin"),
        cwd=tmp_path,
        _ME_COMPLETE="complete_bash",
        COMP_WORDS=words,
        COMP_CWORD=position,
    )
    assert set(done.stdout.split()) == offered
