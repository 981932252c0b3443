"""The fast step: what ruff finds of syntax errors and undefined names."""

from __future__ import annotations

import json
import os
import subprocess


def main(project: str) -> None:
    """Print an answer; each finding is evidence, by file, line and what is wrong."""
    words = ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", "E9,F63,F7,F82"]
    words += ["--output-format", "json", "--", project]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    evidence = [
        {
            "file": os.path.relpath(found["filename"], project),
            "line": found["location"]["row"],
            "what": found["message"],
        }
        for found in json.loads(done.stdout)
    ]
    print(json.dumps({"sound": not evidence, "evidence": evidence}))


if __name__ == "__main__":
    main(os.environ["ME_IN_PROJECT"])
