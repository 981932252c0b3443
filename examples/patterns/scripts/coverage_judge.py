"""A judge: prefers the candidate that has more of the frequent words of the text."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path


def main(path: str) -> None:
    """Read candidates under labels, print the label of the best; the first of equals, as people do."""
    words = re.findall(r"\w+", Path(path).read_text(encoding="utf-8").lower())
    frequent = {word for word, count in Counter(words).items() if count > 1 and len(word) > 2}
    best, most = None, -1
    for candidate in json.load(sys.stdin)["candidates"]:
        there = len(frequent & set(re.findall(r"\w+", candidate["output"]["sentence"].lower())))
        if there > most:
            best, most = candidate["label"], there
    print(json.dumps({"preferred": best, "reason": f"it has {most} of {len(frequent)} frequent words"}))


if __name__ == "__main__":
    main(sys.argv[1])
