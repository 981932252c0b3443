"""What the reports of the tools mean; the reports are as the tools wrote them, cut to the keys that count."""

from __future__ import annotations

import json
from typing import Any

import pytest

from metaensemble.engine.quality import complexity, correctness, coverage, maintainability, security
from metaensemble.engine.quality.measured import state_of
from metaensemble.schemas.quality import CORE, AxisRule, AxisState


def name_of(path: str) -> str:
    return path.removeprefix("/p/")


def said(report: Any) -> bytes:
    return json.dumps(report).encode()


def bandit(*severities: str, errors: int = 0) -> bytes:
    results = [
        {
            "filename": "/p/a.py",
            "line_number": line,
            "test_id": "B307",
            "issue_text": "Use of eval.",
            "issue_severity": severity,
        }
        for line, severity in enumerate(severities, start=1)
    ]
    unread = [{"filename": "/p/b.py", "reason": "syntax error while parsing AST from file"}] * errors
    return said({"results": results, "errors": unread})


@pytest.mark.parametrize(
    ("severities", "value", "words"),
    [
        ((), 0, "nothing found"),
        (("LOW",), 1, "1 finding (1 low)"),
        (("LOW", "MEDIUM"), 2, "2 findings (1 medium, 1 low)"),
        (("HIGH", "LOW", "HIGH"), 3, "3 findings (2 high, 1 low)"),
    ],
)
def test_bandit(severities: tuple[str, ...], value: int, words: str) -> None:
    found = security.parse(bandit(*severities), name_of)
    assert (found.value, found.said, found.unread) == (value, words, 0)


def test_the_worst_finding_of_bandit_comes_first() -> None:
    found = security.parse(bandit("LOW", "HIGH"), name_of)
    assert list(found.findings) == [
        {"file": "a.py", "line": 2, "rule": "B307", "message": "Use of eval.", "severity": "high"},
        {"file": "a.py", "line": 1, "rule": "B307", "message": "Use of eval.", "severity": "low"},
    ]


def test_a_file_that_bandit_cannot_read_is_told() -> None:
    found = security.parse(bandit(errors=1), name_of)
    assert found.unread == 1
    assert found.findings[0]["rule"] == "not-read"


def test_pip_audit_knows_no_severities() -> None:
    weak = {"id": "PYSEC-1", "description": "bad"}
    report = {"dependencies": [{"name": "x", "version": "1.0", "vulns": [weak]}, {"name": "y", "vulns": []}]}
    found = security.parse_audit(said(report), name_of)
    assert (found.value, found.said) == (2, "1 known weakness of installed packages")
    assert found.findings[0] == {"file": "x 1.0", "rule": "PYSEC-1", "message": "bad"}
    assert security.parse_audit(said({"dependencies": []}), name_of).value == 0


def test_ruff() -> None:
    issues = [
        {"filename": "/p/a.py", "location": {"row": 3, "column": 1}, "code": code, "message": "unused"}
        for code in ("F401", "F401", None)
    ]
    found = maintainability.parse(said(issues), name_of)
    assert (found.value, found.said) == (3, "3 issues (F401 2x, invalid-syntax 1x)")
    assert found.findings[0] == {"file": "a.py", "line": 3, "rule": "F401", "message": "unused"}
    assert maintainability.parse(b"[]", name_of).said == "no issues"


def block(name: str, value: int, **more: Any) -> dict[str, Any]:
    kind = {"type": "function", "rank": "B", "lineno": 2, "name": name, "complexity": value, "closures": []}
    return {**kind, **more}


def test_radon_counts_functions_and_methods_and_what_lies_in_them() -> None:
    inner = block("inner", 14)
    report = {
        "/p/a.py": [
            block("C", 40, type="class", methods=[]),
            block("m", 11, type="method", classname="C"),
            block("f", 3, closures=[inner]),
        ]
    }
    found = complexity.parse(said(report), name_of, above=11)
    assert (found.value, found.said) == (14, "the most complex function is `inner`: 14")
    assert [one["message"] for one in found.findings] == [
        "`inner` has complexity 14",
        "`C.m` has complexity 11",
    ]


def test_radon_of_a_file_without_functions_and_of_one_that_is_no_python() -> None:
    found = complexity.parse(said({"/p/a.py": [], "/p/b.py": {"error": "invalid syntax"}}), name_of, above=11)
    assert (found.value, found.said, found.unread) == (0, "no functions", 1)


def test_the_tests() -> None:
    problem = {"test": "t.py::a", "kind": "test-failure", "file": "/p/t.py", "line": 4, "message": "assert 1"}
    report = {"passed": 2, "failed": 1, "errors": 1, "skipped": 0, "problems": [problem]}
    found = correctness.parse(said(report), name_of)
    assert (found.value, found.said) == (2, "2 passed, 1 failed, 1 errors")
    assert found.findings[0] == {
        "file": "t.py",
        "line": 4,
        "rule": "test-failure",
        "message": "t.py::a: assert 1",
    }


def test_coverage() -> None:
    report = {"files": {"/p/a.py": {"summary": {"percent_covered": 66.6}}}}
    assert coverage.parse(said(report)) == {"/p/a.py": 66.6}


@pytest.mark.parametrize(
    ("axis", "value", "state"),
    [
        ("correctness", 0, "auto"),
        ("correctness", 1, "notify"),
        ("correctness", 2, "notify"),
        ("correctness", 3, "block"),
        ("security", 1, "auto"),
        ("security", 2, "notify"),
        ("security", 3, "block"),
        ("maintainability", 5, "auto"),
        ("maintainability", 6, "notify"),
        ("maintainability", 15, "notify"),
        ("maintainability", 16, "block"),
        ("complexity", 10, "auto"),
        ("complexity", 11, "notify"),
        ("complexity", 15, "notify"),
        ("complexity", 16, "block"),
    ],
)
def test_the_limits_of_the_core_layer(axis: Any, value: float, state: AxisState) -> None:
    assert state_of(value, CORE[axis]) == state


def test_a_limit_of_never() -> None:
    assert state_of(99, AxisRule(notify=None, block=None)) == "auto"
    assert state_of(99, AxisRule(notify=1, block=None)) == "notify"


@pytest.mark.parametrize(
    ("percent", "before", "state"),
    [
        (100.0, None, "auto"),
        (80.0, None, "auto"),
        (79.9, None, "block"),
        (90.0, 94.9, "auto"),
        (90.0, 95.0, "notify"),
        (90.0, 70.0, "auto"),
        (70.0, 70.0, "block"),
    ],
)
def test_coverage_blocks_below_a_share_and_notifies_of_a_fall(
    percent: float, before: float | None, state: AxisState
) -> None:
    known = {"a.py": before}
    percents = {"a.py": percent, "b.py": 100.0}
    found = coverage.judge(percents, CORE["coverage"], baseline=known.get, tool="coverage")
    assert (found.state, found.value) == (state, percent)
    assert found.files == {"a.py": percent, "b.py": 100.0}


def test_characters_that_mean_something_in_a_pattern_are_none_of_it() -> None:
    text = coverage.settings(["/p/a[1]$x,.py"], "/s/data")
    assert "    /p/a?1??x?.py\n" in text
