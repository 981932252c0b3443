"""Packs the Python files of a folder into a zip archive, the same bytes for the same files."""

from __future__ import annotations

import hashlib
import json
import sys
import zipfile
from pathlib import Path


def main(folder: Path, target: Path) -> None:
    """Write the archive; print its path and digest."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*.py")):
            # A fixed time, so that nothing but the files decides about the bytes.
            entry = zipfile.ZipInfo(file.relative_to(folder.parent).as_posix(), (2020, 1, 1, 0, 0, 0))
            archive.writestr(entry, file.read_bytes())
    print(json.dumps({"path": str(target), "sha256": hashlib.sha256(target.read_bytes()).hexdigest()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
