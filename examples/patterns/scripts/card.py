"""Makes one index card of what the members of a team found."""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Read `candidates`: by member, how it ended and what it came to."""
    card: dict[str, object] = {}
    for candidate in json.load(sys.stdin)["candidates"].values():
        if candidate["status"] == "ok":
            card |= candidate["output"]
    print(json.dumps(card))


if __name__ == "__main__":
    main()
