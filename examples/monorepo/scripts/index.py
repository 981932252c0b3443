"""Writes an index of all archives from what came in on standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(target: Path) -> None:
    """One entry per package: its name, archive and digest."""
    packages = json.load(sys.stdin)["packages"]
    index = {package["key"]: package["output"] for package in packages}
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    print(f"{len(index)} packages")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
