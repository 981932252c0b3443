"""Drafts a short text: from the second round on, the last draft without its last sentence."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path


def main(path: str) -> None:
    """Print a draft; `draft` and `findings` of the round before are on standard input."""
    given = sys.stdin.read()
    last = json.loads(given).get("draft") if given else None
    if last is None:
        print(" ".join(Path(path).read_text(encoding="utf-8").split()))
    else:
        print(" ".join(re.split(r"(?<=[.!?]) ", last)[:-1]))


if __name__ == "__main__":
    main(sys.argv[1])
