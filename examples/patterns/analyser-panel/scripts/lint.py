"""Votes on a file by what ruff finds in it: syntax errors, names, imports and the plainest style."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from vote import FILE, say


def main(file: Path) -> None:
    """Any finding is a reason to mend the file."""
    words = ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", "E4,E7,E9,F"]
    words += ["--output-format", "json", "--", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    say([f"line {found['location']['row']}: {found['message']}" for found in json.loads(done.stdout)])


if __name__ == "__main__":
    main(FILE)
