"""Prints what ruff finds in one file by these rules and no others."""

from __future__ import annotations

import json
import subprocess
import sys


def main(rules: str, file: str) -> None:
    """Findings are no failure: what counts as passing is said in the graph."""
    words = ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", rules]
    done = subprocess.run(
        [*words, "--output-format", "json", "--", file], capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    found = [
        f"line {one['location']['row']}: {one['code']} {one['message']}" for one in json.loads(done.stdout)
    ]
    print(json.dumps({"findings": found}))


if __name__ == "__main__":
    main(*sys.argv[1:])
