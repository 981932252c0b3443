from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from metaensemble.tasks.manifest_text import manifest_yaml
from metaensemble.tasks.reader import read

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=40), inner, max_size=4),
    max_leaves=12,
)
ODD = ["yes", "No", "null", "~", "1e3", "0o17", "0x1", "1_000", "10..40", "12:30", ".5", "-", "- a", "a: b"]
ODD += [
    "# x",
    "a #b",
    "${{ x }}",
    "{{ y }}",
    "&a",
    "*a",
    "!t",
    "|",
    ">",
    "%",
    "@",
    "`",
    "'",
    '"',
    "\\",
    "a\tb",
]
ODD += [
    "\u2028",
    "\ufeff",
    "\x85",
    "\x00\x1b\x7f",
    "😀\U000e0001",
    " a ",
    "a\nb\n",
    "---",
    "...",
    "<<",
    "=",
    "",
]
HOSTILE = {"odd": ODD, **{text: text for text in ODD if text != ""}}


@given(st.dictionaries(st.text(min_size=1, max_size=40), VALUES, min_size=1))
@example({"a": [1e300, 1e16, -0.0, 1e-7, 2**53, [[], [[1]], {}], [{"a": [{"b": 1}], "c": {}}]]})
@example(HOSTILE)
def test_reading_it_gives_the_same(value: dict[str, Any]) -> None:
    found = read(manifest_yaml(value)).value
    assert json.dumps(found) == json.dumps(value)


@pytest.mark.parametrize("text", ODD)
def test_other_readers_take_it_for_text_too(text: str) -> None:
    assert yaml.safe_load(manifest_yaml({"a": text, "b": [text]})) == {"a": text, "b": [text]}


def test_it_is_what_a_person_would_write() -> None:
    manifest = {
        "version": 1,
        "id": "hm-0190",
        "context": {"files": [{"path": "src/a.py", "lines": "10..40"}, {"path": "b.py"}], "prior_runs": []},
        "acceptance": ["it is short", "it: holds"],
        "extras": {},
    }
    assert manifest_yaml(manifest) == (
        "version: 1\n"
        "id: hm-0190\n"
        "context:\n"
        "  files:\n"
        "    - path: src/a.py\n"
        '      lines: "10..40"\n'
        "    - path: b.py\n"
        "  prior_runs: []\n"
        "acceptance:\n"
        "  - it is short\n"
        '  - "it: holds"\n'
        "extras: {}\n"
    )
