"""A reviewer: no line of the draft may be longer than the limit."""

from __future__ import annotations

import json
import sys


def main(limit: int) -> None:
    """Print a review; each finding says what the author may do about it."""
    lines = json.load(sys.stdin)["draft"]["lines"]
    found = [
        {"line": number, "length": len(line), "limit": limit}
        for number, line in enumerate(lines, 1)
        if len(line) > limit
    ]
    if found:
        reason = f"{len(found)} lines are longer than {limit}"
        print(json.dumps({"verdict": "reject", "reason": reason, "findings": found}))
    else:
        print(json.dumps({"verdict": "approve", "reason": f"no line is longer than {limit}"}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
