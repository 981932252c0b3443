"""Expressions: their values, what they may not do, and how they fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from metaensemble.schemas.errors import (
    EvaluationFailed,
    ExpressionError,
    ExpressionSyntax,
    ExpressionTooLarge,
    UnknownFunction,
    UnknownName,
)
from metaensemble.tasks.expression.analysis import analyse, plain_reference
from metaensemble.tasks.expression.evaluator import evaluate
from metaensemble.tasks.expression.syntax import examine

SCOPE: dict[str, Any] = {
    "params": {"n": 3, "s": "abc", "list": [1, 2, {"a": 1}], "yes": True, "nothing": None},
    "tasks": {
        "a": {"output": {"items": [1], "keys": 2, "values": 3, "__class__": "mine"}, "status": "ok"},
        "my-task": {"output": "x"},
    },
    "run": {"id": "r"},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("params.n + 1", 4),
        ("params.list", [1, 2, {"a": 1}]),
        ("params.list[2].a", 1),
        ("params['list'][-1]['a']", 1),
        ("params.list[params.n - 2]", 2),
        ("params.s[1:]", "bc"),
        ("tasks.a.output.items", [1]),
        ("tasks.a.output.keys + tasks.a.output.values", 5),
        ("tasks.a.output.__class__", "mine"),
        ('tasks["my-task"].output', "x"),
        ("params.s ~ params.list ~ true ~ none", 'abc[1,2,{"a":1}]true'),
        ("params.n > 2 and params.yes", True),
        ("'big' if params.n > 2 else 'small'", "big"),
        ("params.missing | default(5)", 5),
        ("params.missing is defined", False),
        ("params.nothing is none", True),
        ("(1, 2)", [1, 2]),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        ("params.list | selectattr('a', 'defined') | list", [{"a": 1}]),
        ("range(3) | map('string') | join('-')", "0-1-2"),
        ("7 % 4", 3),
        ("2 ** 10", 1024),
        ("'ab' * 2", "abab"),
        ("'a' in params.s", True),
        ("1 in [1, 2] and 3 not in [1, 2]", True),
        ("[3, 1] | sort | first", 1),
    ],
)
def test_values(source: str, value: Any) -> None:
    found = evaluate(source, SCOPE)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("params.lst", "`params` has no field `lst`; did you mean `list`?"),
        ("tasks.zzz.output", "`tasks` has no field `zzz`; it has `a` and `my-task`"),
        ("params.list[9]", "there is no item 9: the list has 3"),
        ("params.list.a", "a list has no field `a`"),
        ("params.s.upper", "text has no field `upper`"),
        ("params.n.real", "a number has no field `real`"),
        ("params.nothing.x", "null has no field `x`"),
        ("params.n / 0", "it divides by zero"),
        ("params.s + params.n", "`+` does not work on text and a number; `~` joins anything as text"),
        ("params.yes + 1", "`+` does not work on true or false and a number"),
        ("params.s % 1", "`%` does not work on text and a number"),
        ("[1] * 2", "`*` does not work on a list and a number"),
        ("1 < 'a'", "not supported between number and text"),
        ("1e308 * 10", "not a finite number"),
        ("{1: 2}", "the keys of an object are text, found a number"),
        ("params.s | fromjson", "the text is not JSON from its character 1 on"),
        ("params.s | int", "`abc` is not a whole number"),
        ("params.s | sum", "expected a list, found text: `| lines` or `| split` make a list of it"),
        ("[] | first", "the list is empty"),
        ("params.n | length", "a number has no length"),
        ("range(0, 5, 0)", "the step of `range` cannot be 0"),
        ("[{}] | map(attribute='x')", "the object has no field `x`: it is empty"),
    ],
)
def test_failures_say_what_is_wrong(source: str, words: str) -> None:
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(source, SCOPE)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"`{source}` has no value: ")


@pytest.mark.parametrize(
    "source",
    [
        "'a' * 10 ** 9",
        "10 ** 9 * 'a'",
        "10 ** 4000",
        "(10 ** 1000) ** 1000",
        "9 ** 9 ** 9 ** 9 ** 9",
        "range(10 ** 9)",
        "range(0, 10 ** 30)",
        "('a' * 999999) ~ ('b' * 999999)",
        "('a' * 9999) | replace('a', 'b' * 9999)",
        "range(100000) | join('x' * 99)",
        "range(99999) | map(attribute='x', default=range(99999))",
        "range(99999) | map(attribute='x', default=range(99999)) | tojson",
        "[range(99999), range(99999)] | flatten",
    ],
)
def test_sizes_are_bounded(source: str) -> None:
    with pytest.raises(ExpressionTooLarge):
        evaluate(source, SCOPE)


@pytest.mark.parametrize(
    ("source", "words", "hint"),
    [
        ("", "the expression is empty", "params.x"),
        ("1 +", "ends too early", None),
        ("foo(", "ends too early", None),
        ("1, 2", "`,` does not fit", None),
        ("params.n = 3", "`=` does not fit", "`==`"),
        ("1 && 2", "`&&` cannot be read", "`and`"),
        ("1 || 2", "`||` does not fit", "`or`"),
        ("!params.n", "`!` cannot be read", "`not`"),
        ("params.n ? 1 : 2", "`?` cannot be read", "`A if C else B`"),
        ("${{ 1 }}", "`${{` cannot be read", "one `${{"),
        ("1 if params.yes", "`if` in an expression needs an `else`", None),
        ("range(*[1])", "cannot hand over arguments", None),
        ("9" * 5000, "too many digits", None),
        ("(" * 31 + "1" + ")" * 31, "nest deeper than 30", None),
        ("+".join("1" * 200), "nests too deeply", None),
        ("-" * 5000 + "1", "nests too deeply", None),
        ("x" * 9000, None, None),
        ("[" + "1," * 5000 + "]", "more than 8,000 characters", None),
    ],
)
def test_syntax(source: str, words: str | None, hint: str | None) -> None:
    with pytest.raises((ExpressionSyntax, UnknownName)) as caught:
        evaluate(source, SCOPE)
    if words is not None:
        assert words in caught.value.message
    if hint is not None:
        assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("source", "words", "hint", "at"),
    [
        ("params.s.upper()", "values have no methods such as `upper()`", "write `… | upper`", "upper"),
        ("params.s.startswith('a')", "no methods", "write `… is startswith(…)`", "startswith"),
        ("params.list.append(1)", "no methods", "see `me dag functions`", "append"),
        ("uper(params.s)", "no function `uper`", "see `me dag functions`", "uper"),
        ("length(params.s)", "no function `length`", "write `… | length`", "length"),
        ("params.s | uper", "no filter `uper`", "did you mean `upper`?", "uper"),
        ("params.s | startswith('a')", "no filter `startswith`", "write `… is startswith`", "startswith"),
        ("params.s is upper", "no test `upper`", "write `… | upper`", "upper"),
        ("params.s | upper(1)", "does not take these arguments", "me dag functions", "upper"),
        ("params.list | map('nope')", "no filter `nope`", "me dag functions", "nope"),
        ("params.list | select('gtt')", "no test `gtt`", "did you mean `gt`?", "gtt"),
        ("(1)(2)", "only a function can be called", None, None),
    ],
)
def test_unknown_functions(source: str, words: str, hint: str | None, at: str | None) -> None:
    (problem, *_) = analyse(source).problems
    assert problem.error is UnknownFunction
    assert words in problem.message
    assert hint is None or hint in (problem.hint or "")
    assert at is None or source[problem.start : problem.end] == at


@pytest.mark.parametrize(
    "source",
    [
        "self", "self._TemplateReference__context", "loop", "super", "caller", "cycler", "joiner", "namespace",
        "lipsum", "dict", "range", "environment", "context", "result", "_", "__import__", "request", "config",
    ],
)  # fmt: skip
def test_no_name_beyond_the_scope_exists(source: str) -> None:
    with pytest.raises(UnknownName):
        evaluate(source, SCOPE)


@pytest.mark.parametrize(
    "source",
    [
        "''.__class__.__mro__[1].__subclasses__()",
        "params.__class__.__init__.__globals__",
        "range.__globals__",
        "range(1).__class__",
        "('' | upper).__class__",
        "params.s.format(params)",
        "'{0.__class__}'.format(1)",
        "'%s' % params",
        "params.list.append(1)",
        "params.update({})",
        "lipsum.__globals__['os']",
        "cycler.__init__.__globals__.os.popen('id').read()",
        "params | attr('__class__')",
        "[1] | map(attribute='__class__') | list",
        "[params] | map('attr', '__class__') | list",
    ],
)
def test_known_ways_out_of_a_sandbox_are_closed(source: str) -> None:
    before = json.dumps(SCOPE)
    with pytest.raises(ExpressionError):
        evaluate(source, SCOPE)
    assert json.dumps(SCOPE) == before


def test_text_in_a_value_is_never_an_expression() -> None:
    scope = {"params": {"evil": "${{ 1 + 1 }}", "list": "[1,2]", "jinja": "{{ 1 }}{% raw %}"}}
    assert evaluate("params.evil", scope) == "${{ 1 + 1 }}"
    assert evaluate("params.evil ~ params.jinja", scope) == "${{ 1 + 1 }}{{ 1 }}{% raw %}"
    assert evaluate("params.list", scope) == "[1,2]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 10) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "items", "get", "b-c"]), inner)
    ),
    max_leaves=8,
)
STEP = st.sampled_from([".a", ".items", '["a"]', "['b-c']", "[0]", "[1]", " . get", "[ 'items' ]"])


@given(JSON, st.lists(STEP, max_size=4))
def test_a_plain_path_means_what_the_parser_makes_of_it(value: Any, steps: list[str]) -> None:
    source = "params" + "".join(steps)
    assert plain_reference(source) is not None
    assert analyse(source).references == examine(source).references
    expected: Any = value
    try:
        for step in plain_reference(source).path:  # type: ignore[union-attr]
            if isinstance(expected, dict):
                expected = expected[step]
            else:
                expected = expected[step if isinstance(step, int) else {}]
    except (LookupError, TypeError):
        with pytest.raises(EvaluationFailed):
            evaluate(source, {"params": value})
    else:
        assert evaluate(source, {"params": value}) == expected


FRAGMENT = st.sampled_from(
    ["params", ".s", ".n", ".list", "[0]", "(", ")", "[", "]", "{", "}", "|", "~", "+", "*", "**", "is", "not", " ", "if",
     "else", "upper", "join", "map", "'a'", '"', "1", "9999", ",", ":", "==", "in", "range", "default", "\n", "$", "é"]
)  # fmt: skip


@given(st.lists(FRAGMENT, min_size=1, max_size=12).map(" ".join))
def test_any_text_gives_a_json_value_or_an_expression_error(source: str) -> None:
    try:
        value = evaluate(source, SCOPE)
    except ExpressionError as error:
        value = error.message
        event("refused")
    assert json.loads(json.dumps(value)) == value


@given(st.lists(FRAGMENT, min_size=1, max_size=12).map(" ".join))
def test_problems_have_places_inside_the_source(source: str) -> None:
    for problem in analyse(source).problems:
        assert 0 <= problem.start < problem.end <= len(source) + 1
