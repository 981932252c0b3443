"""Writes the approved patch, an input of the task, to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(target: Path) -> None:
    """Write the file."""
    approved = json.load(sys.stdin)["approved"]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(approved["output"]["patch"], encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
