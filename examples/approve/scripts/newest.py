"""Says which release stands topmost in a changelog: the words of its first `##` heading."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Print the heading; 1 when there is none."""
    for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            print(line[3:].strip())
            return 0
    print(f"{sys.argv[1]} has no release in it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
