"""Layer 3, part of `api`: the quality gate, its rules, and what it says about files."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._api_read import open_if_there, project_of
from .engine.instances import leaf_tasks
from .engine.ledger.gate_queries import coverage_of
from .engine.project import working_directory
from .engine.quality.assessment import Assess
from .engine.quality.walk import walk
from .schemas.errors import FileOutsideProject, InputErrors, NothingToLookAt, UnknownAxis
from .schemas.ids import new_id
from .schemas.quality import AXES, QualityRules, from_json, to_json, worst
from .schemas.suggest import did_you_mean, in_backticks
from .tasks.quality_files import quality_rules

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .schemas.bound import BoundGraph
    from .schemas.quality import GateState


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """What the quality gate says about some files: its state, None when nothing could be looked at, each
    axis as a JSON object, and the files, relative to the project."""

    state: GateState | None
    axes: tuple[Mapping[str, Any], ...]
    files: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {"state": self.state, "axes": [dict(axis) for axis in self.axes], "files": list(self.files)}


def check_quality(
    paths: Sequence[Path],
    *,
    axis: str | None = None,
    audit: bool = False,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> QualityReport:
    """Run the quality gate on files, and on all files below folders.

    `axis` looks at that one alone, `audit` at known weaknesses of the installed packages as well. Nothing is
    recorded. Raises `InputErrors` for paths that are no files or folders or lie outside the project, for an
    unknown axis and for what is wrong with a `quality.yaml`.
    """
    variables = dict(os.environ if environ is None else environ)
    here = cwd or working_directory()
    project = project_of(cwd)
    rules = quality_rules(project=str(project), home=variables.get("HOME"))
    if audit:
        rules = replace(rules, audit=True)
    if axis is not None:
        rules = _only(rules, axis)
    files = _files([here / path for path in paths], project)
    ledger = open_if_there(cwd)
    try:
        baseline = _baseline(ledger)
        axes = asyncio.run(_looked_at(rules, files, str(project), variables, baseline))
    finally:
        if ledger is not None:
            ledger.close()
    return QualityReport(
        state=worst(one["state"] for one in axes),
        axes=tuple(axes),
        files=tuple(os.path.relpath(file, project) for file in files),
    )


async def _looked_at(
    rules: QualityRules,
    files: Sequence[str],
    project: str,
    environ: Mapping[str, str],
    baseline: Callable[[str], float | None],
) -> list[dict[str, Any]]:
    assess = Assess(rules, environ=environ, baseline=baseline)
    try:
        found = await assess.look([file for file in files if assess.knows(file)], project, marker=new_id())
    finally:
        await assess.close()
    return [one.to_json() for one in found]


def rules_of_graph(graph: BoundGraph, environ: Mapping[str, str]) -> dict[str, Any] | None:
    """The rules of the quality gate for a new DAG run, as they are stored with it; None when none of its
    tasks is held to anything. Raises `InputErrors`."""
    if not any(
        task.checks or task.deliverables or task.agent for _, task in leaf_tasks(graph) if not task.made
    ):
        return None
    return to_json(quality_rules(project=graph.project, home=environ.get("HOME")))


def assess_by(stored: Mapping[str, Any], ledger: Ledger, environ: Mapping[str, str]) -> Assess:
    """What assesses the attempts of a DAG run, by the rules that are stored with it."""
    return Assess(from_json(stored), environ=environ, baseline=_baseline(ledger))


def _baseline(ledger: Ledger | None) -> Callable[[str], float | None]:
    return lambda path: None if ledger is None else coverage_of(ledger, path)


def _only(rules: QualityRules, axis: str) -> QualityRules:
    wanted = next((known for known in AXES if known == axis), None)
    if wanted is None:
        hint = did_you_mean(axis, AXES) or f"there are {in_backticks(AXES, last='and')}"
        raise InputErrors([UnknownAxis(f"the quality gate has no axis `{axis}`", hint=hint)])
    # Who asks for an axis by name gets it, whatever the settings say.
    return rules.only(wanted)


def _files(paths: Sequence[Path], project: Path) -> list[str]:
    problems: list[NothingToLookAt | FileOutsideProject] = []
    found: dict[str, None] = {}
    for path in paths:
        whole, hint = Path(os.path.realpath(path)), "name a file, or a folder"
        try:
            kind = whole.stat().st_mode
        except FileNotFoundError:
            problems.append(NothingToLookAt(f"there is no `{path}`", hint=hint))
            continue
        except OSError as error:
            is_loop = error.errno == errno.ELOOP
            why = "it is a link that leads to itself" if is_loop else (error.strerror or str(error)).lower()
            problems.append(NothingToLookAt(f"`{path}` cannot be looked at: {why}", hint=hint))
            continue
        if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
            problems.append(NothingToLookAt(f"`{path}` is no ordinary file", hint=hint))
        elif not whole.is_relative_to(project):
            hint = f"the project is `{project}`; work in another one with `-C DIR`"
            problems.append(FileOutsideProject(f"`{path}` lies outside the project", hint=hint))
        else:
            found |= dict.fromkeys(_ordinary(str(whole)) if stat.S_ISDIR(kind) else [str(whole)])
    if problems:
        raise InputErrors(problems)
    return list(found)


def _ordinary(folder: str) -> Iterator[str]:
    """The files below a folder that can be read to their end: no pipes, devices or links to nowhere."""
    return (file for file in walk(folder) if Path(file).is_file())
