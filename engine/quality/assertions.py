"""What a task says of its deliverables beyond their schemas: names that they export, how far tests reach."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..runtimes.protocol import Assertion
from .correctness import tests_of
from .findings import AxisResult
from .structure import PYTHON, check_structure

Measure = Callable[[Sequence[str]], Awaitable[Sequence[AxisResult]]]
"""Measures the coverage of files, given by their real paths."""


async def held_to(
    assertions: Sequence[Assertion], project: str, measured: Sequence[AxisResult], measure: Measure
) -> list[dict[str, Any]]:
    """What of `assertions` does not hold (`failed`), or cannot be told (`skipped`); see `check_structure`.

    `measured` are the axes so far. The coverage that they do not tell is measured now; a file that no test
    belongs to, and that no record of the project's tells of, is not covered at all.
    """
    covered = _covered(measured, project)
    asked = [_real(one.path, project) for one in assertions if one.coverage is not None]
    open_still = [path for path in asked if path not in covered and path.endswith(PYTHON)]
    if open_still:
        covered |= _covered(await measure(open_still), project)
    found = await asyncio.to_thread(check_structure, assertions, project, covered=covered)
    untold = [one for one in found if one["rule"] == "coverage" and one["state"] == "skipped"]
    paths = {one["file"]: _real(one["file"], project) for one in untold}
    tests = await asyncio.to_thread(tests_of, list(paths.values()), project) if untold else {}
    for one in untold:
        if not tests[paths[one["file"]]] and one["file"].endswith(PYTHON):
            one["state"] = "failed"
            one["message"] = f"no tests found for `{one['file']}`, so that nothing of it is covered"
    return found


def _real(path: str, project: str) -> str:
    return os.path.realpath(os.path.join(project, path))


def _covered(results: Sequence[AxisResult], project: str) -> dict[str, float]:
    return {
        _real(name, project): percent for result in results for name, percent in (result.files or {}).items()
    }
