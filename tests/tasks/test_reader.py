"""What YAML means here, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.errors import InputErrors
from metaensemble.tasks import read, read_problems
from metaensemble.tasks.resolve_scalar import NotJson, resolve_scalar

pytestmark = pytest.mark.parametrize("in_python", [False, True], ids=["c", "python"])

SCALARS: list[tuple[str, Any]] = [
    ("", None),
    ("~", None),
    ("null", None),
    ("Null", None),
    ("NULL", None),
    ("nUll", "nUll"),
    ("true", True),
    ("True", True),
    ("TRUE", True),
    ("tRue", "tRue"),
    ("false", False),
    ("False", False),
    ("FALSE", False),
    ("yes", "yes"),
    ("Yes", "Yes"),
    ("no", "no"),
    ("on", "on"),
    ("off", "off"),
    ("y", "y"),
    ("n", "n"),
    ("0", 0),
    ("-0", 0),
    ("+12", 12),
    ("-7", -7),
    ("0777", 777),
    ("0o17", 15),
    ("0o8", "0o8"),
    ("-0o17", "-0o17"),
    ("0x1F", 31),
    ("0xg", "0xg"),
    ("0b11", "0b11"),
    ("1_000", "1_000"),
    ("12:30:45", "12:30:45"),
    ("190:20:30", "190:20:30"),
    ("2001-12-14", "2001-12-14"),
    ("1.5", 1.5),
    ("-1.5", -1.5),
    (".5", 0.5),
    ("5.", 5.0),
    ("1e3", 1000.0),
    ("1E-2", 0.01),
    ("1.2.3", "1.2.3"),
    ("1e", "1e"),
    ("+", "+"),
    (".", "."),
    ("=", "="),
    ("<", "<"),
    ("٣", "٣"),  # a digit, but no ASCII one
    (".infinity", ".infinity"),
    ("-.nan", "-.nan"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS, ids=[written for written, _ in SCALARS])
def test_plain_scalars_follow_the_core_schema(written: str, value: Any, in_python: bool) -> None:
    found = read(f"a: {written}\n", in_python=in_python).value["a"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("written", [written for written, _ in SCALARS if written])
def test_quoted_scalars_are_text(written: str, in_python: bool) -> None:
    assert read(f"a: \"{written}\"\nb: '{written}'\n", in_python=in_python).value == {
        "a": written,
        "b": written,
    }


@pytest.mark.parametrize(
    "written", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", "1e999", "9" * 301, "0x" + "f" * 301]
)
def test_numbers_beyond_json_are_refused(written: str, in_python: bool) -> None:
    with pytest.raises(NotJson):
        resolve_scalar(written)
    document, problems = read_problems(f"a: [1, {written}]\n", in_python=in_python)
    assert [(error.code, error.where) for error in problems] == [("ME121", ("a", 1))]
    assert document is not None
    assert document.value == {"a": [1, None]}


@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_every_json_document_means_the_same(value: Any, in_python: bool) -> None:
    import json

    written = json.dumps([value])
    if len(written) < 1000:  # a key and its colon must be near to one another
        assert read(written, in_python=in_python).value == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: b # c\n", {"a": "b"}),
        ("a: b#c\n", {"a": "b#c"}),
        ("a: http://x/y?z=1!\n", {"a": "http://x/y?z=1!"}),
        ("[a?b, c!d, ?e]\n", ["a?b", "c!d", "?e"]),
        ("a: x\u2028y\u0085z\n", {"a": "x\u2028y\u0085z"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("a: b\rc: d\r", {"a": "b", "c": "d"}),
        ("\ufeffa: b\n", {"a": "b"}),
        ("---\na: b\n...\n", {"a": "b"}),
        ("%YAML 1.2\n---\na: b\n", {"a": "b"}),
        ("# first\n%YAML 1.2 # yes\n---\na: b\n", {"a": "b"}),
        ("a: |\n  x\n  \ty\n\n  z\n", {"a": "x\n\ty\n\nz\n"}),
        ("a: >-\n  x\n  y\n\n  z\n", {"a": "x y\nz"}),
        ('a: "\\t\\u00e9\\x41\\\n  b"\n', {"a": "\té" + "Ab"}),
        ("a: 'it''s'\n", {"a": "it's"}),
        ('a: "\\ud83d\\ude00 \\U0001F600"\n', {"a": "😀 😀"}),
        ("a: &x [1]\nb: *x\n", {"a": [1], "b": [1]}),
        ("a: &x b\n*x : c\n", {"a": "b", "b": "c"}),
        ('"<<": 1\n', {"<<": 1}),
        ("a: ${{ x }}\n", {"a": "${{ x }}"}),
        ("a: b\tc\n", {"a": "b\tc"}),
        ('a: "b\tc" # d\te\n', {"a": "b\tc"}),
        ('{"a":1,"b":[2,3]}', {"a": 1, "b": [2, 3]}),
        ("a:\n- b\n- c: d\n  e: f\n", {"a": ["b", {"c": "d", "e": "f"}]}),
    ],
)
def test_accepted(text: str, value: Any, in_python: bool) -> None:
    assert read(text, in_python=in_python).value == value


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a: 1\na: 2\na: 3\n", [("ME111", 2, 1), ("ME111", 3, 1)]),
        ("a: {b: 1, b: 2}\n", [("ME111", 1, 11)]),
        ("<<: {a: 1}\n", [("ME114", 1, 1)]),
        ("a: !!str 1\nb: ! 2\n", [("ME115", 1, 4), ("ME115", 2, 4)]),
        ("a: !x\n  b: 1\nc: [!y {d: 2}]\n", [("ME115", 1, 4), ("ME115", 3, 5)]),
        ("a: 1\n---\nb: 2\n", [("ME116", 2, 1)]),
        ("a: *b\n", [("ME119", 1, 4)]),
        ("a: &a [*a]\n", [("ME119", 1, 8)]),
        ("1: a\ntrue: b\n~: c\n[d]: e\n", [("ME120", line, 1) for line in (1, 2, 3, 4)]),
        ("a: b\n: c\n", [("ME110", 2, 1)]),
        ('a: "\\u0041 \\ud83d x"\n', [("ME110", 1, 12)]),
        ('a: "\\udc00"\n', [("ME110", 1, 5)]),
        ("a: {{ b }}\n", [("ME120", 1, 5)]),
        ("%YAML 1.1\n%TAG ! x\n---\na: 1\n", [("ME122", 1, 1), ("ME122", 2, 1)]),
        ("? a\n: b\n", [("ME123", 1, 1)]),
        ("a:\tb\nc: d\t# e\n", [("ME112", 1, 3), ("ME112", 2, 5)]),
        ("a:\n\tb: 1\n", [("ME112", 2, 1)]),
        ("a: [${{ b }}]\nc: {d: ${{ e }}}\n", [("ME113", 1, 5), ("ME113", 2, 8)]),
        ("a: b: c\n", [("ME110", 1, 4)]),
        ("", [("ME106", 0, 0)]),
        (" \n# a\n", [("ME106", 0, 0)]),
        ("---\n", [("ME106", 0, 0)]),
        ("a: \x00\n", [("ME104", 1, 4)]),
        ("a: \ud800\n", [("ME104", 1, 4)]),
        ("a: \x1b[0m\n", [("ME104", 1, 4)]),
    ],
)
def test_refused(text: str, places: list[tuple[str, int, int]], in_python: bool) -> None:
    _, problems = read_problems(text, "f.yaml", in_python=in_python)
    found = [
        (error.code, error.span.line, error.span.column) if error.span else (error.code, 0, 0)
        for error in problems
    ]
    assert found == places
    with pytest.raises(InputErrors) as caught:
        read(text, "f.yaml", in_python=in_python)
    assert len(caught.value.errors) == len(places)


def test_all_that_can_be_told_together_is(in_python: bool) -> None:
    text = "a: !x 1\nb: .inf\nb: 2\nc: {3: ${{ y }}}\nd: {f: g}\n<<: {}\ne: *f\n"
    document, problems = read_problems(text, in_python=in_python)
    assert [error.code for error in problems] == [
        "ME115",
        "ME121",
        "ME111",
        "ME120",
        "ME113",
        "ME114",
        "ME119",
    ]
    assert document is not None
    assert document.value == {"a": 1, "b": None, "c": {}, "d": {"f": "g"}, "e": None}


@pytest.mark.parametrize(
    ("line", "fixed"),
    [
        ("a: [${{ x }}]", 'a: ["${{ x }}"]'),
        ("a: {b: ${{ x }}, c: ${{ y }}-z, d: e}", 'a: {b: "${{ x }}", c: "${{ y }}-z", d: e}'),
        ("a: [b, pre ${{ x }} and ${{ y }} post ]", 'a: [b, "pre ${{ x }} and ${{ y }} post" ]'),
        ("a: [${{ x['k'] }}]", "a: [\"${{ x['k'] }}\"]"),
        ('a: [${{ x["k"] }}]', "a: ['${{ x[\"k\"] }}']"),
        ('a: ["q, ${{ p }}", ${{ x }}] # ${{ y }}', 'a: ["q, ${{ p }}", "${{ x }}"] # ${{ y }}'),
        ("a: [${{ {'k': [1, 2]}['k'] }}]", "a: [\"${{ {'k': [1, 2]}['k'] }}\"]"),
    ],
)
def test_an_unquoted_expression_comes_with_the_fixed_line(line: str, fixed: str, in_python: bool) -> None:
    _, problems = read_problems(line, in_python=in_python)
    assert [error.code for error in problems] == ["ME113"]
    assert problems[0].hint == f"put the whole value in quotes:\n    {fixed}"
    read(fixed, in_python=in_python)


def test_unquoted_expressions_keep_their_text(in_python: bool) -> None:
    document, problems = read_problems("a: [x-${{ y['z'] }}, ${{ 1 # 2 }}]\n", in_python=in_python)
    assert len(problems) == 1
    assert document is not None
    assert document.value == {"a": ["x-${{ y['z'] }}", "${{ 1 # 2 }}"]}


def test_characters_for_private_use_survive_beside_those_that_are_replaced(in_python: bool) -> None:
    text = 'a: "\ue000!\ue001\\uE002?\\ue003\t"\nb: \uf8ff!\n'
    assert read(text, in_python=in_python).value == {"a": "\ue000!\ue001\ue002?\ue003\t", "b": "\uf8ff!"}


def test_aliases_up_to_the_bound_are_accepted(in_python: bool) -> None:
    lines = ["x-a: &a [0,0,0,0,0,0,0,0,0]", "x-b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]"]
    assert len(read("\n".join([*lines, "c: *b"]), in_python=in_python).value["c"]) == 10
    many = "\n".join([*lines, f"c: [{','.join(['*b'] * 1000)}]"])
    _, problems = read_problems(many, in_python=in_python)
    assert [error.code for error in problems] == ["ME118"]


def test_depth_counts_what_aliases_stand_for(in_python: bool) -> None:
    lines = ["- &a0 [x]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 98))]
    assert read("\n".join(lines), in_python=in_python).value[97]
    _, problems = read_problems("\n".join([*lines, "- &a98 [*a97]", "- [*a98]"]), in_python=in_python)
    assert [error.code for error in problems] == ["ME117"]


def test_a_hundred_levels_are_enough(in_python: bool) -> None:
    read("[" * 100 + "]" * 100, in_python=in_python)
    _, problems = read_problems("[" * 101 + "]" * 101, in_python=in_python)
    assert [(error.code, error.span and error.span.column) for error in problems] == [("ME117", 101)]


def test_many_problems_of_one_kind_are_bounded(in_python: bool) -> None:
    _, problems = read_problems("a: 1\n" * 1_000, in_python=in_python)
    assert len(problems) == 100
