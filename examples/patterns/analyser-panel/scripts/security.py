"""Votes on a file by what bandit finds in it, of medium severity or more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from vote import FILE, say


def main(file: Path) -> None:
    """Findings of low severity, such as an `assert`, are no reason to mend the file."""
    words = [sys.executable, "-m", "bandit", "-q", "-ll", "-f", "json", "--", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    answer = json.loads(done.stdout)
    found = [f"line {item['line_number']}: {item['issue_text']}" for item in answer["results"]]
    say(found + [item["reason"] for item in answer["errors"]])


if __name__ == "__main__":
    main(FILE)
