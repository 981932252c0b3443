"""`python tests.py PROJECT PYTHON SOURCE TESTS`: run the project's tests with pytest, under coverage.

PYTHON is the interpreter to run them with, SOURCE what coverage measures, TESTS further words for
pytest's command line.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from check import Check, broken, project_at, relative

_NO_TESTS = 5
_MEANINGS = {
    2: "the run was broken off",
    3: "an internal error of pytest",
    4: "wrong words for pytest, or a conftest.py that cannot be imported",
}


def run_tests(project: Path, python: str, source: str, words: list[str]) -> Check:
    """Run pytest in the project. Failed tests are findings; a run that did not come about is none."""
    try:
        present = {tool: _has(python, tool, project) for tool in ("pytest", "coverage")}
    except OSError as error:
        return broken("pytest", f"the interpreter `{python}` cannot be started: {error.strerror}")
    if not present["pytest"]:
        return Check(
            "pytest", status="missing", notes=[f"`{python}` has no `pytest`; `pip install pytest` gets it"]
        )
    with tempfile.TemporaryDirectory(prefix="quality-review-") as scratch:
        results = Path(scratch, "results.xml")
        pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "junit_family=xunit1"]
        measured = ["-m", "coverage", "run", f"--source={source}"] if present["coverage"] else []
        done = subprocess.run(
            [python, *measured, *pytest, f"--junitxml={results}", *words],
            cwd=project,
            env=_environment(scratch),
            stdout=sys.stderr,
            stderr=sys.stderr,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        check = Check("pytest")
        if done.returncode == _NO_TESTS:
            check.notes.append("there are no tests, so none failed and nothing is covered")
            return check
        if done.returncode not in (0, 1, 2) or not results.exists():
            why = _MEANINGS.get(done.returncode, "")
            return broken(
                "pytest", f"exit status {done.returncode}{why and ': ' + why}; see the log of this task"
            )
        _read_results(check, results, project)
        if done.returncode == 2 and not check.findings:
            return broken("pytest", f"exit status 2: {_MEANINGS[2]}; see the log of this task")
        if present["coverage"]:
            _read_coverage(check, python, project, scratch)
        else:
            check.notes.append(f"coverage was not measured: `{python}` has no `coverage`")
    return check


def _has(python: str, module: str, project: Path) -> bool:
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec(sys.argv[1]) is None)"
    return subprocess.run([python, "-c", code, module], cwd=project, check=False).returncode == 0


def _environment(scratch: str) -> dict[str, str]:
    """The project's tests must not notice that they run inside another program, nor leave files behind."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_", "ME_"))
    }
    return kept | {"PYTHONDONTWRITEBYTECODE": "1", "COVERAGE_FILE": str(Path(scratch, "coverage"))}


def _read_results(check: Check, results: Path, project: Path) -> None:
    cases = list(ET.parse(results).getroot().iter("testcase"))
    skipped = 0
    failed = 0
    for case in cases:
        skipped += case.find("skipped") is not None
        for kind in ("failure", "error"):
            problem = case.find(kind)
            if problem is not None:
                failed += 1
                file = relative(
                    case.get("file") or f"{case.get('classname', '').replace('.', '/')}.py", project
                )
                what = (problem.get("message") or kind).strip().splitlines()[0]
                check.find(
                    file,
                    int(case.get("line") or 0) + 1,
                    f"test-{kind}",
                    "high",
                    f"`{case.get('name')}`: {what}",
                )
    check.notes.append(
        f"{len(cases)} tests ran: {len(cases) - skipped - failed} passed, {failed} failed, {skipped} skipped"
    )


def _read_coverage(check: Check, python: str, project: Path, scratch: str) -> None:
    target = Path(scratch, "coverage.json")
    done = subprocess.run(
        [python, "-m", "coverage", "json", "-q", "-o", str(target)],
        cwd=project,
        env=_environment(scratch),
        capture_output=True,
        text=True,
        check=False,
    )
    if not target.exists():
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        check.notes.append(f"coverage was not measured: {words[-1] if words else 'no reason given'}")
        return
    answer = json.loads(target.read_text(encoding="utf-8"))
    for name, figures in answer["files"].items():
        check.coverage[_in_project(name, project)] = round(figures["summary"]["percent_covered"], 1)
    check.notes.append(f"the tests ran {answer['totals']['percent_covered']:.0f} % of the measured code")


def _in_project(name: str, project: Path) -> str:
    """The project's file that `name` is; for an installed copy, the file that it was installed from."""
    parts = Path(name).parts
    if "site-packages" in parts:
        inside = parts[parts.index("site-packages") + 1 :]
        for start in (Path("src", *inside), Path(*inside), Path(*inside[1:])):
            if (project / start).is_file():
                return start.as_posix()
    return relative(name, project)


if __name__ == "__main__":
    run_tests(project_at(sys.argv[1]), sys.argv[2], sys.argv[3], shlex.split(sys.argv[4])).say()
