"""The program as a user has it: a command `me` on PATH, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """\
#!{python}
import sys
sys.argv[0] = "me"
from metaensemble.cli.main import main
sys.exit(main())
"""


def path_with_me(folder: Path) -> str:
    """A value for PATH on which `me` is this very code; `folder` keeps the script."""
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "me"
    script.write_text(SCRIPT.format(python=sys.executable))
    script.chmod(0o755)
    beside = Path(sys.executable).parent
    return os.pathsep.join([str(folder), str(beside), os.environ.get("PATH", os.defpath)])


def run_sh(
    text: str, *, path: str, cwd: Path, timeout: float = 60, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run `text` with `sh` in `cwd`; stdout and stderr are captured apart."""
    return subprocess.run(
        ["sh", "-c", text],
        cwd=cwd,
        env={**os.environ, "PATH": path, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        check=False,
    )
