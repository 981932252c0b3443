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
EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir() if path.is_dir())


@pytest.mark.slow
def test_the_pictures_are_current(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(PICTURES / "draw.py"), str(tmp_path)], cwd=tmp_path, check=True)
    drawn = {path.name: path.read_bytes() for path in tmp_path.glob("*.svg")}
    kept = {path.name: path.read_bytes() for path in PICTURES.glob("*.svg")}
    assert sorted(drawn) == [f"{name}.svg" for name in EXAMPLES]
    stale = [name for name in drawn.keys() | kept.keys() if drawn.get(name) != kept.get(name)]
    assert not stale, f"stale: {', '.join(sorted(stale))}; run `make pictures`"


def test_no_picture_tells_where_it_was_drawn() -> None:
    places = (str(ROOT), tempfile.gettempdir())
    for path in PICTURES.glob("*.svg"):
        text = path.read_text("utf-8")
        assert not [place for place in places if place in text], path.name


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_shows_its_picture(name: str) -> None:
    file = ROOT / "examples" / name / "README.md"
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read_text("utf-8"))
    assert [(file.parent / target).resolve() for target in shown] == [PICTURES / f"{name}.svg"]


def test_the_tour_and_the_first_page_show_some() -> None:
    for file in (ROOT / "README.md", ROOT / "docs" / "guide.md"):
        shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", file.read_text("utf-8"))
        assert shown
        assert all((file.parent / target).resolve().parent == PICTURES for target in shown)
