"""What the work of an attempt comes to: with real programs, as a runtime would ask."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.quality.assessed import STOPPED, AssessedHandle, assessed
from metaensemble.engine.quality.assessment import Assess, Assessment
from metaensemble.engine.runtimes.fake import ScriptedRuntime
from metaensemble.engine.runtimes.protocol import Assertion, AttemptRequest, AttemptResult
from metaensemble.schemas.quality import AxisCommand, AxisRule, QualityRules
from support.fakes import Events, a_request, run_async
from support.processes import Fifo

OK = AttemptResult(outcome="ok", output="done", deliverable={"path": "a.py"})
SECRET = "correct-horse-battery"

GOOD = "def double(number):\n    return 2 * number\n"
TESTS = "from good import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


def looked_at(
    request: AttemptRequest,
    rules: QualityRules | None = None,
    *,
    result: AttemptResult = OK,
    path: str | None = None,
    baseline: Mapping[str, float] | None = None,
) -> Assessment:
    environ = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin" if path is None else path}

    async def main() -> Assessment:
        assess = Assess(rules or QualityRules(), environ=environ, baseline=(baseline or {}).get)
        try:
            return await assess(request, result)
        finally:
            await assess.close()

    return run_async(main())


def axes(found: Assessment) -> dict[str, dict[str, Any]]:
    return {one["axis"]: one for one in found.findings["axes"]}


def project(root: Path, **files: str) -> AttemptRequest:
    for name, text in files.items():
        (root / f"{name}.py").write_text(text)
    deliverables = tuple((str(root / f"{name}.py"), None) for name in files if not name.startswith("test_"))
    return a_request(root, deliverables=deliverables)


# ---- checks


def test_checks_hold(tmp_path: Path) -> None:
    found = looked_at(a_request(tmp_path, checks=({"shell": "true", "env": {}}, {"argv": ["true"]})))
    assert found.ok
    assert found.state == "auto"
    assert found.findings == {
        "state": "auto",
        "checks": [{"check": "true", "state": "ok"}, {"check": "true", "state": "ok"}],
    }
    assert (found.reason, found.text) == ("", "")


def test_a_check_that_fails(tmp_path: Path) -> None:
    checks = ({"shell": "echo said; exit 3", "env": {}}, {"argv": ["false"]}, {"argv": ["/no/such"]})
    found = looked_at(a_request(tmp_path, checks=checks))
    assert not found.ok
    assert found.state == "block"
    assert [one["state"] for one in found.findings["checks"]] == ["failed"] * 3
    assert found.findings["checks"][0]["status"] == 3
    assert found.findings["checks"][0]["tail"] == "said"
    assert found.reason == "the check `echo said; exit 3` failed: exit status 3: said (and 2 more)"
    assert found.text.splitlines()[:2] == ["check failed: echo said; exit 3 (exit status 3)", "  said"]
    assert found.columns == {"quality_state": "block", "quality_findings": found.findings}


def test_a_check_runs_where_and_as_the_work_did(tmp_path: Path) -> None:
    text = 'test "$A$B$ME_X_1" = xyz && test "$PWD" = "$HERE" && test "$TOKEN" = "$SAME" && test -n "$ME_NODE_ID"'
    here = tmp_path / "sub"
    here.mkdir()
    request = a_request(
        tmp_path,
        checks=({"shell": text, "env": {"ME_X_1": "z", "HERE": str(here.resolve()), "SAME": SECRET}},),
        env={"A": "x", "B": "y"},
        secrets={"TOKEN": SECRET},
    )
    assert looked_at(replace(request, cwd=str(here))).ok


def test_no_secret_is_told(tmp_path: Path) -> None:
    check = {"shell": f'echo "$TOKEN"; echo {SECRET} >&2; exit 1', "env": {}}
    found = looked_at(a_request(tmp_path, checks=(check,), secrets={"TOKEN": SECRET}))
    assert not found.ok
    assert SECRET not in json.dumps(found.findings) + found.text + found.reason
    assert "***TOKEN***" in found.text


def test_checks_come_one_after_the_other(tmp_path: Path) -> None:
    checks = [{"shell": f"test $(cat n || echo 0) = {n} && echo {n + 1} > n", "env": {}} for n in range(3)]
    assert looked_at(a_request(tmp_path, checks=tuple(checks))).ok


def test_an_attempt_that_failed_is_not_looked_at(tmp_path: Path) -> None:
    request = a_request(tmp_path, checks=({"shell": "touch seen", "env": {}},))
    found = looked_at(request, result=AttemptResult(outcome="failed", reason="x"))
    assert found == Assessment()
    assert not (tmp_path / "seen").exists()


def test_what_is_found_is_bounded(tmp_path: Path) -> None:
    checks = [{"argv": ["sh", "-c", f"yes {'x' * 900} | head -n 9; exit 1"]} for _ in range(60)]
    found = looked_at(a_request(tmp_path, checks=tuple(checks)))
    assert len(json.dumps(found.findings)) < 30_000
    assert found.state == "block"


# ---- axes


def test_good_work(tmp_path: Path) -> None:
    found = looked_at(project(tmp_path, good=GOOD, test_good=TESTS))
    assert found.ok
    assert found.state == "auto"
    states = {name: (one["state"], one.get("value")) for name, one in axes(found).items()}
    assert states == {
        "correctness": ("auto", 0),
        "security": ("auto", 0),
        "maintainability": ("auto", 0),
        "complexity": ("auto", 1),
        "coverage": ("auto", 100.0),
    }
    assert axes(found)["coverage"]["files"] == {"good.py": 100.0}
    # What tools keep is kept elsewhere.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.py", "test_good.py"]


BAD = """\
import pickle, os, sys, re, json, math, time, ast, abc, cmd, csv, dis, pdb, pty, tty, zlib, bz2
def load(data):
    return pickle.loads(data)
