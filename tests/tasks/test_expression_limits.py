"""How much an expression may make and do: too much is refused before it is done."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.errors import EvaluationFailed, ExpressionTooLarge
from metaensemble.tasks.expression import comparisons
from metaensemble.tasks.expression.evaluator import evaluate
from metaensemble.tasks.expression.limits import (
    STEPS,
    TooLarge,
    counted_steps,
    most_pieces,
    spend,
)


def copies(value: str, count: int = 9_999) -> str:
    """The source of a list with one value many times over, which takes little memory."""
    return f"(range({count}) | map(attribute='x', default={value}))"


NESTED = copies("range(9999)")
LONG_TEXT = "('a' * 999999)"


@pytest.mark.parametrize(
    "source",
    [
        f"{copies(LONG_TEXT)} | map('upper') | length",
        f"{copies(LONG_TEXT)} | map('lower') | length",
        f"{copies(LONG_TEXT)} | map('reverse') | length",
        f"{copies(LONG_TEXT)} | map('replace', 'a', 'b') | length",
        f"{copies(LONG_TEXT)} | map('split', 'a') | length",
        f"{copies(LONG_TEXT)} | map('split') | length",
        "('a ' * 499999) | split | map('upper') | length",
        f"{copies(LONG_TEXT)} | map('lines') | length",
        f"{copies(LONG_TEXT)} | map('trim') | length",
        f"{copies(LONG_TEXT)} | map('trim', 'b') | length",
        f"{copies(LONG_TEXT)} | map('basename') | length",
        f"{copies(LONG_TEXT)} | map('tojson') | length",
        f"{copies(LONG_TEXT)} | select('eq', 'a' * 999998 ~ 'a') | length",
        f"{copies(LONG_TEXT)} | select('startswith', 'a' * 999998) | length",
        f"{copies(LONG_TEXT)} | select('endswith', 'a' * 999998) | length",
        f"{copies(LONG_TEXT)} | reject('in', {LONG_TEXT}) | length",
        f"{copies(LONG_TEXT, 99)} | map('list') | length",
        f"{copies('[' + ', '.join(['0'] * 999) + ']')} | map('string') | length",
        f"{copies(repr('[' + '1,' * 999 + '1]'))} | map('fromjson') | length",
        f"{NESTED} | map('list') | length",
        f"{NESTED} | map('reverse') | length",
        f"{NESTED} | map('sort') | length",
        f"{NESTED} | map('sum') | length",
        f"{NESTED} | map('max') | length",
        f"{NESTED} | map('min') | length",
        f"{NESTED} | map('join', ',') | length",
        f"{NESTED} | map('unique') | length",
        f"{NESTED} | map('batch', 1) | length",
        f"{NESTED} | map('map', 'abs') | length",
        f"{NESTED} | map('select', 'odd') | length",
        f"{NESTED} | map('map', attribute='a', default=1) | length",
        f"{NESTED} | map('string') | length",
        f"{NESTED} | unique | length",
        f"{NESTED} | sort | length",
        f"{NESTED} | max | length",
        f"{NESTED} == {NESTED}",
        f"{NESTED} < {NESTED}",
        f"{NESTED} | select('ge', range(9999)) | length",
        f"range(9999) in {NESTED}",
        "range(99999) | select('in', range(200000, 299999)) | length",
        "[" + ", ".join(["range(99999)[::-1]"] * 99) + "] | length",
        "[" + ", ".join([f"{LONG_TEXT}[1:]"] * 99) + "] | length",
        "[" + " + ".join(["range(9999)"] * 9) + ", " + ", ".join(["range(99999)"] * 99) + "] | length",
        "[" + ", ".join([f"{LONG_TEXT} ~ 'b'"] * 99) + "] | length",
        "[" + ", ".join([f"{LONG_TEXT} + 'b'"] * 99) + "] | length",
    ],
)
def test_work_is_bounded(source: str) -> None:
    with pytest.raises(ExpressionTooLarge) as caught:
        evaluate(source, {})
    assert "it would " in caught.value.message
    assert caught.value.hint is not None


def test_one_long_join_stops_at_its_first_text_that_is_too_long() -> None:
    texts = " ~ ".join(["params.nested"] * 500)
    with pytest.raises(ExpressionTooLarge, match="1,000,000 characters"):
        evaluate(texts, {"params": {"nested": [[0] * 999] * 999}})


@pytest.mark.parametrize("source", ["'%9999d' is even", "'%9999d' is odd", "'%9999d' is divisibleby(3)"])
def test_a_number_is_not_put_into_a_text(source: str) -> None:
    with pytest.raises(EvaluationFailed, match="expected a number, found text"):
        evaluate(source, {})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("params.rows | map(attribute='name') | sort | first", "n0"),
        ("params.rows | selectattr('ok') | map(attribute='name') | join(',') | length", 344_444),
        ("params.rows | map(attribute='size') | sum", 4_999_950_000),
        ("params.rows | sort(attribute='size', reverse=true) | map(attribute='size') | first", 99_999),
        ("params.rows[-1].name in params.names", True),
        ("params.names == params.names[:]", True),
        ("params.text | lines | length", 300_000),
        ("params.text | split | length", 300_000),
        ("(params.text | length) > 10 and params.text is startswith('line')", True),
        ("params.rows | tojson | fromjson | length", 100_000),
    ],
)
def test_the_size_of_real_outputs_is_no_problem(source: str, value: Any) -> None:
    rows = [{"name": f"n{number}", "size": number, "ok": number % 2 == 0} for number in range(100_000)]
    names = [row["name"] for row in rows]
    scope = {"params": {"rows": rows, "names": names, "text": "line\n" * 300_000}}
    assert evaluate(source, scope) == value


def test_each_evaluation_has_its_own_steps() -> None:
    for _ in range(40):
        assert evaluate("range(99999) | sort | length", {}) == 99_999


def test_a_large_value_that_is_only_looked_up_takes_no_steps() -> None:
    output = [[0] * 1_000] * 3_000
    assert evaluate("tasks.a.output", {"tasks": {"a": {"output": output}}}) is output


def test_steps_are_counted_inside_an_evaluation_only() -> None:
    spend(STEPS + 1)
    with counted_steps():
        spend(STEPS - 10)
        assert most_pieces() == 10
        with counted_steps():
            assert most_pieces() == STEPS
        with pytest.raises(TooLarge):
            spend(11)
    spend(STEPS + 1)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{'b': 1}['a' * 999999]", f"no field `{'a' * 60}…`; it has `b`"),
        ("{'b' * 999: 1}['a']", f"it has `{'b' * 60}…`"),
        ("{'b': 1}[range(99999)]", "a list is no field"),
        ("params.many.x", "it has 5,000 others"),
        ("range(9) | map('a' * 999999)", "No filter named"),
    ],
)
def test_a_failure_says_no_more_than_one_can_read(source: str, words: str) -> None:
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(source, {"params": {"many": {f"k{number}": 1 for number in range(5_000)}}})
    assert words in caught.value.message
    assert len(caught.value.message) < 600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)
SIGNS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@given(JSON, st.sampled_from(list(SIGNS)), JSON)
def test_comparisons_give_what_python_gives(left: Any, sign: str, right: Any) -> None:
    scope = {"params": {"l": left, "r": right}}
    try:
        wanted = SIGNS[sign](left, right)
    except TypeError:
        with pytest.raises(EvaluationFailed):
            evaluate(f"params.l {sign} params.r", scope)
    else:
        assert evaluate(f"params.l {sign} params.r", scope) is wanted


@given(JSON, JSON)
def test_membership_is_what_python_gives(value: Any, container: Any) -> None:
    scope = {"params": {"v": value, "c": container}}
    try:
        wanted = value in container
    except TypeError:
        with pytest.raises(EvaluationFailed):
            evaluate("params.v in params.c", scope)
    else:
        assert evaluate("params.v in params.c", scope) is wanted
        assert evaluate("params.v not in params.c", scope) is not wanted


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("3 > 2 == 2 != 1", True),
        ("1 in [1] in [[1]]", True),
        ("[5, 6, 7][1:]", [6, 7]),
        ("'abc'[::-1]", "cba"),
        ("'abcdef'[1:5:2]", "bd"),
        ("(1, 2, 3)[:-1]", [1, 2]),
    ],
)
def test_chains_and_stretches(source: str, value: Any) -> None:
    assert evaluate(source, {}) == value


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{}.a == 1", "the object has no field `a`: it is empty"),
        ("1 < {}.a", "the object has no field `a`: it is empty"),
        ("{}.a in [1]", "the object has no field `a`: it is empty"),
        ("1 in {}.a", "the object has no field `a`: it is empty"),
        ("{}[1:2]", "only a list or text can be cut, found an object"),
        ("5[1:2]", "only a list or text can be cut, found a number"),
        ("[1]['a':]", "slice indices must be integers"),
    ],
)
def test_what_cannot_be_compared_or_cut(source: str, words: str) -> None:
    with pytest.raises(EvaluationFailed) as caught:
        evaluate(source, {})
    assert words in caught.value.message


@given(JSON)
def test_the_size_of_a_value_counts_all_that_is_in_it(value: Any) -> None:
    def leaves(item: Any) -> int:
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
        return 1 + sum(leaves(part) for part in inner)

    assert comparisons.size(value) == leaves(value)
