"""What expressions may use, as data: the answer of `me dag functions`.

Every example is evaluated in the tests and must give the result that stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["reference", "operator", "function", "filter", "test"]


@dataclass(frozen=True, slots=True)
class Function:
    """One thing that an expression may use. `example` is the source of an expression without its
    braces and `result` its value; for references both depend on the graph, so they have none."""

    name: str
    form: Form
    signature: str
    meaning: str
    example: str = ""
    result: Any = None


def functions() -> tuple[Function, ...]:
    """All of them, in the order in which they are shown: by form, then by name."""
    return REFERENCES + OPERATORS + FUNCTIONS + FILTERS + TESTS


def _all(form: Form, *rows: tuple[str, str, str, Any]) -> tuple[Function, ...]:
    """Rows of signature, meaning, example and result; the name is the first word of the signature."""
    return tuple(
        Function(signature.split("(")[0].split("  ")[0], form, signature, meaning, example, result)
        for signature, meaning, example, result in rows
    )


REFERENCES = _all(
    "reference",
    ("params.NAME", "a parameter of the graph", "", None),
    ("env.NAME", "a variable that the task's own `env` declares", "", None),
    ("matrix.NAME", "the value of this matrix cell", "", None),
    ("run.id", "the id of the DAG run", "", None),
    ("tasks.ID.output", "what a task put out; waits for the task to end ok", "", None),
    (
        "tasks.ID.outputs",
        "of a fan-out: a list of `{key, status, output}`, in the order of its items",
        "",
        None,
    ),
    ("tasks.ID.status", "how a task ended; waits for any end", "", None),
    ("tasks.ID.deliverable", "the file that a task delivered, relative to the project", "", None),
    ("repeat.index", "the number of this round, from 1, in a task with `repeat`", "", None),
    ("repeat.last.output", "what the round before put out", "", None),
)

OPERATORS = _all(
    "operator",
    ("A if C else B", "A when C holds, else B", "'yes' if 2 > 1 else 'no'", "yes"),
    (
        "A ~ B",
        "both as one text; what is not text is written as JSON",
        "'n=' ~ 3 ~ ' ' ~ [1, true]",
        "n=3 [1,true]",
    ),
    ("+  -  *  /  //  %  **", "arithmetic; `+` also joins two texts or two lists", "7 // 2 + 2 ** 3", 11),
    ("==  !=  <  <=  >  >=", "comparison of two values of one kind", "'a' < 'b'", True),
    ("and  or  not", "logic", "true and not false", True),
    ("A in B", "whether a list has an item, an object a key, a text a part", "'b' in ['a', 'b']", True),
    ("A.field  A['field']", "a field of an object", "{'a': {'items': 1}}.a.items", 1),
    ("A[0]  A[-1]  A[1:3]", "an item of a list, or a stretch of a list or text", "'abcd'[1:3]", "bc"),
    ("A | filter  A is test", "a filter or a test on A", "'a' | upper", "A"),
)

FUNCTIONS = _all(
    "function",
    (
        "range(stop)",
        "the whole numbers from 0 to before `stop`; or `range(start, stop, step)`",
        "range(3)",
        [0, 1, 2],
    ),
)

FILTERS = _all(
    "filter",
    ("abs", "a number without its sign", "-3 | abs", 3),
    ("basename", "the last part of a path", "'src/app/main.py' | basename", "main.py"),
    ("batch(size)", "a list cut into lists of `size` items", "[1, 2, 3] | batch(2)", [[1, 2], [3]]),
    (
        "default(other, falsy=false)",
        "`other` for what is missing; with `falsy` also for what is empty or null",
        "{}.note | default('none')",
        "none",
    ),
    ("dirname", "a path without its last part", "'src/app/main.py' | dirname", "src/app"),
    ("first", "the first item of a list", "[4, 5] | first", 4),
    ("flatten", "a list of lists as one list, one level deep", "[[1, 2], [3]] | flatten", [1, 2, 3]),
    ("float", "a text or number as a number with a fraction", "'1.5' | float", 1.5),
    ("fromjson", "the value that a text holds as JSON", "'[1, 2]' | fromjson", [1, 2]),
    ("int", "a text as a whole number; a number without its fraction", "'12' | int", 12),
    ("items", "the keys and values of an object as pairs", "{'a': 1} | items", [["a", 1]]),
    ("join(separator='')", "the items of a list as one text", "['a', 'b'] | join(', ')", "a, b"),
    ("keys", "the keys of an object", "{'a': 1, 'b': 2} | keys", ["a", "b"]),
    ("last", "the last item of a list", "[4, 5] | last", 5),
    ("length", "the number of items, keys or characters", "[4, 5] | length", 2),
    ("lines", "a text as a list of its lines", "'a\\nb\\n' | lines", ["a", "b"]),
    ("list", "a text as a list of its characters; a list as it is", "'ab' | list", ["a", "b"]),
    ("lower", "a text in small letters", "'ABC' | lower", "abc"),
    (
        "map(filter, …)",
        "a filter on every item; or one field of each: `map(attribute='a.b', default=…)`",
        "[{'n': 1}, {'n': 2}] | map(attribute='n')",
        [1, 2],
    ),
    ("max", "the largest item", "[4, 9, 5] | max", 9),
    ("min", "the smallest item", "[4, 9, 5] | min", 4),
    ("reject(test, …)", "the items for which a test does not hold", "[1, 2, 3] | reject('odd')", [2]),
    (
        "rejectattr(field, test, …)",
        "the items for whose field a test does not hold",
        "[{'ok': true}, {'ok': false}] | rejectattr('ok')",
        [{"ok": False}],
    ),
    ("replace(old, new)", "a text with one part replaced by another", "'a-b' | replace('-', '_')", "a_b"),
    ("reverse", "a list or text backwards", "[1, 2] | reverse", [2, 1]),
    ("round(digits=0)", "a number rounded; halves go to the even digit", "2.567 | round(1)", 2.6),
    ("select(test, …)", "the items for which a test holds", "[1, 2, 3] | select('gt', 1)", [2, 3]),
    (
        "selectattr(field, test, …)",
        "the items for whose field a test holds",
        "[{'s': 'ok'}, {'s': 'no'}] | selectattr('s', 'eq', 'ok')",
        [{"s": "ok"}],
    ),
    (
        "sort(reverse=false, attribute=none)",
        "a list in order, perhaps by a field",
        "[3, 1, 2] | sort",
        [1, 2, 3],
    ),
    (
        "split(separator=none)",
        "a text cut at a separator, or at white space",
        "'a,b' | split(',')",
        ["a", "b"],
    ),
    ("string", "a value as text; what is not text is written as JSON", "[1, true] | string", "[1,true]"),
    ("sum", "the sum of a list of numbers", "[1, 2, 3] | sum", 6),
    ("tojson", "a value written as JSON", "{'a': 'b'} | tojson", '{"a":"b"}'),
    ("trim(characters=none)", "a text without white space at its ends", "'  a ' | trim", "a"),
    ("unique", "a list without repetitions", "[1, 2, 1] | unique", [1, 2]),
    ("upper", "a text in capital letters", "'abc' | upper", "ABC"),
    ("values", "the values of an object", "{'a': 1, 'b': 2} | values", [1, 2]),
)

TESTS = _all(
    "test",
    ("boolean", "it is true or false", "true is boolean", True),
    ("defined", "it exists", "{'a': 1}.b is defined", False),
    ("divisibleby(number)", "it can be divided without a rest", "6 is divisibleby(3)", True),
    ("endswith(text)", "a text ends so", "'a.py' is endswith('.py')", True),
    ("eq(other)", "it is equal", "1 is eq(1)", True),
    ("even", "a number is even", "3 is even", False),
    ("float", "it is a number written with a fraction", "1.5 is float", True),
    ("ge(other)", "it is greater or equal", "2 is ge(2)", True),
    ("gt(other)", "it is greater", "2 is gt(2)", False),
    ("in(container)", "it is in a list, an object or a text", "'a' is in(['a', 'b'])", True),
    ("integer", "it is a whole number", "1.5 is integer", False),
    ("le(other)", "it is less or equal", "2 is le(2)", True),
    ("lt(other)", "it is less", "2 is lt(3)", True),
    ("mapping", "it is an object", "{} is mapping", True),
    ("ne(other)", "it is not equal", "1 is ne(2)", True),
    ("none", "it is null", "none is none", True),
    ("number", "it is a number", "'1' is number", False),
    ("odd", "a number is odd", "3 is odd", True),
    ("sequence", "it is a list", "[1] is sequence", True),
    ("startswith(text)", "a text begins so", "'test_a' is startswith('test_')", True),
    ("string", "it is text", "'a' is string", True),
    ("undefined", "it does not exist", "{}.a is undefined", True),
)
