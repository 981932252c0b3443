"""A check: passes when the draft is no longer than the limit."""

from __future__ import annotations

import json
import sys


def main(limit: int) -> int:
    """Read the `candidate`; 0 when it fits. What is printed goes to the author as `findings`."""
    length = len(json.load(sys.stdin)["candidate"])
    print(f"{length} characters, and {limit} are allowed")
    return 0 if length <= limit else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
