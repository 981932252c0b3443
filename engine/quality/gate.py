"""The five axes over some files: which tool looks at what, all of them at the same time."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from ...schemas.quality import AXES, Axis, AxisCommand, AxisRule, QualityRules
from . import complexity, correctness, maintainability, security
from .findings import AxisResult
from .measured import Measured, state_of
from .programs import Program, Programs
from .suite import Suite
from .tools import Tools
from .unfit import broken, missing, unreadable

Parse = Callable[[bytes, Callable[[str], str]], Measured]

PYTHON: Final = ".py"
FILES: Final = "{files}"
"""The word of an axis command that stands for the files."""

_NO_CACHE: Final = {"PYTHONDONTWRITEBYTECODE": "1"}


class Gate:
    """Looks at files of `project` by `rules`. `scratch` is an existing folder that the tools may fill."""

    def __init__(
        self,
        rules: QualityRules,
        programs: Programs,
        *,
        project: str,
        scratch: str,
        environ: Mapping[str, str],
        baseline: Callable[[str], float | None],
    ) -> None:
        self._rules = rules
        self._programs = programs
        self._project = os.path.realpath(project)
        self._scratch = scratch
        self._environ = environ
        self._baseline = baseline
        self._tools = Tools(project, environ)

    async def look(self, files: Sequence[str]) -> list[AxisResult]:
        """What each axis comes to, in the order of the axes, the commands of other languages behind them.

        `files` are absolute paths of files that exist. Empty when no axis knows any of them.
        """
        known = [self._whole(file) for file in files]
        python = [file for file in known if file.endswith(PYTHON)]
        work: list[Awaitable[Sequence[AxisResult]]] = []
        if python:
            work += [self._suite(python), self._security(python), self._maintainability(python)]
            work.append(self._complexity(python))
        for suffix, commands in self._rules.commands.items():
            own = [file for file in known if file.endswith(suffix)]
            work += [self._command(axis, one, own) for axis, one in commands.items() if own]
        # Cancelling the group cancels each of them, and waits for their programs to be gone.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_all_of(one)) for one in work]
        results = [result for task in tasks for result in task.result()]
        return sorted(results, key=_place)

    async def _suite(self, files: list[str]) -> Sequence[AxisResult]:
        if not (self._rules.axes["correctness"].on or self._rules.axes["coverage"].on):
            return ()
        suite = Suite(
            files=files,
            project=self._project,
            scratch=self._scratch,
            rules=self._rules,
            tools=self._tools,
            programs=self._programs,
            environ=self._environ,
            name_of=self.name_of,
            baseline=self._baseline,
        )
        return await suite.run(await asyncio.to_thread(correctness.tests_of, files, self._project))

    async def _security(self, files: list[str]) -> Sequence[AxisResult]:
        words = security.command(files)
        found = await self._tool("security", security.TOOL, words, security.OK, security.parse)
        if not (self._rules.audit and self._rules.axes["security"].on):
            return found
        words = ["--format", "json", "--progress-spinner", "off"]
        audit = await self._tool("security", security.AUDIT, words, security.OK, security.parse_audit)
        return [*found, *audit]

    async def _maintainability(self, files: list[str]) -> Sequence[AxisResult]:
        words = maintainability.command(files)
        tool = maintainability
        return await self._tool("maintainability", tool.TOOL, words, tool.OK, tool.parse)

    async def _complexity(self, files: list[str]) -> Sequence[AxisResult]:
        rule = self._rules.axes["complexity"]
        above = rule.block if rule.notify is None else rule.notify

        def parse(out: bytes, name_of: Callable[[str], str]) -> Measured:
            return complexity.parse(out, name_of, above=above)

        words = complexity.command(files)
        return await self._tool("complexity", complexity.TOOL, words, complexity.OK, parse)

    async def _tool(
        self, axis: Axis, tool: str, words: Sequence[str], fine: Sequence[int], parse: Parse
    ) -> Sequence[AxisResult]:
        rule = self._rules.axes[axis]
        if not rule.on:
            return ()
        program = self._tools.find(tool)
        if program is None:
            return [missing(axis, tool)]
        ran = await self._programs.run(
            Program(argv=[program, *words], cwd=self._project, env=_NO_CACHE, timeout=rule.timeout)
        )
        if ran.status not in fine:
            return [broken(axis, tool, ran)]
        try:
            found = parse(ran.out or b"", self.name_of)
        except (ValueError, KeyError, TypeError):
            return [unreadable(axis, tool, ran)]
        return [_judged(axis, tool, found, rule)]

    async def _command(self, axis: Axis, command: AxisCommand, files: list[str]) -> Sequence[AxisResult]:
        name = f"{axis}:cmd"
        if not self._rules.axes[axis].on:
            return ()
        argv = [word for part in command.argv for word in (files if part == FILES else [part])]
        program = argv[0] if os.sep in argv[0] else self._tools.find(argv[0])
        if program is None:
            return [missing(name, argv[0])]
        ran = await self._programs.run(
            Program(argv=[program, *argv[1:]], cwd=self._project, env=_NO_CACHE, timeout=command.timeout)
        )
        if ran.absent:
            return [missing(name, argv[0])]
        if ran.status == 0:
            return [AxisResult(axis=name, state="auto", why="exit status 0", tool=argv[0])]
        failed = broken(name, argv[0], ran)
        why = failed.why.replace("did not do its work", "does not agree") if ran.status else failed.why
        return [AxisResult(axis=name, state=command.state_on_fail, value=ran.status, why=why, tool=argv[0])]

    def _whole(self, path: str) -> str:
        return os.path.realpath(os.path.join(self._project, path))

    def name_of(self, path: str) -> str:
        """How findings name a file: relative to the project where it lies in it."""
        absolute = self._whole(path)
        inside = absolute.startswith(self._project.rstrip(os.sep) + os.sep)
        return os.path.relpath(absolute, self._project) if inside else absolute


def _judged(axis: Axis, tool: str, found: Measured, rule: AxisRule) -> AxisResult:
    state = state_of(found.value, rule)
    why = found.said
    if found.unread:
        why += f"; {found.unread} files could not be read"
        state = "notify" if state == "auto" else state
    return AxisResult(axis=axis, state=state, value=found.value, why=why, tool=tool, findings=found.findings)


async def _all_of(work: Awaitable[Sequence[AxisResult]]) -> Sequence[AxisResult]:
    return await work


def _place(result: AxisResult) -> tuple[bool, int]:
    axis, _, command = result.axis.partition(":")
    return bool(command), AXES.index(axis)
