"""Writes the report from what came in on standard input: one line per file, the unsound ones first."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(report: Path) -> None:
    """Read the inputs, write Markdown."""
    given = json.load(sys.stdin)
    files = sorted(given["files"], key=lambda file: (file["status"] == "ok", file["key"]))
    sound = sum(file["status"] == "ok" for file in files)
    lines = [
        f"# {sound} of {len(files)} files are sound",
        "",
        "That is enough." if given["enough"] == "ok" else "That is not enough.",
        "",
        "| file | |",
        "|---|---|",
        *(f"| {file['key']} | {file['status']} |" for file in files),
    ]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
