"""The pictures of the documents are what the examples look like now, and are shown."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from support.tree import ROOT

PICTURES = ROOT / "docs" / "pictures"
SMALL = ROOT / "examples" / "patterns"
"""Its README leads to a page for each of its graphs, and these show the pictures."""

EXAMPLES = sorted({path.parent for path in (ROOT / "examples").glob("**/README.md")} - {SMALL})
PATTERNS = sorted(path.stem for path in SMALL.glob("*.yaml"))


@pytest.mark.slow
def test_the_pictures_are_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(PICTURES / "draw.py"), str(tmp_path)], cwd=tmp_path, check=True)
    drawn, kept = _pictures(tmp_path), _pictures(PICTURES)
    assert set(drawn) == {f"{path.name}.svg" for path in EXAMPLES} | {
        f"patterns/{name}.svg" for name in PATTERNS
    }
    stale = [name for name in drawn.keys() | kept.keys() if drawn.get(name) != kept.get(name)]
    assert not stale, f"stale: {', '.join(sorted(stale))}; run `make pictures`"


def _pictures(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("**/*.svg")}


def test_no_picture_tells_where_it_was_drawn() -> None:
    places = (str(ROOT), tempfile.gettempdir())
    for path in PICTURES.glob("**/*.svg"):
        text = path.read_text("utf-8")
        assert not [place for place in places if place in text], path.name


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_every_example_shows_its_picture(example: Path) -> None:
    assert _shown(example / "README.md") == [PICTURES / f"{example.name}.svg"]


@pytest.mark.parametrize("name", PATTERNS)
def test_the_page_of_every_pattern_shows_its_picture(name: str) -> None:
    assert _shown(ROOT / "docs" / "patterns" / f"{name}.md") == [PICTURES / "patterns" / f"{name}.svg"]


def _shown(file: Path) -> list[Path]:
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read_text("utf-8"))
    return [(file.parent / target).resolve() for target in shown]


def test_the_tour_and_the_first_page_show_some() -> None:
    for file in (ROOT / "README.md", ROOT / "docs" / "guide.md"):
        shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read_text("utf-8"))
        assert shown
        assert all((file.parent / target).resolve().parent == PICTURES for target in shown)
