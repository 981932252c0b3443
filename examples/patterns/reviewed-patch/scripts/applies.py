"""A reviewer: the patch must apply, and what comes of it must compile."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from patching import patched, python_files, review


def main(project: Path) -> None:
    """Print a review."""
    with TemporaryDirectory() as place:
        copy, wrong = patched(project, Path(place))
        findings = [wrong] if wrong else []
        for name in python_files(copy):
            try:
                compile((copy / name).read_bytes(), name, "exec")
            except SyntaxError as error:
                findings.append(f"{name}:{error.lineno}: {error.msg}")
    review("applies", findings, "it applies, and all files compile")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
