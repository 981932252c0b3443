"""`-C DIR`, and commands to type next that work where the last one was typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from support.command_line import Shell
from support.program import path_with_me, run_sh

GRAPH = "name: far\ntasks:\n  good: {run: echo fine}\n  bad: {run: test -e mended, needs: [good]}\n"


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """Another project, in a folder whose name a shell would take apart; its DAG runs fail at first."""
    folder = tmp_path / "far & away"
    (folder / ".metaensemble").mkdir(parents=True)
    (folder / "graph.yaml").write_text(GRAPH)
    return folder


def printed(text: str, command: str) -> list[list[str]]:
    """The words of each command line in `text` that holds `command`, the program's name left out."""
    found = re.findall(rf"(?m)\bme (?:-C .*)?{command}\b.*$", text)
    return [shlex.split(line)[1:] for line in found]


@pytest.mark.parametrize(
    "line",
    [
        "-C {} dag status --json",
        "--directory {} dag status --json",
        "--directory={} dag status --json",
        "-C{} dag status --json",
        "dag status -C {} --json",
        "dag status --json --directory={}",
    ],
)
def test_it_stands_before_and_behind_the_command(line: str, me: Shell, far: Path) -> None:
    me("-C", str(far), "dag", "run", "graph.yaml", "--quiet")
    words = [word.format(far.name) for word in line.split(" ")]
    here = Path.cwd()
    answer = me(*words)
    assert answer.code == 0, answer.err
    assert answer.json["project"] == str(far)
    assert Path.cwd() == here


def test_every_command_that_reads_the_ledger_takes_it(me: Shell, far: Path) -> None:
    me("-C", str(far), "dag", "run", "graph.yaml", "--quiet")
    run_id = me("-C", str(far), "ledger", "recent", "--json").json[0]["run_id"]
    for words in (
        ["dag", "list"],
        ["dag", "status", "0"],
        ["dag", "logs", "0", "good"],
        ["dag", "render", "0"],
        ["dag", "cancel", "0"],
        ["ledger", "recent"],
        ["ledger", "run", run_id],
        ["ledger", "head"],
        ["ledger", "verify"],
        ["ledger", "export"],
        ["ledger", "rebuild"],
        ["dag", "resume", "0"],
    ):
        code = 1 if "resume" in words else 0
        assert me("-C", str(far), *words).code == code, words
        assert me(*words, "-C", str(far)).code == code, words
    assert not (Path.cwd() / ".metaensemble" / "state").exists(), "and leaves this project alone"


def test_what_is_printed_after_a_run_works_where_it_was_typed(me: Shell, far: Path) -> None:
    answer = me("dag", "run", f"{far.name}/graph.yaml")
    assert answer.code == 1
    (resume,) = printed(answer.err, "dag resume")
    (logs,) = printed(answer.err, "dag logs")
    assert resume[:2] == ["-C", str(far)]
    assert me(*logs).code == 0
    assert me(*resume).code == 1
    (far / "mended").touch()
    assert me(*resume).code == 0


def test_what_status_prints_works_where_it_was_typed(
    me: Shell, far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me("-C", str(far), "dag", "run", "graph.yaml", "--quiet")
    (words,) = printed(me("dag", "status", "-C", far.name).out, "dag resume")
    assert words[:2] == ["-C", str(far)]
    inner = far / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    for answer in (me("dag", "status"), me("dag", "status", "-C", "..")):
        (words,) = printed(answer.out, "dag resume")
        assert words[0] == "dag", "it is this project, and needs no name"
    monkeypatch.chdir(tmp_path)
    assert me("-C", str(far), *words).code == 1


def test_who_is_waited_for_is_told_where(me: Shell, far: Path, tmp_path: Path) -> None:
    (far / "graph.yaml").write_text("tasks:\n  ask: {run: 'kill -9 $PPID; sleep 60', on_lost: ask}\n")
    path = path_with_me(tmp_path / "bin")
    done = run_sh(f"me dag run {shlex.quote(str(far / 'graph.yaml'))}", path=path, cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    told = [
        shlex.split(command)[1:]
        for command in me("-C", far.name, "dag", "status", "--json").json["waiting_for"]
    ]
    assert told == printed(done.stderr, "dag resume .*--lost")
    assert [words[-1] for words in told] == ["ask=rerun", "ask=fail"]
    assert me(*told[1]).code == 1


def test_hints_name_the_place_too(me: Shell, far: Path) -> None:
    me("-C", str(far), "dag", "run", "graph.yaml", "--quiet")
    place = f"me -C {shlex.quote(str(far))}"
    assert f"hint: `{place} dag list` shows" in me("-C", str(far), "dag", "status", "ffff").err
    hint = me("-C", str(far), "dag", "status", "ffff", "--json").json["errors"][0]["hint"]
    assert hint.startswith(f"`{place} dag list`")
    assert f"`{place} ledger recent`" in me("ledger", "run", "ffff", "-C", str(far)).err


@pytest.mark.parametrize("words", [("-C", "{}", "dag", "list"), ("dag", "list", "-C", "{}")])
@pytest.mark.parametrize("name", ["missing", "graph.yaml"])
def test_where_nobody_can_work(words: tuple[str, ...], name: str, me: Shell, sample: str) -> None:
    answer = me(*(word.format(name) for word in words))
    assert answer.code == 2
    assert answer.err.startswith("error[ME533]: `-C ")
    assert sample == "graph.yaml"


def test_a_graph_file_that_leads_nowhere(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    answer = me("dag", "run", "loop.yaml")
    assert answer.code == 2
    assert answer.err.startswith("error[ME1")


def test_from_a_folder_that_is_gone(
    me: Shell, far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    me("-C", str(far), "dag", "run", "graph.yaml", "--quiet")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    answer = me("-C", str(far), "dag", "status")
    assert answer.code == 0, answer.err
    (words,) = printed(answer.out, "dag resume")
    assert words[:2] == ["-C", str(far)]


@pytest.mark.parametrize("line", ["me -C far dag status ", "me dag status -C far "])
def test_completion_looks_there(line: str, me: Shell, far: Path, tmp_path: Path) -> None:
    (tmp_path / "far").symlink_to(far)
    run_id = me("-C", "far", "dag", "run", "graph.yaml", "--json").json["dag_run_id"]
    done = run_sh(
        "me",
        path=path_with_me(tmp_path / "bin"),
        cwd=tmp_path,
        _ME_COMPLETE="complete_bash",
        COMP_WORDS=line,
        COMP_CWORD=str(len(line.split(" ")) - 1),
    )
    assert run_id in done.stdout.split(), done


def test_completion_of_a_place_that_is_not_there_offers_nothing(tmp_path: Path) -> None:
    done = run_sh(
        "me",
        path=path_with_me(tmp_path / "bin"),
        cwd=tmp_path,
        _ME_COMPLETE="complete_bash",
        COMP_WORDS="me -C missing dag status ",
        COMP_CWORD="5",
    )
    assert (done.stdout.split(), done.stderr) == ([], "")
