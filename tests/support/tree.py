"""The repository's own files, and the package as it is installed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import metaensemble

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = Path(metaensemble.__file__).parent
FROM_LINK = INSTALLED.resolve() == ROOT
"""The package is a link to this tree and no wheel; only a developer's own set-up does that."""

PARTS = ("cli", "engine", "hooks", "patterns", "schemas", "tasks")
"""The folders that, with the modules beside them, make the import package."""

_MADE = {".git", "__pycache__", "build", "dist", ".metaensemble", ".hypothesis"}


def files(start: Path = ROOT) -> Iterator[Path]:
    """Every file below `start` that belongs to the project: no caches, builds or environments."""
    for folder, inner, names in os.walk(start):
        here = Path(folder)
        inner[:] = sorted(
            name
            for name in inner
            if name not in _MADE
            and not name.endswith((".egg-info", "_cache"))
            and not (here / name / "pyvenv.cfg").exists()
        )
        yield from (here / name for name in sorted(names) if not name.endswith(".pyc"))


def package_files() -> list[Path]:
    """Every file of the import package in the tree, relative to it; the READMEs are not shipped."""
    parts = [path for part in PARTS for path in files(ROOT / part)]
    top = [*ROOT.glob("*.py"), ROOT / "py.typed"]
    return sorted(path.relative_to(ROOT) for path in [*top, *parts] if path.name != "README.md")


def packages() -> list[str]:
    """The dotted names of all packages in the tree."""
    found = (path.parent for path in package_files() if path.name == "__init__.py")
    return sorted(".".join(("metaensemble", *folder.parts)) for folder in found)
