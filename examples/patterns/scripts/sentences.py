"""A sentence that stands for a text: the `first`, or the most `central` one."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path


def main(which: str, path: str) -> None:
    """Print the sentence."""
    text = " ".join(Path(path).read_text(encoding="utf-8").split())
    sentences = re.split(r"(?<=[.!?]) ", text)
    counts = Counter(word for word in re.findall(r"\w+", text.lower()) if len(word) > 3)
    central = max(sentences, key=lambda one: sum(counts[word] for word in re.findall(r"\w+", one.lower())))
    print(json.dumps({"sentence": sentences[0] if which == "first" else central}))


if __name__ == "__main__":
    main(*sys.argv[1:])
