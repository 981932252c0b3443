"""Looks at a text for what the brief says, which comes as an input."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from pathlib import Path


def main(path: str) -> None:
    """Print what was found."""
    text = Path(path).read_text(encoding="utf-8")
    words = re.findall(r"\w+", text.lower())
    brief = os.environ["ME_IN_BRIEF"]
    if brief == "long words":
        found = sorted({word for word in words if len(word) > 9})
    elif brief == "frequent words":
        found = [word for word, count in Counter(words).most_common(4) if count > 3]
    else:
        found = [word for word, count in Counter(words).items() if count == 1 and len(word) > 6]
    print(json.dumps({"brief": brief, "found": found}))


if __name__ == "__main__":
    main(sys.argv[1])
