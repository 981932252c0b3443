"""examples/crash-and-resume: the script itself is the test; here it runs a few times on few files."""

from __future__ import annotations

import subprocess
import sys

from support.examples import EXAMPLES, environment
from support.tree import INSTALLED


def test_killed_runs_end_like_undisturbed_ones() -> None:
    done = subprocess.run(
        [
            *(sys.executable, str(EXAMPLES / "crash-and-resume" / "crash.py")),
            *("--times", "2", "--seed", "5", "--folder", str(INSTALLED / "schemas")),
        ],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 of 2: the same report each time" in done.stdout
