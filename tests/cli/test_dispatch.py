"""From a command line to an exit code, whatever happens on the way."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from metaensemble.cli.dispatch import _guarded
from metaensemble.schemas.errors import IllegalTransition, InputError, InputErrors, UnknownNode
from support.command_line import Shell
from support.program import path_with_me, run_sh

BAD_LINES = [
    (["exlain"], "ME531"),
    (["dag", "lst"], "ME531"),
    (["dag", "zzz"], "ME531"),
    (["--foo"], "ME530"),
    (["dag", "--foo"], "ME530"),
    (["dag", "run", "--parm", "x=1", "g.yaml"], "ME530"),
    (["dag", "list", "--limt", "3"], "ME530"),
    (["dag", "run"], "ME532"),
    (["dag", "logs", "x"], "ME532"),
    (["dag", "validate"], "ME532"),
    (["dag", "list", "--limit"], "ME532"),
    (["dag", "list", "--limit", "x"], "ME533"),
    (["dag", "list", "--limit", "0"], "ME533"),
    (["dag", "logs", "a", "b", "--stream", "x"], "ME533"),
    (["dag", "logs", "a", "b", "--attempt", "0"], "ME533"),
    (["dag", "run", "g.yaml", "-c", "0"], "ME533"),
    (["dag", "render", "g.yaml", "--format", "gif"], "ME533"),
    (["ledger", "recent", "--json", "--csv"], "ME533"),
    (["ledger", "export", "--table", "x"], "ME533"),
    (["ledger", "verify", "--head", "7"], "ME533"),
    (["dag", "list", "--limit", "5", "--limit", "6"], "ME534"),
    (["dag", "list", "--limit", "5", "-n", "6"], "ME534"),
    (["dag", "list", "--json", "--json"], "ME534"),
    (["dag", "run", "g.yaml", "-p", "x=1", "-p", "x=2"], "ME534"),
    (["dag", "list", "all"], "ME535"),
    (["explain", "ME301", "ME302"], "ME535"),
    (["dag", "run", "g.yaml", "--param", "x"], "ME536"),
    (["dag", "run", "g.yaml", "--param", "=x"], "ME536"),
    (["dag", "resume", "--lost", "a=maybe"], "ME536"),
    (["dag", "list", "--limit", "10001"], "ME533"),
    (["ledger", "recent", "-n", "10001"], "ME533"),
    (["-C"], "ME532"),
    (["dag", "list", "-C"], "ME532"),
    (["-C", "no/such/folder", "dag", "list"], "ME533"),
    (["-C", ".", "dag", "list", "-C", "."], "ME534"),
    (["dag", "logs", "a", "b", "--generation", "-1"], "ME533"),
]


@pytest.mark.parametrize(("line", "code"), BAD_LINES, ids=[" ".join(line) for line, _ in BAD_LINES])
def test_bad_command_lines(line: list[str], code: str, me: Shell) -> None:
    answer = me(*line)
    assert answer.code == 2
    assert answer.err.startswith(f"error[{code}]: ")
    assert answer.out == "" or "--json" in line
    assert not re.search(r"Traceback|ME900", answer.err)


def test_all_bad_command_lines_in_words(me: Shell, golden: Callable[[str, str], None]) -> None:
    told = []
    for line, _ in BAD_LINES:
        told.append(f"$ me {' '.join(line)}\n{me(*line).err}")
    golden("cli/bad-command-lines.txt", "\n".join(told))


def test_help_wins_over_a_wrong_rest(me: Shell) -> None:
    answer = me("dag", "list", "all", "--help")
    assert (answer.code, answer.err) == (0, "")


def test_json_gets_the_error_as_json_too(me: Shell) -> None:
    answer = me("dag", "list", "--limit", "x", "--json")
    assert answer.code == 2
    assert [error["code"] for error in answer.json["errors"]] == ["ME533"]
    assert "error[ME533]" in answer.err


def failing(error: BaseException) -> Callable[[], int]:
    def work() -> int:
        raise error

    return work


def test_ctrl_c_outside_a_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded(failing(KeyboardInterrupt()), json_wanted=False) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_what_a_library_made_of_ctrl_c_is_one(capsys: pytest.CaptureFixture[str], temporary: Path) -> None:
    from pydantic_core import SchemaError

    words = 'Error building "model" validator:\n  KeyboardInterrupt: '
    below = RuntimeError("a module cannot be imported")
    below.__cause__ = ValueError("x")
    below.__cause__.__context__ = KeyboardInterrupt()
    above = ImportError("no such module")
    above.__context__ = SchemaError(words)
    for error in (SchemaError(words), below, above):
        assert _guarded(failing(error), json_wanted=True) == 130
        said = capsys.readouterr()
        assert (said.out, said.err) == ("", "interrupted\n")
    assert _guarded(failing(SchemaError("no such type")), json_wanted=False) == 70
    assert len(list(temporary.iterdir())) == 1


def test_an_error_of_the_tree(capsys: pytest.CaptureFixture[str]) -> None:
    assert _guarded(failing(UnknownNode("no node `x`", hint="did you mean `y`?")), json_wanted=False) == 2
    assert capsys.readouterr().err == "error[ME540]: no node `x`\n\nhint: did you mean `y`?\n"


def test_several_errors_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    both = InputErrors([UnknownNode("no node `x`"), InputError("and more")])
    assert _guarded(failing(both), json_wanted=False) == 2
    said = capsys.readouterr().err
    assert "error[ME540]: no node `x`" in said
    assert "error: and more" in said
    assert said.endswith("2 problems found\n")


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_an_unknown_exception_is_our_fault(capsys: pytest.CaptureFixture[str], temporary: Path) -> None:
    assert _guarded(failing(KeyError("x")), json_wanted=False) == 70
    said = capsys.readouterr().err
    assert said.startswith("error[ME900]: KeyError: 'x'\n")
    assert "this is a fault of ours" in said
    assert "Traceback" not in said
    (file,) = temporary.glob("metaensemble-fault-*.txt")
    text = file.read_text()
    assert "Traceback (most recent call last)" in text
    assert "KeyError: 'x'" in text
    assert file.stat().st_mode & 0o077 == 0


def test_an_illegal_transition_tells_its_story(capsys: pytest.CaptureFixture[str], temporary: Path) -> None:
    error = IllegalTransition("`a` cannot start", story=["AttemptStarted cause 7"], task="a")
    assert _guarded(failing(error), json_wanted=False) == 70
    (file,) = temporary.glob("metaensemble-fault-*.txt")
    assert "  AttemptStarted cause 7" in file.read_text()


def test_without_a_place_for_the_file_the_story_is_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert _guarded(failing(KeyError("x")), json_wanted=False) == 70
    said = capsys.readouterr().err
    assert "Traceback (most recent call last)" in said
    assert "please report it with the text above" in said


def test_a_reader_who_has_seen_enough(tmp_path: Path) -> None:
    path = path_with_me(tmp_path / "bin")
    done = run_sh("(me dag schema --json; echo $? >code) | head -n 1", path=path, cwd=tmp_path)
    assert done.stdout == "{\n"
    assert done.stderr == ""
    assert (tmp_path / "code").read_text() == "0\n"


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(closed: str, tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text("tasks: {a: {run: echo ran > ran}}\n")
    path = path_with_me(tmp_path / "bin", whole=True)
    done = run_sh(f"me dag run graph.yaml --json {closed}", path=path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "ran").read_text() == "ran\n"


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "latin-1"},
        {"TERM": "dumb", "COLUMNS": "1"},
        {"TERM": "", "COLUMNS": "nonsense"},
        {"FORCE_COLOR": "1"},
        {"NO_COLOR": "1"},
    ],
    ids=lambda environ: " ".join(f"{name}={value}" for name, value in environ.items()),
)
def test_odd_terminals(environ: dict[str, str], tmp_path: Path) -> None:
    path = path_with_me(tmp_path / "bin", whole=True)
    line = "me explain ME301 && me dag schema tasks && me --help && ! me dag run 'größe-日本-\\377.yaml'"
    done = run_sh(line, path=path, cwd=tmp_path, **environ)
    assert done.returncode == 0, done.stderr
    assert "ME900" not in done.stderr
    assert ("\x1b[" in done.stderr) is ("FORCE_COLOR" in environ)
