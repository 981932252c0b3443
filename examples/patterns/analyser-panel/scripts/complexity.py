"""Votes on a file by the cyclomatic complexity of its functions, as radon counts it."""

from __future__ import annotations

import sys
from pathlib import Path

from radon.complexity import cc_visit
from vote import FILE, say


def main(file: Path, limit: int) -> None:
    """A function above the limit is a reason to mend the file."""
    try:
        blocks = cc_visit(file.read_text(encoding="utf-8"))
    except SyntaxError as error:
        say([f"line {error.lineno}: {error.msg}"])
        return
    say(
        [
            f"line {block.lineno}: `{block.name}` has a complexity of {block.complexity}"
            for block in blocks
            if block.complexity > limit
        ]
    )


if __name__ == "__main__":
    main(FILE, int(sys.argv[1]))
