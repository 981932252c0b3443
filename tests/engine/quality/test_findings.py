"""Findings are bounded in size, whatever tools and checks say."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.quality.findings import (
    MOST_BYTES,
    MOST_FILES,
    MOST_OF_AN_AXIS,
    AxisResult,
    bounded,
    finding,
    short,
    told,
)


def axis(name: str, count: int, size: int) -> dict[str, Any]:
    return {"axis": name, "state": "block", "findings": [{"file": "a", "message": "é" * size}] * count}


def check(size: int, state: str = "failed") -> dict[str, Any]:
    return {"check": "c", "state": state, "why": "exit status 1", "tail": "x" * size + "END"}


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 300)), max_size=10),
    st.lists(st.integers(0, 1500), max_size=400),
)
def test_no_more_than_so_many_bytes_and_no_axis_left_out(
    axes: list[tuple[int, int]], checks: list[int]
) -> None:
    findings: dict[str, Any] = {
        "axes": [axis(str(number), count, size) for number, (count, size) in enumerate(axes)],
        "checks": [check(size) for size in checks],
    }
    found = bounded(findings)
    assert len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST_BYTES
    assert [one["axis"] for one in found["axes"]] == [str(number) for number in range(len(axes))]


def test_of_what_was_printed_the_end_is_kept() -> None:
    found = bounded({"checks": [check(60_000)]})
    assert found["checks"][0]["tail"].endswith("END")


def test_what_is_small_stays_as_it_is() -> None:
    findings = {"axes": [axis("a", 3, 10)], "checks": [check(100)]}
    assert bounded(json.loads(json.dumps(findings))) == findings


def test_an_axis_names_so_many_findings_and_files() -> None:
    result = AxisResult(
        axis="coverage",
        state="auto",
        findings=[finding("a.py", None, "r", "m")] * 99,
        files={f"{number}.py": 1.0 for number in range(999)},
    )
    data = result.to_json()
    assert (len(data["findings"]), len(data["files"])) == (MOST_OF_AN_AXIS, MOST_FILES)


def test_a_message_is_one_line_of_bounded_length() -> None:
    assert short(" a\n  b ") == "a b"
    assert len(short("x" * 999)) == 300


def test_what_is_told_is_what_failed_first() -> None:
    findings = {
        "axes": [axis("complexity", 1, 1) | {"why": "too much"}, {"axis": "coverage", "state": "auto"}],
        "checks": [check(0), check(0, state="ok")],
        "assertions": [{"state": "failed", "message": "no `f`"}, {"state": "skipped", "message": "unknown"}],
    }
    findings["axes"][0]["findings"][0]["rule"] = "rank-D"
    assert told(findings, axes=True).splitlines() == [
        "check failed: c (exit status 1)",
        "  END",
        "does not hold: no `f`",
        "complexity: block: too much",
        "  a rank-D: é",
    ]
    assert "complexity" not in told(findings, axes=False)
