"""A reviewer: the draft must have all the words of the text, in order."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(path: str) -> None:
    """Print a review."""
    words = Path(path).read_text(encoding="utf-8").split()
    drafted = " ".join(json.load(sys.stdin)["draft"]["lines"]).split()
    same = words == drafted
    reason = f"all {len(words)} words are there" if same else "it does not have the words of the text"
    print(json.dumps({"verdict": "approve" if same else "reject", "reason": reason}))


if __name__ == "__main__":
    main(sys.argv[1])
