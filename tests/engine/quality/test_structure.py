from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.quality.recorded_coverage import NotRecorded, recorded_coverage
from metaensemble.engine.quality.structure import LARGEST, check_structure
from metaensemble.engine.runtimes.protocol import Assertion

MODULE = "def used():\n    return 1\n\n\ndef unused():\n    return 2\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "mod.py").write_text(MODULE)
    return root


def check(project: Path, name: str, **more: Any) -> list[tuple[str, str, str]]:
    covered = more.pop("covered", None)
    assertion = Assertion(path=str(project / name), **more)
    found = check_structure([assertion], str(project), covered=covered)
    assert all(one["file"] == os.path.relpath(project / name, project) for one in found)
    return [(one["rule"], one["state"], one["message"]) for one in found]


def test_what_holds_is_not_spoken_of(project: Path) -> None:
    assert check(project, "mod.py", must_export=("used", "unused")) == []
    assert check(project, "mod.py") == []


def test_a_file_that_is_not_there(project: Path, tmp_path: Path) -> None:
    assert check(project, "gone.py", must_export=("x",), coverage=80) == [
        ("exists", "failed", "there is no file `gone.py`")
    ]
    (tmp_path / "outside.py").write_text("x = 1\n")
    (project / "link.py").symlink_to("../outside.py")
    assert check(project, "link.py") == [("exists", "failed", "`link.py` leads out of the project")]
    (project / "folder.py").mkdir()
    assert check(project, "folder.py") == [("exists", "failed", "`folder.py` is not an ordinary file")]
    os.mkfifo(project / "pipe.py")
    assert check(project, "pipe.py", must_export=("x",))[0][1] == "failed"


def test_names_that_are_not_exported(project: Path) -> None:
    (found,) = check_structure(
        [Assertion(path=str(project / "mod.py"), must_export=("used", "other"))], str(project)
    )
    assert found == {
        "file": "mod.py",
        "rule": "must_export",
        "state": "failed",
        "message": "`mod.py` does not export `other`: it is not defined at the top level",
        "name": "other",
    }


def test_the_file_is_never_imported(project: Path) -> None:
    (project / "mod.py").write_text("open('ran', 'w')\nraise SystemExit\nx = 1\n")
    assert check(project, "mod.py", must_export=("x",)) == []
    assert not (project / "ran").exists()


def test_what_cannot_be_told_is_no_pass_and_no_failure(project: Path) -> None:
    (project / "mod.ts").write_text("export const x = 1\n")
    (project / "star.py").write_text("from os import *\n")
    assert check(project, "mod.ts", must_export=("x",)) == [
        (
            "must_export",
            "skipped",
            "what `mod.ts` exports cannot be told: only Python files can be looked into",
        )
    ]
    assert check(project, "star.py", must_export=("x",)) == [
        ("must_export", "skipped", "whether `star.py` exports `x` cannot be told: it has `from os import *`")
    ]


def test_a_file_that_cannot_be_read_as_python_fails(project: Path) -> None:
    (project / "mod.py").write_text("def f(:\n")
    ((rule, state, said),) = check(project, "mod.py", must_export=("f",))
    assert (rule, state) == ("must_export", "failed")
    assert said == "what `mod.py` exports cannot be read: it is not Python: invalid syntax in line 1"
    (project / "mod.py").write_bytes(b"#" * (LARGEST + 1))
    assert "it is larger than 4 MiB" in check(project, "mod.py", must_export=("f",))[0][2]


# ---- coverage


def measure(project: Path) -> None:
    """Let coverage.py record a run of `used`."""
    script = project / "use.py"
    script.write_text("import mod\nmod.used()\n")
    environ = {**os.environ, "COVERAGE_FILE": str(project / ".coverage")}
    command = [sys.executable, "-m", "coverage", "run", "--rcfile=/dev/null", "--source=.", "use.py"]
    subprocess.run(command, cwd=project, check=True, env=environ, timeout=60, capture_output=True)


def report(project: Path, files: Any) -> None:
    (project / "coverage.json").write_text(json.dumps({"files": files}))


def test_what_was_measured_just_now_counts_first(project: Path) -> None:
    report(project, {"mod.py": {"summary": {"percent_covered": 99}}})
    covered = {os.path.realpath(project / "mod.py"): 79.96}
    assert check(project, "mod.py", coverage=79, covered=covered) == []
    assert check(project, "mod.py", coverage=80, covered=covered) == [
        ("coverage", "failed", "80.0 % of `mod.py` is covered, and 80 % is the least")
    ]


def test_a_record_of_coverage_is_read(project: Path) -> None:
    measure(project)
    assert recorded_coverage(str(project / "mod.py"), str(project)) == 75.0
    assert check(project, "mod.py", coverage=75) == []
    assert check(project, "mod.py", coverage=76) == [
        ("coverage", "failed", "75.0 % of `mod.py` is covered, and 76 % is the least")
    ]


def test_a_report_is_read_where_there_is_no_record(project: Path) -> None:
    report(project, {"./mod.py": {"summary": {"percent_covered": 50}}})
    assert check(project, "mod.py", coverage=50) == []
    assert check(project, "mod.py", coverage=50.5)[0][1] == "failed"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "there is neither `.coverage` nor `coverage.json` in the project"),
        ("{", "`coverage.json` is no report of coverage.py"),
        ("[]", "`coverage.json` is no report of coverage.py"),
        ('{"files": {"mod.py": {}}}', "`coverage.json` is no report of coverage.py"),
        ('{"files": {}}', "`coverage.json` has no measurement of it"),
    ],
)
def test_what_is_not_recorded_is_not_known(project: Path, text: str | None, why: str) -> None:
    if text is not None:
        (project / "coverage.json").write_text(text)
    assert check(project, "mod.py", coverage=1) == [
        ("coverage", "skipped", f"the coverage of `mod.py` is not known: {why}")
    ]


def test_a_record_older_than_the_file_says_nothing(project: Path) -> None:
    report(project, {"mod.py": {"summary": {"percent_covered": 100}}})
    os.utime(project / "coverage.json", ns=(1, 1))
    with pytest.raises(NotRecorded, match="was made before the file was last written"):
        recorded_coverage(str(project / "mod.py"), str(project))


def test_a_record_that_is_none(project: Path) -> None:
    (project / ".coverage").write_text("no database")
    with pytest.raises(NotRecorded, match=r"`\.coverage` cannot be read: "):
        recorded_coverage(str(project / "mod.py"), str(project))


def test_a_file_that_was_not_measured(project: Path) -> None:
    measure(project)
    (project / "other.py").write_text("x = 1\n")
    os.utime(project / "other.py", ns=(1, 1))
    (project / ".coverage").touch()
    (project / "elsewhere").mkdir()
    (project / "elsewhere" / "x.py").write_text("x = 1\n")
    os.utime(project / "elsewhere" / "x.py", ns=(1, 1))
    with pytest.raises(NotRecorded, match="has no measurement of it"):
        recorded_coverage(str(project / "elsewhere" / "x.py"), str(project))
