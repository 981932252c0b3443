"""A reviewer: the patch must be small enough to read."""

from __future__ import annotations

import json
import sys

from patching import review


def main(most: int) -> None:
    """Print a review; lines that were added and lines that were taken away count."""
    patch = json.load(sys.stdin)["draft"]["patch"]
    count = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in patch.splitlines() if line)
    findings = [f"it changes {count} lines, and {most} are allowed"] if count > most else []
    review("size", findings, f"it changes {count} lines")


if __name__ == "__main__":
    main(int(sys.argv[1]))
