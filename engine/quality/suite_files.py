"""The files that a run of tests needs and leaves, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from .coverage import settings
from .programs import MOST_OUTPUT

PLUGIN: Final = "metaensemble_pytest_report"
"""The module as which pytest loads the copy of `pytest_report.py`."""


class SuiteFiles:
    """What lies in the existing folder `scratch`."""

    def __init__(self, scratch: str) -> None:
        self.plugins = os.path.join(scratch, "plugins")
        self.report = os.path.join(scratch, "report.json")
        self.settings = os.path.join(scratch, "coveragerc")
        self.data = os.path.join(scratch, "coverage.data")
        self.coverage = os.path.join(scratch, "coverage.json")
        self.hypothesis = os.path.join(scratch, "hypothesis")
        self.cache = os.path.join(scratch, "pytest-cache")

    def lay_out(self, measured: Sequence[str]) -> None:
        """Put the plugin there, and the settings by which the files `measured` are."""
        Path(self.plugins).mkdir(mode=0o700, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name("pytest_report.py"), Path(self.plugins, f"{PLUGIN}.py"))
        Path(self.settings).write_text(settings(measured, self.data), encoding="utf-8")

    def read(self, path: str) -> bytes | None:
        """What a tool wrote there; None when it is not there, or too much."""
        with suppress(OSError):
            file = Path(path)
            if file.stat().st_size <= MOST_OUTPUT:
                return file.read_bytes()
        return None
