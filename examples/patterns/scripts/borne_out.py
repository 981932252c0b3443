"""A check: passes when the endings of the words of the text speak for the language that was named."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import endings


def main(path: str) -> int:
    """Look at the text itself: what the `candidate` says of how sure it is counts for nothing."""
    named = json.load(sys.stdin)["candidate"]["language"]
    found = endings.vote(Path(path).read_text(encoding="utf-8"))
    print(f"{named} was named: {found['reason']}")
    return 0 if found["language"] == named else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
