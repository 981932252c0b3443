"""The thorough step: the project's tests."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys


def main(project: str) -> None:
    """Print an answer: which tests failed, and how many there were."""
    own = ["-c", os.devnull, "--rootdir", "."]  # not the settings of a project around this one
    words = [sys.executable, "-m", "pytest", "-q", "--tb=line", "-p", "no:cacheprovider", *own, "."]
    environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, cwd=project, env=environ, capture_output=True, text=True, check=False)
    lines = done.stdout.strip().splitlines()
    counted = sum(
        int(count) for count in re.findall(r"(\d+) (?:passed|failed|error)", lines[-1] if lines else "")
    )
    evidence = [{"what": line} for line in lines if line.startswith(("FAILED", "ERROR"))]
    print(json.dumps({"sound": done.returncode == 0, "tests": counted, "evidence": evidence}))


if __name__ == "__main__":
    main(os.environ["ME_IN_PROJECT"])
