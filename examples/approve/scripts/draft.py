"""Drafts release notes: what stands under the topmost `##` heading of a changelog, under a new head."""

from __future__ import annotations

import sys
from pathlib import Path


def entries(text: str) -> list[str]:
    """The entries of the topmost release, each on one line."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("## "):
            if inside:
                break
            inside = True
        elif inside and line.startswith("- "):
            found.append(line)
        elif inside and found and line.startswith("  "):
            found[-1] += f" {line.strip()}"
    return found


def main() -> int:
    """Print the notes; 1 when there is nothing to tell."""
    changelog, version = sys.argv[1:]
    lines = entries(Path(changelog).read_text(encoding="utf-8"))
    if not lines:
        print(f"the topmost release of {changelog} has no entries", file=sys.stderr)
        return 1
    print(f"# Version {version}", "", f"{len(lines)} changes:", "", *lines, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
