from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from support.command_line import Shell

COMPLEX = "def f(n):\n" + "".join(f"    if n == {n}:\n        return {n}\n" for n in range(20))


@pytest.fixture(autouse=True)
def own_tools(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The tools of the environment that runs this, whatever else there is; nobody's own settings. The home
    lies outside the project, as tools keep caches there."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


def test_a_table_of_all_axes(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(n):\n    return n\n")
    (tmp_path / "test_a.py").write_text("from a import f\n\n\ndef test_f():\n    assert f(1) == 1\n")
    answer = me("quality", "check", "a.py")
    assert answer.code == 0
    assert [line.split() for line in answer.out.splitlines()] == [
        ["axis", "state", "value", "why"],
        ["correctness", "auto", "0", "1", "passed"],
        ["security", "auto", "0", "nothing", "found"],
        ["maintainability", "auto", "0", "no", "issues"],
        ["complexity", "auto", "1", "the", "most", "complex", "function", "is", "`f`:", "1"],
        ["coverage", "auto", "100", "at", "least", "100.0", "%", "of", "each", "file", "is", "covered"],
    ]
    assert answer.err == "the quality gate says: auto\n"


def test_one_axis_that_blocks(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(COMPLEX)
    answer = me("quality", "check", "a.py", "--axis", "complexity")
    assert answer.code == 1
    assert answer.out.splitlines()[2] == "a.py:1: complexity: rank-D: `f` has complexity 21"
    assert answer.err == "the quality gate says: block\n"


def test_as_json_and_of_a_folder(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "src" / ".hidden").mkdir(parents=True)
    (tmp_path / "src" / "a.py").write_text("def f(n):\n    return n\n")
    (tmp_path / "src" / "b.md").write_text("x")
    (tmp_path / "src" / ".hidden" / "c.py").write_text(COMPLEX)
    found = me("quality", "check", "src", "--axis", "complexity", "--json").json
    assert found == {
        "state": "auto",
        "axes": [
            {
                "axis": "complexity",
                "state": "auto",
                "value": 1,
                "why": "the most complex function is `f`: 1",
                "tool": "radon",
            }
        ],
        "files": ["src/a.py", "src/b.md"],
    }


def test_where_no_axis_knows_anything(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    answer = me("quality", "check", "a.md")
    assert answer.code == 0
    assert answer.err == "the quality gate says: nothing, as there was nothing that it could look at\n"


def test_an_axis_that_was_switched_off_is_looked_at_when_it_is_named(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(COMPLEX)
    (tmp_path / ".metaensemble").mkdir(exist_ok=True)
    (tmp_path / ".metaensemble" / "quality.yaml").write_text("complexity: off\n")
    assert me("quality", "check", "a.py", "--axis", "complexity").code == 1
    assert "complexity" not in {one["axis"] for one in me("quality", "check", "a.py", "--json").json["axes"]}


def test_nothing_is_recorded_and_nothing_left_behind(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    (tmp_path / "test_a.py").write_text("def test_a():\n    pass\n")
    before = sorted(tmp_path.rglob("*"))
    me("quality", "check", "a.py", "test_a.py")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (("no.py",), "ME390", "there is no `"),
        (("a.py", "--axis", "complexty"), "ME391", "the quality gate has no axis `complexty`"),
        (("..",), "ME394", "lies outside the project"),
    ],
)
def test_bad_input(me: Shell, tmp_path: Path, words: tuple[str, ...], code: str, text: str) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    answer = me("quality", "check", *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"error[{code}]: ")
    assert text in answer.err


def test_what_cannot_be_read_to_its_end_is_not_looked_at(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("A = 1\n")
    (tmp_path / "src" / "loop.py").symlink_to("loop.py")
    (tmp_path / "src" / "gone.py").symlink_to("nowhere.py")
    os.mkfifo(tmp_path / "src" / "pipe.py")
    os.mkfifo(tmp_path / "test_a.py")
    report = me("quality", "check", "src", "--axis", "complexity", "--json").json
    assert (report["state"], report["files"]) == ("auto", ["src/a.py"])
    assert me("quality", "check", "src", "--axis", "correctness").code == 0
    for name, words in (("loop.py", "it is a link that leads to itself"), ("pipe.py", "is no ordinary file")):
        answer = me("quality", "check", f"src/{name}")
        assert (answer.code, answer.out) == (2, "")
        assert answer.err.startswith("error[ME390]: ")
        assert words in answer.err
        assert "hint: name a file, or a folder" in answer.err


def test_settings_that_are_wrong_are_shown_at_their_place(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    (tmp_path / ".metaensemble").mkdir(exist_ok=True)
    (tmp_path / ".metaensemble" / "quality.yaml").write_text("parallel: 2\ncomplexty: off\n")
    answer = me("quality", "check", "a.py")
    assert answer.code == 2
    assert "quality.yaml:2:1\n" in answer.err
    assert "2 | complexty: off" in answer.err
    assert "hint: did you mean `complexity`?" in answer.err
