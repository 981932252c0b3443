"""Runs the tests that belong to some files, once, for the two axes that come of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ...schemas.quality import QualityRules
from . import correctness, coverage
from .findings import AxisResult
from .measured import state_of
from .programs import Program, Programs, Ran
from .suite_files import PLUGIN, SuiteFiles
from .tools import Tools
from .unfit import NOT_INSTALLED, broken, unreadable

_FOREIGN: Final = ("PYTEST_", "COV_CORE_", "COVERAGE_")
"""Variables that tell pytest and coverage about a run around this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The tests of the Python `files` of `project` (absolute paths, files of tests included).

    `scratch` is an existing folder for what the tools leave; `name_of` makes the name that findings have for
    a path; `baseline` knows the coverage that a file had before.
    """

    files: Sequence[str]
    project: str
    scratch: str
    rules: QualityRules
    tools: Tools
    programs: Programs
    environ: Mapping[str, str]
    name_of: Callable[[str], str]
    baseline: Callable[[str], float | None]

    async def run(self, tests: Mapping[str, Sequence[str]]) -> list[AxisResult]:
        """The axes `correctness` and `coverage`, as far as they are on. `tests` are those of each file."""
        both = [self._nothing(axis, tests) for axis in ("correctness", "coverage")]
        chosen = sorted({test for found in tests.values() for test in found})
        pytest = self.tools.find(correctness.TOOL)
        if not chosen:
            return self._on(both)
        if pytest is None:
            return self._on([replace(one, why=NOT_INSTALLED.format(tool=correctness.TOOL)) for one in both])
        measured = [file for file in self.files if tests[file] and not correctness.is_test(file)]
        tool = self.tools.beside(pytest, coverage.TOOL) if self.rules.axes["coverage"].on else None
        ran, report = await self._pytest(pytest, tool, measured, chosen)
        left_out = _left_out([self.name_of(file) for file in self.files if not tests[file]])
        first = self._correctness(ran, report)
        first = replace(first, why=f"{first.why}{left_out}")
        if not measured:
            second = replace(both[1], why="there is nothing but tests to measure")
        elif tool is None:
            where = os.path.dirname(pytest)
            second = replace(both[1], why=f"`coverage` is not installed beside pytest, in `{where}`")
        elif ran.status not in correctness.OK:
            second = replace(both[1], why="the tests did not come to an end, so that nothing is known of it")
        else:
            second = await self._coverage(tool, measured)
        return self._on([first, second])

    def _on(self, results: list[AxisResult]) -> list[AxisResult]:
        return [one for one in results if self.rules.axes[one.axis].on]  # type: ignore[index]  # two of them

    def _nothing(self, axis: str, tests: Mapping[str, Sequence[str]]) -> AxisResult:
        names = [self.name_of(file) for file in tests]
        return AxisResult(axis=axis, state="skipped", why=f"no tests found{_of(names)}")

    async def _pytest(
        self, pytest: str, tool: str | None, measured: Sequence[str], tests: Sequence[str]
    ) -> tuple[Ran, bytes | None]:
        files = self._files
        files.lay_out(measured)
        words = correctness.command(tests, files.cache, PLUGIN)
        argv = [pytest, *words]
        if tool is not None and measured:
            argv = [tool, "run", f"--rcfile={files.settings}", "-m", "pytest", *words]
        # As `python -m pytest` has it, and coverage: the project can be imported from its root.
        path = (files.plugins, self.project, self.environ.get("PYTHONPATH", ""))
        env = {
            **dict.fromkeys((name for name in self.environ if name.startswith(_FOREIGN)), ""),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "COVERAGE_FILE": files.data,
            "HYPOTHESIS_STORAGE_DIRECTORY": files.hypothesis,
            "ME_QUALITY_REPORT": files.report,
        }
        seconds = self.rules.axes["correctness"].timeout
        ran = await self.programs.run(Program(argv=argv, cwd=self.project, env=env, timeout=seconds))
        return ran, files.read(files.report)

    def _correctness(self, ran: Ran, report: bytes | None) -> AxisResult:
        if ran.status == correctness.NO_TESTS:
            return AxisResult(axis="correctness", state="skipped", why="pytest found no test in the files")
        if ran.status not in correctness.OK or report is None:
            return broken("correctness", correctness.TOOL, ran)
        try:
            found = correctness.parse(report, self.name_of)
        except (ValueError, KeyError, TypeError):
            return unreadable("correctness", correctness.TOOL, ran)
        return AxisResult(
            axis="correctness",
            state=state_of(found.value, self.rules.axes["correctness"]),
            value=found.value,
            why=found.said,
            tool=correctness.TOOL,
            findings=found.findings,
        )

    async def _coverage(self, tool: str, measured: Sequence[str]) -> AxisResult:
        files = self._files
        argv = [tool, "json", f"--rcfile={files.settings}", "-q", "-o", files.coverage]
        seconds = self.rules.axes["coverage"].timeout
        env = {"PYTHONDONTWRITEBYTECODE": "1"}
        ran = await self.programs.run(Program(argv=argv, cwd=self.project, env=env, timeout=seconds))
        percents = dict.fromkeys(map(self.name_of, measured), 0.0)
        report = files.read(files.coverage)
        if report is not None:
            try:
                known = coverage.parse(report)
            except (ValueError, KeyError, TypeError):
                return unreadable("coverage", coverage.TOOL, ran)
            names = {self.name_of(name): value for name, value in known.items()}
            percents |= {name: value for name, value in names.items() if name in percents}
        elif "No data" not in ran.tail:
            return broken("coverage", coverage.TOOL, ran)
        # A file that no test imports is in no report: nothing of it is covered.
        rule = self.rules.axes["coverage"]
        return coverage.judge(percents, rule, baseline=self.baseline, tool=coverage.TOOL)

    @property
    def _files(self) -> SuiteFiles:
        return SuiteFiles(self.scratch)


def _of(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return " for " + ", ".join(f"`{name}`" for name in names[:3]) + more


def _left_out(names: Sequence[str]) -> str:
    return f"; no tests found{_of(names)}" if names else ""
