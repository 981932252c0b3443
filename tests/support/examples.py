"""Starting the examples as a reader of their READMEs does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from support.tree import ROOT

EXAMPLES = ROOT / "examples"


def environment() -> dict[str, str]:
    """The environment after activating the virtual environment that the tests run in."""
    beside = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": os.pathsep.join([beside, os.environ.get("PATH", os.defpath)])}


def copy_of(example: str, parent: Path) -> Path:
    """A copy of an example in a project of its own, so that nothing is written into the checkout."""
    target = parent / example
    shutil.copytree(EXAMPLES / example, target, ignore=shutil.ignore_patterns("__pycache__", ".metaensemble"))
    (target / ".metaensemble").mkdir()
    # As in the checkout, where a project around the example sets up pytest for itself.
    settings = parent / "pyproject.toml"
    settings.write_text('[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib"]\n')
    return target


def me(*words: str, cwd: Path, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run the program in `cwd`; stdout and stderr are captured apart."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "metaensemble", *words],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