def many(n):
""" + "".join(f"    if n == {n}: return {n}\n" for n in range(20))


def test_bad_work_and_what_is_said_of_it(tmp_path: Path) -> None:
    tests = "from bad import many\n" + "".join(
        f"def test_{n}():\n    assert many({n}) == -1\n" for n in range(3)
    )
    request = replace(project(tmp_path, bad=BAD, test_bad=tests), quality="reask")
    found = looked_at(request)
    assert {name: one["state"] for name, one in axes(found).items()} == {
        "correctness": "block",
        "security": "notify",
        "maintainability": "block",
        "complexity": "block",
        "coverage": "block",
    }
    assert axes(found)["correctness"]["value"] == 3
    assert axes(found)["complexity"]["value"] == 21
    assert axes(found)["correctness"]["findings"][0]["file"] == "test_bad.py"
    assert (found.ok, found.state) == (False, "block")
    assert found.reason.startswith("the quality gate blocks: correctness: 3 failed; maintainability: ")
    assert "complexity: block: the most complex function is `many`: 21" in found.text
    assert "  bad.py:4 rank-D: `many` has complexity 21" in found.text
    noted = looked_at(replace(request, quality="note"))
    assert (noted.ok, noted.state, noted.reason, noted.text) == (True, "block", "", "")
    assert looked_at(replace(request, quality="off")) == Assessment()


def test_a_tool_that_is_missing_skips_its_axis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("metaensemble.engine.quality.tools.sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("metaensemble.engine.quality.tools.sysconfig.get_path", lambda _: str(tmp_path))
    found = looked_at(project(tmp_path, good=GOOD, test_good=TESTS), path="")
    assert found.ok
    assert found.state is None
    assert {one["state"] for one in axes(found).values()} == {"skipped"}
    assert axes(found)["security"]["why"].startswith("`bandit` is not installed: ")
    assert "quality_state" not in found.columns


def test_the_projects_own_tools_come_first(tmp_path: Path) -> None:
    own = tmp_path / ".venv" / "bin"
    own.mkdir(parents=True)
    (own / "ruff").write_text("#!/bin/sh\necho '[]'\n")
    (own / "ruff").chmod(0o755)
    (own / "bandit").write_text("#!/bin/sh\necho broken >&2\nexit 9\n")
    (own / "bandit").chmod(0o755)
    found = looked_at(project(tmp_path, bad=BAD))
    assert axes(found)["maintainability"]["value"] == 0
    assert axes(found)["security"]["state"] == "notify"
    assert axes(found)["security"]["why"] == "`bandit` did not do its work: exit status 9: broken"


def test_without_tests_nothing_is_said_of_them(tmp_path: Path) -> None:
    found = looked_at(project(tmp_path, good=GOOD))
    assert axes(found)["correctness"]["why"] == "no tests found for `good.py`"
    assert {axes(found)[name]["state"] for name in ("correctness", "coverage")} == {"skipped"}
    assert found.state == "auto"


def test_tests_that_cannot_be_collected_count_as_failed(tmp_path: Path) -> None:
    found = looked_at(project(tmp_path, good=GOOD, test_good="import no_such_module\n"))
    assert (axes(found)["correctness"]["state"], axes(found)["correctness"]["value"]) == ("notify", 1)
    assert "no_such_module" in axes(found)["correctness"]["findings"][0]["message"]


def test_a_project_that_measures_and_spreads_its_tests_itself(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -n 2\n")
    found = looked_at(project(tmp_path, good=GOOD, test_good=TESTS))
    assert (axes(found)["correctness"]["state"], axes(found)["coverage"]["value"]) == ("auto", 100.0)


def test_a_file_that_no_test_imports_is_not_covered(tmp_path: Path) -> None:
    found = looked_at(project(tmp_path, good=GOOD, test_good="def test_nothing():\n    pass\n"))
    assert (axes(found)["coverage"]["state"], axes(found)["coverage"]["value"]) == ("block", 0.0)


def test_a_fall_of_the_coverage(tmp_path: Path) -> None:
    half = GOOD + "\n\ndef triple(number):\n" + "    number += 1\n" * 1 + "    return 3 * number\n"
    covered = TESTS + "\n\ndef test_triple():\n    from good import triple\n"
    rules = QualityRules()
    loose = {**rules.axes, "coverage": AxisRule(notify=5, block=10)}
    request = project(tmp_path, good=half, test_good=covered)
    found = looked_at(request, replace(rules, axes=loose), baseline={"good.py": 100.0})
    assert axes(found)["coverage"]["state"] == "notify"
    assert axes(found)["coverage"]["why"] == "the coverage of `good.py` fell by 40.0 points, from 100.0 %"


def test_an_axis_that_is_off(tmp_path: Path) -> None:
    rules = QualityRules()
    off = {axis: replace(rule, on=axis == "complexity") for axis, rule in rules.axes.items()}
    found = looked_at(project(tmp_path, good=GOOD, test_good=TESTS), replace(rules, axes=off))
    assert list(axes(found)) == ["complexity"]


def test_files_that_an_agent_touched_count_and_none_outside(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.py").write_text(BAD)
    (inside / "touched.py").write_text(BAD)
    touched = ["touched.py", "../outside.py", "gone.py"]
    result = replace(OK, columns={"files_touched": touched})
    found = looked_at(project(inside, good=GOOD), result=result)
    assert axes(found)["complexity"]["why"] == "the most complex function is `many`: 21"
    assert {one["file"] for one in axes(found)["complexity"]["findings"]} == {"touched.py"}


def test_files_that_no_axis_knows_make_no_finding(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    found = looked_at(a_request(tmp_path, deliverables=((str(tmp_path / "a.md"), None),)))
    assert found == Assessment()


@pytest.mark.parametrize(
    ("argv", "state", "why"),
    [
        (("sh", "-c", 'test "$1" = "$PWD/a.ts"', "sh", "{files}"), "auto", "exit status 0"),
        (("sh", "-c", "echo wrong; exit 4"), "block", "`sh` does not agree: exit status 4: wrong"),
        (("no-such-linter", "{files}"), "skipped", "`no-such-linter` is not installed"),
    ],
)
def test_commands_for_other_languages(tmp_path: Path, argv: tuple[str, ...], state: str, why: str) -> None:
    (tmp_path / "a.ts").write_text("let a = 1")
    command = AxisCommand(argv=argv, state_on_fail="block")
    rules = QualityRules(commands={".ts": {"maintainability": command}})
    request = a_request(tmp_path, deliverables=((str(tmp_path / "a.ts"), None),))
    found = looked_at(request, rules, path="/usr/bin:/bin")
    assert list(axes(found)) == ["maintainability:cmd"]
    assert axes(found)["maintainability:cmd"]["state"] == state
    assert axes(found)["maintainability:cmd"]["why"].startswith(why)


# ---- assertions


def asserting(root: Path, name: str, **what: Any) -> AttemptRequest:
    return a_request(root, assertions=(Assertion(path=str(root / name), **what),))


def test_names_that_a_file_exports(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    assert looked_at(asserting(tmp_path, "good.py", must_export=("double",))) == Assessment(
        state="auto", findings={"state": "auto"}
    )
    found = looked_at(asserting(tmp_path, "good.py", must_export=("double", "triple")))
    assert (found.ok, found.state) == (False, "block")
    assert found.reason.startswith("`good.py` does not export `triple`")
    assert found.text.startswith("does not hold: `good.py` does not export `triple`")
    assert [one["name"] for one in found.findings["assertions"]] == ["triple"]


def test_what_cannot_be_told_is_no_failure_and_no_pass(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text("export let a = 1")
    found = looked_at(asserting(tmp_path, "a.ts", must_export=("a",)))
    assert (found.ok, found.state) == (True, None)
    assert found.findings["assertions"][0]["state"] == "skipped"


HALF = "def double(number):\n    return 2 * number\n\n\ndef triple(number):\n    return 3 * number\n"


@pytest.mark.parametrize("quality", ["note", "off"])
@pytest.mark.parametrize(("least", "ok"), [(75, True), (76, False)])
def test_the_coverage_of_a_file_is_measured(tmp_path: Path, quality: Any, least: float, ok: bool) -> None:
    request = project(tmp_path, good=HALF, test_good=TESTS)
    asserted = asserting(tmp_path, "good.py", coverage=least).assertions
    found = looked_at(replace(request, assertions=asserted, quality=quality))
    assert found.ok is ok
    assert ok or found.reason == "75.0 % of `good.py` is covered, and 76 % is the least"
    assert ("axes" in found.findings) is (quality == "note")


def test_a_file_without_tests_is_not_covered(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(GOOD)
    found = looked_at(asserting(tmp_path, "good.py", coverage=1))
    assert not found.ok
    assert found.reason == "no tests found for `good.py`, so that nothing of it is covered"


def test_coverage_that_cannot_be_measured_is_not_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metaensemble.engine.quality.tools.sys.executable", str(tmp_path / "python"))
    monkeypatch.setattr("metaensemble.engine.quality.tools.sysconfig.get_path", lambda _: str(tmp_path))
    project(tmp_path, good=GOOD, test_good=TESTS)
    found = looked_at(asserting(tmp_path, "good.py", coverage=50), path="")
    assert (found.ok, found.state) == (True, None)
    assert found.findings["assertions"][0]["state"] == "skipped"


# ---- around an attempt


class Says:
    """An assessment that is known beforehand."""

    def __init__(self, found: Assessment) -> None:
        self.found = found

    async def __call__(
        self, request: AttemptRequest, result: AttemptResult, *, beat: Any = None
    ) -> Assessment:
        return self.found


def test_what_is_not_ok_fails_the_attempt(tmp_path: Path) -> None:
    found = Assessment(ok=False, state="block", findings={"state": "block"}, reason="no", text="no")
    result = run_async(assessed(a_request(tmp_path), OK, Says(found)))
    assert (result.outcome, result.failure_reason, result.reason) == ("failed", "quality_gate", "no")
    assert result.columns == {"quality_state": "block", "quality_findings": {"state": "block"}}
    assert (result.output, result.deliverable) == (None, None)


def test_what_is_ok_stays_as_it_is_but_for_the_columns(tmp_path: Path) -> None:
    ok = replace(OK, columns={"model": "m"})
    found = Assessment(state="notify", findings={"state": "notify"})
    result = run_async(assessed(a_request(tmp_path), ok, Says(found)))
    columns = {"model": "m", "quality_state": "notify", "quality_findings": {"state": "notify"}}
    assert result == replace(ok, columns=columns)


def test_cancelling_stops_the_checks(tmp_path: Path) -> None:
    fifo = Fifo(tmp_path / "held")
    check = {"shell": "exec 3>held; echo begun >&3; echo out; sleep 600", "env": {}}
    request = a_request(tmp_path, checks=(check,))

    async def main() -> AttemptResult:
        runtime = ScriptedRuntime()
        events = Events()
        assess = Assess(QualityRules(), environ={"PATH": "/usr/bin:/bin"})
        handle = AssessedHandle(runtime.start(request, events), request, assess, events)
        ending = asyncio.get_running_loop().create_task(handle.wait())
        runtime.attempts[0].finish(OK)
        await fifo.wait_for_line()
        await events.wait_for_output(len("out\n"))
        handle.cancel(hard=False)
        result = await ending
        await fifo.wait_until_released()
        await assess.close()
        return result

    result = run_async(main())
    fifo.close()
    assert (result.outcome, result.reason, result.output) == ("cancelled", STOPPED, None)
