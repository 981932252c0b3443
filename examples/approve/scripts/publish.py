"""Writes the notes, an input of the task, to a file that must not be there yet."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> int:
    """Write the file and print its path; 1 when it is there already."""
    target = Path(sys.argv[1])
    notes = json.load(sys.stdin)["notes"]
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(f"{notes}\n")
    except FileExistsError:
        print(f"{target} is published already", file=sys.stderr)
        return 1
    print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
