"""The shells of this machine, and running texts with values in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from metaensemble.tasks.expression.scanner import scan
from metaensemble.tasks.shell import ShellText, bind_shell


def _shells() -> list[list[str]]:
    """The shells of this machine, each once: `sh` is one of the others under another name."""
    found: dict[tuple[str, ...], list[str]] = {}
    for command in (["sh"], ["dash"], ["bash"], ["bash", "--posix"], ["busybox", "sh"]):
        program = shutil.which(command[0])
        if program is not None:
            found.setdefault((os.path.realpath(program), *command[1:]), command)
    return list(found.values())


SHELLS = _shells()

ATTACKS = [
    "$(touch owned)", "`touch owned`", '"; touch owned; "', "'; touch owned; '", "a[$(touch owned)]", "; touch owned;",
    "\ntouch owned\n", "x); touch owned;;", "}; touch owned", "))\ntouch owned\n", "E\ntouch owned\n",
]  # fmt: skip
"""Values that make the file `owned` when some shell takes them for its own text."""


def bound(text: str) -> ShellText:
    """A `run:` string as it is bound."""
    return bind_shell(text, scan(text))


def run(shell: list[str], script: str, values: dict[str, str], folder: Path) -> bytes:
    """What a shell prints for `script` with these variables, in `folder` and without input."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **values}
    done = subprocess.run(
        [*shell, "-c", script],
        env=environ,
        cwd=folder,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return done.stdout
