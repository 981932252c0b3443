"""A check: passes when whoever voted is sure enough. What it prints is what it found."""

from __future__ import annotations

import json
import sys


def main(least: float) -> int:
    """Read the `candidate`; 0 when it is at least that sure."""
    sure = json.load(sys.stdin)["candidate"]["sure"]
    print(f"sure to {sure:.0%}, and {least:.0%} is asked for")
    return 0 if sure >= least else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
