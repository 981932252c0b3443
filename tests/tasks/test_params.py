"""Parameters: reading what was typed, defaults, limits, paths."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.errors import (
    InputError,
    MissingParameter,
    ParameterNotAllowed,
    UnknownParameter,
    WrongParameterType,
)
from metaensemble.schemas.param import Param
from metaensemble.tasks.params import Directories, default_problem, resolve_params

WHERE = Directories(graph="/graphs", shell="/shell", home="/home/me")


def resolve(given: dict[str, object], **declared: dict[str, Any]) -> tuple[dict[str, Any], list[InputError]]:
    return resolve_params({name: Param.model_validate(p) for name, p in declared.items()}, given, WHERE)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("string", "a b", "a b"),
        ("string", "", ""),
        ("string", "3", "3"),
        ("integer", "3", 3),
        ("integer", "-12", -12),
        ("integer", "+007", 7),
        ("number", "3", 3),
        ("number", "2.5", 2.5),
        ("number", "1e3", 1000.0),
        ("number", ".5", 0.5),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("json", '{"a": [1, null]}', {"a": [1, None]}),
        ("json", '"x"', "x"),
        ("path", "sub/x", "/shell/sub/x"),
        ("path", ".", "/shell"),
        ("path", "../y", "/y"),
        ("path", "/abs/z", "/abs/z"),
        ("path", "~", "/home/me"),
        ("path", "~/x", "/home/me/x"),
        ("path", "~other/x", "/shell/~other/x"),
    ],
)
def test_typed_text_is_read_by_the_type(kind: str, text: str, value: Any) -> None:
    values, problems = resolve({"p": text}, p={"type": kind})
    assert problems == []
    assert values == {"p": value}
    assert type(values["p"]) is type(value)


@pytest.mark.parametrize(
    ("kind", "given_value", "hint"),
    [
        ("integer", "three", None),
        ("integer", "3.0", "write `3`"),
        ("integer", "3.5", None),
        ("integer", "", None),
        ("integer", "٣", None),
        ("integer", True, None),
        ("integer", 3.5, None),
        ("number", "nan", None),
        ("number", "1e999", None),
        ("number", "0x10", None),
        ("boolean", "yes", "write `true`"),
        ("boolean", "0", "write `false`"),
        ("boolean", "True", "write `true`"),
        ("boolean", "maybe", None),
        ("boolean", 1, None),
        ("json", "abc", 'text is JSON in quotes: `"abc"`'),
        ("json", "{", None),
        ("json", "NaN", 'text is JSON in quotes: `"NaN"`'),
        ("json", "[" * 100_000, "it nests too deeply"),
        ("path", "", None),
        ("path", "a\0b", None),
        ("string", 3, "put it in quotes"),
    ],
)
def test_what_does_not_fit_is_refused(kind: str, given_value: object, hint: str | None) -> None:
    values, (problem,) = resolve({"p": given_value}, p={"type": kind})
    assert values == {}
    assert isinstance(problem, WrongParameterType)
    assert problem.message.startswith("the parameter `p` must be ")
    assert problem.hint == hint


@pytest.mark.parametrize(
    ("param", "given_value", "words"),
    [
        ({"type": "integer", "minimum": 1}, "0", "must be at least 1, and is `0`"),
        ({"type": "number", "maximum": 0.5}, "0.6", "must be at most 0.5, and is `0.6`"),
        ({"choices": ["fast", "full"]}, "fats", "cannot be `fats`"),
        ({"type": "integer", "choices": [1, 2]}, "3", "cannot be `3`"),
        ({"pattern": "[a-z]+"}, "abc1", "must match `[a-z]+`, and is `abc1`"),
    ],
)
def test_limits(param: dict[str, Any], given_value: str, words: str) -> None:
    _, (problem,) = resolve({"p": given_value}, p=param)
    assert isinstance(problem, ParameterNotAllowed)
    assert words in problem.message


def test_a_pattern_that_takes_too_long_refuses_the_value() -> None:
    _, (problem,) = resolve({"p": "a" * 200 + "!"}, p={"pattern": "(a|aa)+"})
    assert isinstance(problem, ParameterNotAllowed)
    assert problem.message == (
        "the parameter `p` could not be checked: the pattern `(a|aa)+` took too long: "
        "it was given up after 2 s"
    )
    assert problem.hint


def test_everything_wrong_is_told_at_once() -> None:
    values, problems = resolve(
        {"n": "x", "voter": "1", "zzz": "1"},
        n={"type": "integer"},
        voters={"type": "integer"},
        a={"default": "b"},
    )
    assert values == {"a": "b"}
    assert [type(problem) for problem in problems] == [
        UnknownParameter,
        UnknownParameter,
        WrongParameterType,
        MissingParameter,
    ]
    assert problems[0].hint == "did you mean `voters`?"
    assert problems[1].hint == "the graph has `n`, `voters` and `a`"


def test_defaults_and_order() -> None:
    values, problems = resolve(
        {"c": 3.5},
        a={"type": "path", "default": "sub"},
        b={"type": "integer", "default": None},
        c={"type": "number"},
    )
    assert problems == []
    assert list(values.items()) == [("a", "/graphs/sub"), ("b", None), ("c", 3.5)]


def test_a_default_path_does_not_read_the_home_directory() -> None:
    values, _ = resolve({}, a={"type": "path", "default": "~/x"})
    assert values == {"a": "/graphs/~/x"}


@pytest.mark.parametrize(
    ("param", "is_bad"),
    [
        ({"type": "integer", "default": 3}, False),
        ({"type": "integer", "default": "3"}, True),
        ({"type": "boolean", "default": 0}, True),
        ({"type": "number", "default": 3}, False),
        ({"type": "string", "default": 3}, True),
        ({"type": "integer", "default": 0, "minimum": 1}, True),
        ({"default": "x", "choices": ["y"]}, True),
        ({"default": None, "choices": ["y"]}, False),
        ({"type": "json", "default": [1]}, False),
        ({}, False),
    ],
)
def test_defaults_must_fit_themselves(param: dict[str, Any], is_bad: bool) -> None:
    assert (default_problem(Param.model_validate(param)) is not None) is is_bad


@given(st.sampled_from(["string", "integer", "number", "boolean", "path", "json"]), st.text(max_size=20))
def test_any_text_is_a_value_or_one_problem(kind: str, text: str) -> None:
    values, problems = resolve({"p": text}, p={"type": kind})
    assert len(values) + len(problems) == 1
