"""Where the tools are: those of the project's own environment first."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from typing import Final

OWN_ENVIRONMENT: Final = os.path.join(".venv", "bin")
"""The programs of a project's own environment, below its root."""


class Tools:
    """The tools that a project's files are looked at with. `environ` has the `PATH` to look through."""

    def __init__(self, project: str, environ: Mapping[str, str]) -> None:
        own = (os.path.dirname(sys.executable), sysconfig.get_path("scripts"))
        self._folders = [os.path.join(project, OWN_ENVIRONMENT)]
        self._folders += [*environ.get("PATH", os.defpath).split(os.pathsep), *own]

    def find(self, name: str) -> str | None:
        """The program `name` as an absolute path: of the project's environment, else on the `PATH`, else of
        the environment that this program itself runs in. None when there is none."""
        for folder in self._folders:
            # A relative entry of PATH would be another folder for each directory that it is read in.
            found = shutil.which(name, path=folder) if os.path.isabs(folder) else None
            if found is not None:
                return found
        return None

    def beside(self, program: str, name: str) -> str | None:
        """The program `name` of the same environment as `program`."""
        return shutil.which(name, path=os.path.dirname(program))
