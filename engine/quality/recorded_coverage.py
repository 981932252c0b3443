"""The coverage of a file as the project's own records have it: `.coverage`, else `coverage.json`."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any, Final

DATA: Final = ".coverage"
REPORT: Final = "coverage.json"

_LARGEST: Final = 64 << 20


class NotRecorded(Exception):
    """There is no record that tells; the message is one sentence for people."""


def recorded_coverage(path: str, project: str) -> float:
    """The percentage of the file at `path` that tests have executed. Raises `NotRecorded`.

    A record that is older than the file says nothing of it as it is now. Where coverage.py can be imported
    it reads `.coverage` in the project's root; else, or where that does not tell, `coverage.json` is read.
    """
    reasons = []
    for name, read in ((DATA, _from_data), (REPORT, _from_report)):
        record = os.path.join(project, name)
        try:
            _must_be_newer(record, path, name)
            return read(record, path, project)
        except NotRecorded as unknown:
            reasons.append(str(unknown))
    there = [reason for reason in reasons if not reason.startswith("there is no")]
    raise NotRecorded(there[0] if there else f"there is neither `{DATA}` nor `{REPORT}` in the project")


def _must_be_newer(record: str, path: str, name: str) -> None:
    try:
        made = Path(record).stat().st_mtime_ns
    except OSError:
        raise NotRecorded(f"there is no `{name}`") from None
    if made < Path(path).stat().st_mtime_ns:
        raise NotRecorded(f"`{name}` was made before the file was last written")


def _from_data(record: str, path: str, _: str) -> float:
    try:
        import coverage
    except ImportError:
        raise NotRecorded(f"`{DATA}` is there, and coverage.py, which reads it, is not installed") from None
    real = os.path.realpath(path)
    try:
        # Settings of the project could name plugins, which are code.
        measured = coverage.Coverage(data_file=record, config_file=False)
        measured.load()
        if all(os.path.realpath(name) != real for name in measured.get_data().measured_files()):
            raise NotRecorded(f"`{DATA}` has no measurement of it")
        return float(measured.report(morfs=[real], file=io.StringIO()))
    except coverage.CoverageException as error:
        raise NotRecorded(f"`{DATA}` cannot be read: {' '.join(str(error).split())[:200]}") from None


def _from_report(record: str, path: str, project: str) -> float:
    try:
        if Path(record).stat().st_size > _LARGEST:
            raise NotRecorded(f"`{REPORT}` is too large to be read")
        files: Any = json.loads(Path(record).read_bytes())["files"]
        real = os.path.realpath(path)
        for name, told in files.items():
            if os.path.realpath(os.path.join(project, name)) == real:
                return float(told["summary"]["percent_covered"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise NotRecorded(f"`{REPORT}` is no report of coverage.py") from None
    raise NotRecorded(f"`{REPORT}` has no measurement of it")
