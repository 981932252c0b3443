"""`python report.py PATH`: join the four checks, one JSON object on stdin, into one Markdown report."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

CHECKS = ("lint", "security", "complexity", "tests")
SEVERITIES = ("high", "medium", "low")
SHOWN_PER_FILE = 40


def report(given: dict[str, Any]) -> str:
    """The report as Markdown. `given` holds `project` and, by name, what each check said."""
    checks = {name: given[name] for name in CHECKS}
    by_file: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, check in checks.items():
        for found in check["findings"]:
            by_file[found["file"]].append({**found, "check": name})
    parts = [
        f"# Quality review of {Path(given['project']).resolve().name}",
        _summary(checks),
        _not_checked(checks),
        _overview(by_file, checks["tests"]["coverage"]),
        *(_details(file, by_file[file]) for file in sorted(by_file)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _summary(checks: dict[str, Any]) -> str:
    lines = ["| check | tool | result | notes |", "|---|---|---|---|"]
    for name, check in checks.items():
        count = len(check["findings"])
        result = f"{count} finding{'' if count == 1 else 's'}" if count else "nothing found"
        if check["status"] != "ran":
            result = "**not checked**"
        lines.append(f"| {name} | {check['tool']} | {result} | {_cell('; '.join(check['notes']))} |")
    return "\n".join(lines)


def _not_checked(checks: dict[str, Any]) -> str:
    left = [name for name, check in checks.items() if check["status"] != "ran"]
    if not left:
        return ""
    return f"**This review has holes: {', '.join(left)} did not take place.** The table says why."


def _overview(by_file: dict[str, list[dict[str, Any]]], coverage: dict[str, float]) -> str:
    if not by_file and not coverage:
        return ""
    lines = ["## Files", "", "| file | high | medium | low | lines that tests ran |", "|---|--:|--:|--:|--:|"]
    for file in sorted({*by_file, *coverage}):
        counts = Counter(found["severity"] for found in by_file.get(file, ()))
        share = f"{coverage[file]:.0f} %" if file in coverage else ""
        lines.append(
            f"| {_cell(file)} | " + " | ".join(str(counts[s] or "") for s in SEVERITIES) + f" | {share} |"
        )
    return "\n".join(lines)


def _details(file: str, found: list[dict[str, Any]]) -> str:
    worst_first = sorted(
        found, key=lambda item: (SEVERITIES.index(item["severity"]), item["line"], item["rule"])
    )
    lines = [f"### {file}", "", "| line | severity | check | rule | what |", "|--:|---|---|---|---|"]
    for item in worst_first[:SHOWN_PER_FILE]:
        line = item["line"] or ""
        lines.append(
            f"| {line} | {item['severity']} | {item['check']} | {item['rule']} | {_cell(item['message'])} |"
        )
    if len(worst_first) > SHOWN_PER_FILE:
        lines += [
            "",
            f"… and {len(worst_first) - SHOWN_PER_FILE} more, none more severe than the last one shown.",
        ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Write the report, and hand its figures on."""
    given = json.load(sys.stdin)
    path = Path(sys.argv[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(report(given), encoding="utf-8")
    json.dump(
        {
            "report": sys.argv[1],
            "findings": sum(len(given[name]["findings"]) for name in CHECKS),
            "not_checked": [name for name in CHECKS if given[name]["status"] != "ran"],
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
