"""A plugin for pytest that writes what the tests came to into a file, as JSON.

It is loaded, from a copy of its own, into whatever interpreter the project's pytest has: any Python that is
still about, and nothing but the standard library. What else would measure or spread the tests is switched
off for this run: another measurement of coverage takes the place of the one around, and tests in other
processes are seen by neither. What plugins keep between runs is kept out of the project. `ME_QUALITY_REPORT`
names the file.
"""

import json
import os
from typing import Any, Dict, Iterator  # noqa: UP035  # for old interpreters

import pytest

_MOST = 50
_LONGEST = 280
_found: Dict[str, Any] = {  # noqa: UP006
    "passed": 0,
    "failed": 0,
    "errors": 0,
    "skipped": 0,
    "problems": [],
}


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: Any) -> Iterator[None]:
    """Keep pytest-cov from measuring."""
    if hasattr(early_config.known_args_namespace, "cov_source"):
        early_config.known_args_namespace.cov_source = []
    yield


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_cmdline_main(config: Any) -> Iterator[None]:
    """Keep pytest-xdist from spreading the tests, and pytest-benchmark from making a folder."""
    kept = "file://" + os.path.join(os.path.dirname(os.environ["ME_QUALITY_REPORT"]), "benchmarks")
    others: Any = (("numprocesses", None), ("dist", "no"), ("tx", []), ("benchmark_storage", kept))
    for name, value in others:
        if hasattr(config.option, name):
            setattr(config.option, name, value)
    yield


def pytest_collectreport(report: Any) -> None:
    """Note a file whose tests could not be collected."""
    if report.failed:
        _note("errors", "test-error", report)


def pytest_runtest_logreport(report: Any) -> None:
    """Count a test, and note one that did not pass."""
    if report.failed:
        called = report.when == "call"
        _note("failed" if called else "errors", "test-failure" if called else "test-error", report)
    elif report.skipped:
        _found["skipped"] += 1
    elif report.when == "call":
        _found["passed"] += 1


def pytest_sessionfinish() -> None:
    """Write what was found."""
    with open(os.environ["ME_QUALITY_REPORT"], "w", encoding="utf-8") as file:  # noqa: PTH123  # as above
        json.dump(_found, file)


def _note(counter: str, kind: str, report: Any) -> None:
    _found[counter] += 1
    if len(_found["problems"]) >= _MOST:
        return
    crash = getattr(report.longrepr, "reprcrash", None)
    message = str(crash.message if crash is not None else report.longrepr or "").strip()
    problem = {
        "test": report.nodeid,
        "kind": kind,
        "file": str(crash.path) if crash is not None else report.nodeid.split("::")[0],
        "message": message[-_LONGEST:] if crash is None else message[:_LONGEST],
    }
    place = getattr(report, "location", None)
    if crash is not None:
        problem["line"] = crash.lineno
    elif place and place[1] is not None:
        problem["line"] = place[1] + 1
    _found["problems"].append(problem)
