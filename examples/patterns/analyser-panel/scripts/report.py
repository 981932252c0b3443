"""Writes the report of all files, those to mend first; prints what it comes to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def row(file: dict[str, Any]) -> str:
    """One file: the decision, how the votes fell, and what the minority says."""
    found = file["output"]
    if file["status"] != "ok":
        return f"| {file['key']} | {file['status']} | | |"
    most_first = sorted(found["counts"].items(), key=lambda item: -item[1])
    counts = ", ".join(f"{count} {vote}" for vote, count in most_first)
    against = "; ".join(f"{one['who']}: {one['reason']}" for one in found["dissent"]).replace("|", "\\|")
    return f"| {file['key']} | {found['decision']} | {counts} | {against} |"


def main(report: Path) -> None:
    """Read the decisions, write Markdown."""
    files = json.load(sys.stdin)["files"]
    decided = [file for file in files if file["status"] == "ok"]
    mend = [file["key"] for file in decided if file["output"]["decision"] == "mend"]
    saved = sum(file["output"]["saved_calls"] for file in decided)
    calls = sum(file["output"]["asked"] for file in decided) - saved
    lines = [
        f"# {len(mend)} of {len(files)} files are to be mended",
        "",
        f"{calls} votes were taken, and {saved} {'was' if saved == 1 else 'were'} not needed.",
        "",
        "| file | decision | votes | against it |",
        "|---|---|---|---|",
        *(row(file) for file in sorted(files, key=lambda file: (file["key"] not in mend, file["key"]))),
    ]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(json.dumps({"mend": mend, "calls": calls, "saved": saved}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
