"""What must hold of files that an attempt leaves behind: they are there, they export names, tests reach them.

No file is imported or run. What cannot be told is `skipped`, with the reason; nothing is taken to hold
because nobody looked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..runtimes.protocol import Assertion
from .exports import Exports, NotPython, exports_of
from .recorded_coverage import NotRecorded, recorded_coverage

PYTHON: Final = (".py", ".pyi")
LARGEST: Final = 4 << 20
"""A file of more bytes is not looked into."""


def check_structure(
    assertions: Sequence[Assertion], project: str, *, covered: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """What of `assertions` does not hold, or cannot be told; nothing for what holds.

    Each finding has `file` (relative to the project), `rule` (`exists`, `must_export` or `coverage`), `state`
    (`failed` or `skipped`) and `message`, one sentence for people; one about a name has it under `name`.
    `covered` gives the coverage of files in percent, by their real paths, where it was measured just now;
    what it lacks is looked up in the project's own records of coverage.
    """
    return [found for one in assertions for found in _check(one, project, covered or {})]


def _check(assertion: Assertion, project: str, covered: Mapping[str, float]) -> Iterator[dict[str, Any]]:
    shown = os.path.relpath(assertion.path, project)
    problem = _not_there(assertion.path, project, shown)
    if problem is not None:
        yield _finding(shown, "exists", "failed", problem)
        return
    if assertion.must_export:
        yield from _exports(assertion, shown)
    if assertion.coverage is not None:
        yield from _coverage(assertion.path, assertion.coverage, project, shown, covered)


def _not_there(path: str, project: str, shown: str) -> str | None:
    root = os.path.realpath(project)
    try:
        if os.path.commonpath((root, os.path.realpath(path))) != root:
            return f"`{shown}` leads out of the project"
        kind = Path(path).stat().st_mode
    except FileNotFoundError:
        return f"there is no file `{shown}`"
    except (OSError, ValueError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        return f"`{shown}` cannot be read: {said[:1].lower()}{said[1:]}"
    return None if stat.S_ISREG(kind) else f"`{shown}` is not an ordinary file"


def _exports(assertion: Assertion, shown: str) -> Iterator[dict[str, Any]]:
    if not shown.endswith(PYTHON):
        why = f"what `{shown}` exports cannot be told: only Python files can be looked into"
        yield _finding(shown, "must_export", "skipped", why)
        return
    try:
        if Path(assertion.path).stat().st_size > LARGEST:
            raise NotPython(f"it is larger than {LARGEST >> 20} MiB")
        found = exports_of(Path(assertion.path).read_bytes(), is_stub=shown.endswith(".pyi"))
    except (OSError, NotPython) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        why = f"what `{shown}` exports cannot be read: {said[:1].lower()}{said[1:]}"
        yield _finding(shown, "must_export", "failed", why)
        return
    for name in assertion.must_export:
        state, why = _export(found, name, shown)
        if why:
            yield _finding(shown, "must_export", state, why, name=name)


def _export(found: Exports, name: str, shown: str) -> tuple[str, str]:
    """The state of one name and why; no reason when it is exported."""
    missing = found.lacks(name)
    if missing is None:
        return "", ""
    if missing.may_come_from:
        return "skipped", f"whether `{shown}` exports `{name}` cannot be told: {missing.may_come_from}"
    return "failed", f"`{shown}` does not export `{name}`: {missing.why}"


def _coverage(
    path: str, least: float, project: str, shown: str, covered: Mapping[str, float]
) -> Iterator[dict[str, Any]]:
    percent = covered.get(os.path.realpath(path))
    if percent is None:
        try:
            percent = recorded_coverage(path, project)
        except NotRecorded as unknown:
            why = f"the coverage of `{shown}` is not known: {unknown}"
            yield _finding(shown, "coverage", "skipped", why)
            return
    if percent < least:
        why = f"{percent:.1f} % of `{shown}` is covered, and {least:g} % is the least"
        yield _finding(shown, "coverage", "failed", why, value=round(percent, 1))


def _finding(file: str, rule: str, state: str, message: str, **more: Any) -> dict[str, Any]:
    return {"file": file, "rule": rule, "state": state, "message": message, **more}
