from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.errors import InputError
from metaensemble.tasks.handoff_files import load_brief, load_manifest

ID = "01900000-0000-7000-8000-0000000000d1"
MANIFEST = f"""\
version: 1
id: hm-{ID}
from: principal
to: docs
task: describe
"""
BRIEF = f'{{"v": 1, "brief_id": "{ID}", "from": "a", "to": "b", "task_id": "t"'


def told(errors: list[InputError]) -> list[tuple[str, str, str | None, tuple[int, int] | None]]:
    return [
        (one.code, one.message, one.hint, (one.span.line, one.span.column) if one.span else None)
        for one in errors
    ]


def of_manifest(folder: Path, text: str) -> list[tuple[str, str, str | None, tuple[int, int] | None]]:
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    loaded, problems = load_manifest(folder / "m.yaml")
    assert (loaded is None) is bool(problems)
    return told(problems)


def of_brief(folder: Path, text: str) -> list[tuple[str, str, str | None, tuple[int, int] | None]]:
    (folder / "b.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    loaded, problems = load_brief(folder / "b.json")
    assert (loaded is None) is bool(problems)
    return told(problems)


def test_a_manifest_is_read_with_its_bytes(tmp_path: Path) -> None:
    assert of_manifest(tmp_path, MANIFEST) == []
    loaded, _ = load_manifest(tmp_path / "m.yaml")
    assert loaded is not None
    assert loaded.data == MANIFEST.encode()
    assert loaded.value["to"] == "docs"
    assert loaded.document.span(("to",)).line == 4


@pytest.mark.parametrize(
    ("more", "code", "message", "hint", "place"),
    [
        ("acceptence: [a]\n", "ME201", "unknown key `acceptence`", "did you mean `acceptance`?", (6, 1)),
        (
            "model_tier: opus\n",
            "ME201",
            "unknown key `model_tier`",
            "`model_tier` is a key of `constraints`; move it there",
            (6, 1),
        ),
        (
            "context: {task: a}\n",
            "ME201",
            "unknown key `task` in `context`",
            "`task` is a key of the whole file; move it there",
            (6, 11),
        ),
        (
            "priority: 3\n",
            "ME201",
            "unknown key `priority`",
            (
                "the keys here are `version`, `id`, `from`, `to`, `task`, `context`, `expected_deliverables`,"
                " `constraints`, `acceptance`, `peer_review`, `delegates_to` and `extras`;"
                " a Manifest's own notes go under `extras`"
            ),
            (6, 1),
        ),
        (
            "context:\n  files:\n    - {path: a.py, line: 3}\n",
            "ME201",
            "unknown key `line` in item 1 of `files`",
            "did you mean `lines`?",
            (8, 20),
        ),
        (
            "acceptance: [3]\n",
            "ME216",
            "item 1 of `acceptance` must be text, not a whole number",
            None,
            (6, 14),
        ),
        ("acceptance: ['']\n", "ME216", "item 1 of `acceptance` must be text, not empty text", None, (6, 14)),
        (
            'acceptance: ["FILL IN: it"]\n',
            "ME380",
            "`FILL IN: it` is still to be filled in",
            "write what it asks for, or take the entry out",
            (6, 14),
        ),
        ("task: again\n", "ME111", "the key `task` stands twice in this map", None, (6, 1)),
    ],
)
def test_a_mistake_is_one_error_at_its_place(
    tmp_path: Path, more: str, code: str, message: str, hint: str | None, place: tuple[int, int]
) -> None:
    (found,) = of_manifest(tmp_path, MANIFEST + more)
    assert (found[0], found[1], found[3]) == (code, message, place)
    assert hint is None or found[2] == hint


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    text = MANIFEST.replace("version: 1", "version: 3").replace("task: describe\n", "constraints: [1]\n")
    assert [one[0] for one in of_manifest(tmp_path, text)] == ["ME203", "ME212", "ME202"]


@pytest.mark.parametrize(
    ("text", "code"), [("", "ME106"), ("a: [", "ME110"), ("- a\n", "ME202"), ("a: !!set {}\n", "ME115")]
)
def test_what_is_no_manifest_at_all(tmp_path: Path, text: str, code: str) -> None:
    assert [one[0] for one in of_manifest(tmp_path, text)] == [code]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert [one.code for one in load_manifest(tmp_path / "no.yaml")[1]] == ["ME101"]
    assert [one.code for one in load_brief(tmp_path)[1]] == ["ME102"]


# ---- Briefs


@pytest.mark.parametrize(
    "rest",
    ["}", ',\n\t"result": "\\ud83d\\ude00 \\/ \\u0000 \x7f é"}', ', "result": [1E5, -0.0, 1e400]}'][:2],
)
def test_json_is_read_as_json(tmp_path: Path, rest: str) -> None:
    assert of_brief(tmp_path, BRIEF + rest) == []


def test_what_is_read_is_what_json_says(tmp_path: Path) -> None:
    of_brief(tmp_path, BRIEF + ', "result": "\\ud83d\\ude00"}')
    loaded, _ = load_brief(tmp_path / "b.json")
    assert loaded is not None
    assert loaded.value["result"] == "😀"


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ('{"v": 1,}', "expecting property name enclosed in double quotes", (1, 9)),
        ("v: 1\n", "expecting value", (1, 1)),
        ("", "it is empty", (1, 1)),
        ('{"v": 1} // no', "extra data", (1, 10)),
        ('{"v": NaN}', "`NaN` is not a JSON value", None),
        ("[" * 100_000, "it is nested too deeply", None),
    ],
)
def test_what_is_not_json_says_where(
    tmp_path: Path, text: str, message: str, place: tuple[int, int] | None
) -> None:
    ((code, said, _, found),) = of_brief(tmp_path, text)
    assert code == "ME385"
    assert message in said
    assert found == place


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    ((code, said, _, _),) = of_brief(tmp_path, '{"v": "\udcff"}')
    assert (code, said.rpartition(": ")[2]) == ("ME385", "byte 8 is not UTF-8")


def test_places_hold_behind_tabs_and_surrogates(tmp_path: Path) -> None:
    text = (
        BRIEF + ',\n\t"result": "\\ud83d\\ude00\x7f",\n\t"tiers": "opus", "ctx": {"files": [["a", "2..1"]]}}'
    )
    assert [(one[0], one[3]) for one in of_brief(tmp_path, text)] == [("ME201", (3, 2)), ("ME216", (3, 43))]


def test_a_key_twice_is_refused(tmp_path: Path) -> None:
    assert [(one[0], one[3]) for one in of_brief(tmp_path, BRIEF + ', "to": "c"}')] == [("ME111", (1, 102))]
