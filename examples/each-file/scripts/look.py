"""Looks at one Python file with ruff and radon; prints what they found, and fails when it is not sound."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from radon.complexity import cc_visit


def lint(file: Path) -> list[str]:
    """What ruff says about the file, by its own default rules."""
    words = ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--output-format", "json", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)
    return [f"line {found['location']['row']}: {found['message']}" for found in json.loads(done.stdout)]


def mazes(text: str, limit: int) -> list[str]:
    """The functions whose cyclomatic complexity is above the limit."""
    return [
        f"line {block.lineno}: `{block.name}` has a complexity of {block.complexity}"
        for block in cc_visit(text)
        if block.complexity > limit
    ]


def main(file: Path, limit: int) -> int:
    """Print the findings as JSON; 1 when there are any."""
    findings = lint(file)
    try:
        findings += mazes(file.read_text(encoding="utf-8"), limit)
    except SyntaxError as error:
        findings.append(f"line {error.lineno}: {error.msg}")
    print(json.dumps({"findings": findings}))
    for finding in findings:
        print(finding, file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
