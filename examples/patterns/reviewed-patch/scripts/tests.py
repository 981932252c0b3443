"""A reviewer: the tests must pass with the patch."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from patching import patched, review


def main(project: Path) -> None:
    """Print a review; each test that fails is a finding."""
    with TemporaryDirectory() as place:
        copy, wrong = patched(project, Path(place))
        own = ["-c", os.devnull, "--rootdir", "."]  # not the settings of a project around this one
        words = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", *own, "."]
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        done = subprocess.run(words, cwd=copy, env=environ, capture_output=True, text=True, check=False)
        lines = done.stdout.strip().splitlines()
        findings = [wrong] if wrong else [line for line in lines if line.startswith(("FAILED", "ERROR"))]
        if done.returncode and not findings:
            findings = [done.stdout.strip() or done.stderr.strip()]
    review("tests", findings, lines[-1].partition(" in ")[0] if lines else "")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
