"""Prints how many findings there are in each file that has any."""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Read the files and their findings, print JSON."""
    files = json.load(sys.stdin)["files"]
    print(json.dumps({one["key"]: found for one in files if (found := len(one["output"]["findings"]))}))


if __name__ == "__main__":
    main()
