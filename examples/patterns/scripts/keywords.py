"""The most frequent long words of a text."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path


def main(path: str) -> None:
    """Print them, the most frequent first."""
    words = re.findall(r"\w{4,}", Path(path).read_text(encoding="utf-8").lower())
    print(json.dumps({"keywords": [word for word, _ in Counter(words).most_common(3)]}))


if __name__ == "__main__":
    main(sys.argv[1])
