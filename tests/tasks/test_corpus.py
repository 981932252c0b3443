"""Broken files, one per rule and per likely mistake, each with the text that a person gets to read.

`tests/corpus/NNN-name.yaml` (or `.bin`) is the file and `NNN-name.txt` what is drawn for it;
`pytest --regen` writes the texts anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.cli.draw import draw
from metaensemble.schemas.errors import CODES, InputErrors
from metaensemble.schemas.later import TASK
from metaensemble.tasks import read_problems

CORPUS = Path(__file__).parents[1] / "corpus"
BROKEN = sorted(path for path in CORPUS.iterdir() if path.suffix in {".yaml", ".bin"})


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_explained(
    path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CORPUS)
    errors = api.check(path.name)
    assert errors, "the file is not broken"
    drawn = draw(InputErrors(errors))
    wanted = path.with_suffix(".txt")
    if request.config.getoption("--regen"):
        wanted.write_text(drawn, encoding="utf-8", newline="")
    assert wanted.is_file(), f"no text for {path.name}: run `pytest --regen`, then read what it wrote"
    assert drawn == wanted.read_bytes().decode()


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_both_parsers_say_the_same_of_it(path: Path) -> None:
    data = path.read_bytes()
    _, fast = read_problems(data, path.name)
    _, slow = read_problems(data, path.name, in_python=True)
    assert [error.to_json() for error in fast] == [error.to_json() for error in slow]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_no_run_of_it_begins(path: Path, tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    broken = tmp_path / path.name
    broken.write_bytes(path.read_bytes())
    with pytest.raises(InputErrors) as refused:
        api.run(broken, params={"not-a-parameter": "x"}, cwd=tmp_path)
    told = {(error.code, error.message) for error in refused.value.errors}
    assert {(error.code, error.message) for error in api.check(broken)} <= told
    assert list((tmp_path / ".metaensemble").iterdir()) == []


def test_the_corpus_is_large_and_has_no_orphans() -> None:
    assert len(BROKEN) >= 60
    assert {path.stem for path in CORPUS.glob("*.txt")} == {path.stem for path in BROKEN}


def test_no_hint_leads_to_a_key_that_run_refuses() -> None:
    """Left out: a key that stands in the file already and is only spelled right."""
    refused = {entry.path[0] for entry in TASK}
    hints = re.findall(r"^hint: (?!did you mean)(.*)", _all_drawn(), re.MULTILINE)
    assert len(hints) > 100
    for hint in hints:
        spelled = re.match(r"write `(\w+):", hint)
        named = set(re.findall(r"`(\w+)(?:`|:)", hint)) - {spelled[1] if spelled else None}
        assert not named & refused, hint


def _all_drawn() -> str:
    return "".join(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt")))


def test_every_code_about_files_and_shape_occurs() -> None:
    """Left out: what no file in a repository can be (missing, unreadable, too large)."""
    drawn = "".join(path.read_text() for path in CORPUS.glob("*.txt"))
    told = set(re.findall(r"^error\[(ME[12]\d\d)\]", drawn, re.MULTILINE))
    assert told == {code for code in CODES if code[:3] in {"ME1", "ME2"}} - {"ME101", "ME102", "ME103"}


def test_every_code_about_patterns_occurs() -> None:
    """Left out: what is about other files, and work that only the use of a file can show to be missing."""
    told = set(re.findall(r"^error\[(ME3[34]\d)\]", _all_drawn(), re.MULTILINE))
    elsewhere = {"ME341", "ME343", "ME347", "ME348", "ME349"}
    assert told == {code for code in CODES if code[:4] in {"ME33", "ME34"}} - elsewhere
