"""Assesses the work of an attempt: its checks, what must hold of its files, and the five axes."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from ...schemas.quality import GateState, QualityRules, worst
from ..masking import Masker
from ..process.launcher import Launcher
from ..process.timer import CallLater
from ..runtimes.invocation import inherited
from ..runtimes.protocol import AttemptRequest, AttemptResult
from .assertions import held_to
from .checks import run_checks
from .findings import AxisResult, bounded, told
from .gate import PYTHON, Gate
from .programs import Programs

_NO_BASELINE: Final[Mapping[str, float]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the work of an attempt came to.

    `ok` is False when a check or an assertion failed, or when the quality gate would block and the task says
    `quality: reask`. `state` is the gate's, None when there was nothing that it could look at. `findings` is
    a JSON object of bounded size, `reason` one sentence for people when it is not ok, and `text` what an
    Executor is told that is to mend its work.
    """

    ok: bool = True
    state: GateState | None = None
    findings: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    text: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of the Run that this fills."""
        found: dict[str, Any] = {}
        if self.state is not None:
            found["quality_state"] = self.state
        if self.findings:
            found["quality_findings"] = dict(self.findings)
        return found


class Assess:
    """Assesses attempts by `rules`. `environ` is what its programs inherit; `launcher` makes what starts
    them. `baseline` gives the coverage, in percent, that a file of the project had before, where known.
    """

    def __init__(
        self,
        rules: QualityRules,
        *,
        environ: Mapping[str, str],
        launcher: Callable[[Mapping[str, str]], Launcher] = Launcher,
        baseline: Callable[[str], float | None] = _NO_BASELINE.get,
        call_later: CallLater | None = None,
    ) -> None:
        self._rules = rules
        self._environ = inherited(environ)
        self._launcher = launcher(self._environ)
        self._room = asyncio.Semaphore(rules.parallel)
        self._baseline = baseline
        self._call_later = call_later

    async def __call__(
        self, request: AttemptRequest, result: AttemptResult, *, beat: Callable[[int], None] = lambda _: None
    ) -> Assessment:
        """Assess what the attempt left behind, when it ended ok.

        `beat` is called while that goes on, with the bytes that a program printed. When it is cancelled,
        every program has ended before it raises. The secrets of `request` are in nothing that it gives.
        """
        if result.outcome != "ok" or not is_assessed(request):
            return Assessment()
        masker = Masker(request.secrets)
        findings: dict[str, Any] = {}
        programs = self._programs(request, masker, beat, None)
        checks = await run_checks(request, programs, seconds=self._rules.checks_timeout)
        if checks:
            findings["checks"] = checks
        looks = request.deliverables and request.quality != "off"
        files = [file for file in _files(request, result) if self.knows(file)] if looks else []
        programs = self._programs(request, masker, beat, self._room)
        axes: list[AxisResult] = []
        if files:
            axes = await self._look(self._rules, files, request.project, programs, scratch=request.scratch)
            findings["axes"] = [one.to_json() for one in axes]
        if request.assertions:
            rules = self._rules.only("coverage")
            measure = partial(self._look, rules, project=request.project, programs=programs)
            found = await held_to(request.assertions, request.project, axes, measure)
            findings["assertions"] = found
        return _assessment(masker.mask_value(findings), reask=request.quality == "reask")

    def _programs(
        self,
        request: AttemptRequest,
        masker: Masker,
        beat: Callable[[int], None],
        room: asyncio.Semaphore | None,
    ) -> Programs:
        return Programs(
            self._launcher,
            marker=request.run_id,
            variables={"ME_DAG_RUN_ID": request.dag_run_id, "ME_NODE_ID": request.node_id},
            masker=masker,
            room=room,
            beat=beat,
            call_later=self._call_later,
        )

    async def look(self, files: Sequence[str], project: str, *, marker: str) -> list[AxisResult]:
        """What the axes come to for `files`, absolute paths. `marker` names the programs that this starts."""
        programs = Programs(self._launcher, marker=marker, room=self._room, call_later=self._call_later)
        return await self._look(self._rules, files, project, programs)

    async def _look(
        self,
        rules: QualityRules,
        files: Sequence[str],
        project: str,
        programs: Programs,
        *,
        scratch: str = "",
    ) -> list[AxisResult]:
        with _folder(scratch) as folder:
            gate = Gate(
                rules,
                programs,
                project=project,
                scratch=folder,
                environ=self._environ,
                baseline=self._baseline,
            )
            return await gate.look(files)

    def knows(self, file: str) -> bool:
        """Whether any axis can say something about the file."""
        return file.endswith((PYTHON, *self._rules.commands))

    async def close(self) -> None:
        """End everything that still runs."""
        await self._launcher.close()


def is_assessed(request: AttemptRequest) -> bool:
    """Whether there is anything that the work of the attempt is held to."""
    return bool(request.checks or request.assertions or (request.deliverables and request.quality != "off"))


def _assessment(findings: dict[str, Any], *, reask: bool) -> Assessment:
    axes = findings.get("axes", [])
    gate = worst(one["state"] for one in axes)
    # Of what was skipped nothing is known, and so nothing is said.
    holds = "checks" in findings or findings.get("assertions") == []
    state = worst([gate or "skipped", "auto" if holds else "skipped"])
    if not findings.get("assertions", True):
        del findings["assertions"]
    broken = _broken(findings)
    reason = broken
    if not broken and gate == "block" and reask:
        blocked = [one for one in axes if one["state"] == "block"]
        reason = "the quality gate blocks: " + "; ".join(f"{one['axis']}: {one['why']}" for one in blocked)
    state = "block" if broken else state
    if state is not None:
        findings = {"state": state, **findings}
    return Assessment(
        ok=not reason,
        state=state,
        findings=bounded(findings),
        reason=reason,
        text=told(findings, axes=not broken or reask) if reason else "",
    )


def _broken(findings: Mapping[str, Any]) -> str:
    """The first check or assertion that does not hold, and how many more; "" when all do."""
    failed = [
        f"the check `{one['check']}` failed: {one['why']}{_last_line(one)}"
        for one in findings.get("checks", ())
        if one["state"] == "failed"
    ]
    failed += [str(one["message"]) for one in findings.get("assertions", ()) if one["state"] == "failed"]
    if not failed:
        return ""
    return failed[0] if len(failed) == 1 else f"{failed[0]} (and {len(failed) - 1} more)"


def _last_line(check: Mapping[str, Any]) -> str:
    lines = [line.strip() for line in str(check.get("tail", "")).splitlines() if line.strip()]
    return f": {lines[-1][:200]}" if lines else ""


@contextmanager
def _folder(scratch: str) -> Iterator[str]:
    """A folder of its own below `scratch`, else where the system keeps temporary files; gone afterwards."""
    if scratch:
        Path(scratch).mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="quality-", dir=scratch or None)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if scratch:
            with suppress(OSError):
                Path(scratch).rmdir()


def _files(request: AttemptRequest, result: AttemptResult) -> list[str]:
    """The files in question: the deliverables, and what the attempt touched within the project."""
    touched = result.columns.get("files_touched") or ()
    paths = [path for path, _ in request.deliverables]
    paths += [os.path.join(request.project, str(name)) for name in touched if isinstance(name, str)]
    root = os.path.realpath(request.project).rstrip(os.sep) + os.sep
    known = dict.fromkeys(os.path.realpath(path) for path in paths)
    return [path for path in known if path.startswith(root) and Path(path).is_file()]
