from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.agents.pointers import check_pointers, memory_pointers, within_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "parser.py").write_text("a = 1\nb = 2\nc = 3")
    (root / "empty.txt").write_text("")
    (tmp_path / "outside.txt").write_text("not yours\n")
    return root


def pointed(*files: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"context": {"files": list(files)}, **more}


def problems(manifest: dict[str, Any], project: Path) -> list[tuple[str, str, str | None]]:
    return [(error.code, error.message, error.hint) for error in check_pointers(manifest, project)]


@pytest.mark.parametrize("lines", [None, "1", "1..3", "3..3"])
def test_what_is_there_is_fine(project: Path, lines: str | None) -> None:
    pointer = {"path": "src/parser.py"} | ({"lines": lines} if lines else {})
    assert problems(pointed(pointer, {"path": "./src/../empty.txt"}), project) == []
    assert check_pointers({}, project) == []


@pytest.mark.parametrize(
    ("path", "code", "message", "hint"),
    [
        ("src/parsr.py", "ME381", "there is no file `src/parsr.py`", "did you mean `src/parser.py`?"),
        ("src/other.py", "ME381", "there is no file `src/other.py`", "`src` has `parser.py`"),
        (
            "lib/deep/a.py",
            "ME381",
            "there is no file `lib/deep/a.py`",
            "the project has `empty.txt` and `src`",
        ),
        ("empty.txt/a", "ME381", "there is no file `empty.txt/a`: a part of the way is a file", None),
        ("src", "ME382", "`src` is a directory, not a file", "it has `parser.py`"),
        ("a\0b", "ME382", "`a\0b` cannot be read: embedded null byte", None),
        ("../outside.txt", "ME384", "`../outside.txt` leads out of the project", None),
        ("/etc/passwd", "ME384", "`/etc/passwd` leads out of the project", None),
        ("src/../../outside.txt", "ME384", "`src/../../outside.txt` leads out of the project", None),
    ],
)
def test_what_is_not_there_says_what_is(
    project: Path, path: str, code: str, message: str, hint: str | None
) -> None:
    ((found, said, hinted),) = problems(pointed({"path": path}), project)
    assert (found, said) == (code, message)
    assert hint is None or hinted == hint


@pytest.mark.parametrize(
    ("path", "lines", "message", "hint"),
    [
        (
            "src/parser.py",
            "2..9",
            "`src/parser.py` has 3 lines, and lines 2 to 9 are pointed to",
            "write `2..3`",
        ),
        (
            "src/parser.py",
            "7",
            "`src/parser.py` has 3 lines, and line 7 are pointed to",
            "its last line is 3",
        ),
        ("empty.txt", "1", "`empty.txt` is empty, and line 1 are pointed to", "leave `lines` out"),
    ],
)
def test_lines_that_are_not_there(project: Path, path: str, lines: str, message: str, hint: str) -> None:
    ((code, said, hinted),) = problems(pointed({"path": path, "lines": lines}), project)
    assert code == "ME383"
    assert said == message.replace("line 7 are", "line 7 is").replace("line 1 are", "line 1 is")
    assert hinted is not None
    assert hinted.startswith(hint)


def test_a_link_may_not_lead_out(project: Path) -> None:
    (project / "link.txt").symlink_to("../outside.txt")
    (project / "up").symlink_to("..")
    (project / "inner.txt").symlink_to("src/parser.py")
    manifest = pointed({"path": "link.txt"}, {"path": "up/outside.txt"}, {"path": "inner.txt"})
    assert [(one.code, one.where) for one in check_pointers(manifest, project)] == [
        ("ME384", ("context", "files", 0, "path")),
        ("ME384", ("context", "files", 1, "path")),
    ]


def test_a_project_may_be_named_through_a_link(project: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(project)
    assert check_pointers(pointed({"path": "src/parser.py"}), tmp_path / "alias") == []


def test_a_pipe_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "pipe")
    assert [code for code, _, _ in problems(pointed({"path": "pipe"}), project)] == ["ME382"]


def test_a_deliverable_is_yet_to_come_and_its_schema_is_not(project: Path) -> None:
    promised = [
        {"path": "out/new.json", "schema": "schemas/none.json"},
        {"path": "../new.json", "schema": {"type": "object"}},
    ]
    found = check_pointers({"expected_deliverables": promised}, project)
    assert [(one.code, one.where) for one in found] == [
        ("ME381", ("expected_deliverables", 0, "schema")),
        ("ME384", ("expected_deliverables", 1, "path")),
    ]


def test_memory_files_are_those_that_are_there(project: Path, tmp_path: Path) -> None:
    (project / "CLAUDE.md").write_text("be brief\n")
    (project / ".claude").mkdir()
    (project / ".claude" / "CLAUDE.md").symlink_to("../../outside.txt")
    assert memory_pointers(project) == [{"path": "CLAUDE.md", "role": "memory"}]
    (project / "AGENTS.md").write_text("be brief\n")
    assert memory_pointers(project, ["AGENTS.md", "gone.md", "../outside.txt"]) == [
        {"path": "AGENTS.md", "role": "memory"}
    ]
    assert memory_pointers(project, []) == []


def test_a_path_inside_the_project_is_named_from_its_root(project: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(project)
    for root in (project, link):
        for absolute in (f"{project}/src/parser.py", f"{root}/src/../src/parser.py"):
            assert within_project(absolute, str(root)) == "src/parser.py"
    for path in ("src/parser.py", "../outside.txt", f"{tmp_path}/outside.txt", str(project), "/a\0b"):
        assert within_project(path, str(project)) == path


def test_what_is_above_a_link_is_above_what_it_points_to(project: Path, tmp_path: Path) -> None:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "far" / "secret.txt").write_text("not yours\n")
    (project / "away").symlink_to(tmp_path / "far" / "deep")
    (project / "src" / "inner").mkdir()
    (project / "near").symlink_to("src/inner")
    promised = [{"path": "away/../made.txt"}, {"path": "near/../made.txt"}]
    files = pointed(
        {"path": "away/../secret.txt"},
        {"path": "away/../none.txt"},
        {"path": "near/../parser.py"},
        {"path": "near/../parsr.py"},
        {"path": "away/../nowhere/../../project/none.txt"},
        expected_deliverables=promised,
    )
    found = check_pointers(files, project)
    assert [(one.code, one.where, one.hint) for one in found if one.code != "ME384"] == [
        ("ME381", ("context", "files", 3, "path"), "did you mean `near/../parser.py`?"),
        ("ME381", ("context", "files", 4, "path"), "the project has `away`, `empty.txt`, `near` and `src`"),
    ]
    assert [one.where for one in found if one.code == "ME384"] == [
        ("context", "files", 0, "path"),
        ("context", "files", 1, "path"),
        ("expected_deliverables", 0, "path"),
    ]
    assert within_project(f"{project}/near/../parser.py", str(project)) == "src/parser.py"
