"""The check, which trusts neither step: unsound needs evidence, and sound needs tests that ran."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any


def is_there(project: Path, evidence: dict[str, Any]) -> bool:
    """Whether the line of a finding exists; a test that failed is there by itself."""
    if "file" not in evidence:
        return True
    file = project / evidence["file"]
    return file.is_file() and evidence["line"] <= len(file.read_text(encoding="utf-8").splitlines())


def main(project: Path) -> int:
    """Read the `candidate`; 0 when its answer will do."""
    answer = json.load(sys.stdin)["candidate"]
    if answer["sound"]:
        tests = answer.get("tests", 0)
        print(f"it is said to be sound, and {tests} tests ran")
        return 0 if tests else 1
    seen = [one for one in answer["evidence"] if is_there(project, one)]
    print(f"it is said to be unsound, and {len(seen)} of {len(answer['evidence'])} findings can be seen")
    return 0 if seen else 1


if __name__ == "__main__":
    sys.exit(main(Path(os.environ["ME_IN_PROJECT"])))
