"""Finding a callable, holding it to its signature, and telling what it raised."""

from __future__ import annotations

import asyncio
import functools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.python_call import (
    Unusable,
    full_traceback,
    keywords_for,
    load,
    misfits,
    place_of,
    sentence,
    signature_of,
)
from support.callables import write


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project on the path, whose modules are forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in sys.modules.keys() - before:
        del sys.modules[name]


def plain(a: int, b: int = 2, *, c: int, d: int = 4) -> None: ...
def with_any(a: int, **rest: int) -> None: ...
def with_briefs(a: int, briefs: Any) -> None: ...
def by_position(a: int, b: int = 1, /, c: int = 2) -> None: ...
def star(*briefs: int) -> None: ...
def nothing() -> None: ...


@functools.wraps(plain)
def wrapped(*args: Any, **keywords: Any) -> None: ...


class Made:
    def __init__(self, a: int) -> None: ...

    def method(self, b: int) -> None: ...

    def __call__(self, c: int) -> None: ...


@pytest.mark.parametrize(
    ("function", "names", "expected"),
    [
        (plain, ("a", "c"), []),
        (plain, ("a", "b", "c", "d"), []),
        (plain, (), [("missing", "a"), ("missing", "c")]),
        (plain, ("a", "c", "e"), [("unknown", "e")]),
        (with_any, ("a", "x", "class"), []),
        (by_position, ("c",), [("positional", "a")]),
        (by_position, ("a", "c"), [("positional", "a"), ("unknown", "a")]),
        (star, ("briefs",), [("unknown", "briefs")]),
        (nothing, (), []),
        (nothing, ("a",), [("unknown", "a")]),
        (wrapped, ("a",), [("missing", "c")]),
        (functools.partial(plain, c=1), ("a",), []),
        (functools.partial(plain, 1), ("c",), []),
        (Made, ("b",), [("missing", "a"), ("unknown", "b")]),
        (Made(1), ("c",), []),
        (Made(1).method, ("b",), []),
        (Made.method, ("b",), [("missing", "self")]),
        (getattr, ("anything",), None),
        (dict, ("anything",), None),
    ],
)  # fmt: skip
def test_names_are_held_to_the_signature(
    function: Callable[..., Any], names: tuple[str, ...], expected: list[Any] | None
) -> None:
    signature = signature_of(function)
    assert misfits(signature, names) == (expected or [])
    assert (signature is None) == (expected is None)


def test_briefs_are_given_to_those_who_ask_for_them() -> None:
    assert keywords_for(with_briefs, {"a": 1}, {"x": 2}, "n") == {"a": 1, "briefs": {"x": 2}}
    assert keywords_for(with_any, {"a": 1}, {"x": 2}, "n") == {"a": 1}
    assert keywords_for(star, {}, {"x": 2}, "n") == {}


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"c": 1}, "`m:f` needs the argument `a`, and `with` does not give it"),
        ({"a": 1, "c": 2, "x": 3}, "`m:f` takes no argument `x`"),
    ],
)
def test_what_does_not_fit_is_told(inputs: dict[str, Any], words: str) -> None:
    with pytest.raises(Unusable) as caught:
        keywords_for(plain, inputs, {}, "m:f")
    assert str(caught.value) == words


def test_a_callable_is_found_by_its_address(project: Path) -> None:
    write(
        project,
        "def run(): return 1\nclass Cleaner:\n    @staticmethod\n    def go(): return 2",
        "steps.clean",
    )
    assert load("steps.clean", "run")() == 1
    assert load("steps.clean", "Cleaner.go")() == 2
    with pytest.raises(Unusable, match=r"`steps.clean` has no `Cleaner.stop`"):
        load("steps.clean", "Cleaner.stop")
    with pytest.raises(Unusable, match=r"`steps.clean:__name__` cannot be called: it is `str`"):
        load("steps.clean", "__name__")


def test_a_module_that_was_just_written_is_found(project: Path) -> None:
    with pytest.raises(ModuleNotFoundError):
        load("late", "run")
    write(project, "def run(): return 1", "late")
    assert load("late", "run")() == 1


RAISING = """
import asyncio, json

class Odd(Exception):
    def __str__(self):
        raise RuntimeError

def plain():
    raise ValueError("no\\n way\\x1b[31m")

def below():
    json.loads("{")

def empty():
    raise KeyError

def odd():
    raise Odd

def long():
    raise ValueError("x" * 10_000)

def surrogate():
    raise ValueError("half \\ud800")

def deep():
    return deep()

def stop():
    raise SystemExit(3)

async def group():
    async def fail(text):
        raise ValueError(text)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(fail("first"))
        tasks.create_task(fail("second"))

def chained():
    try:
        plain()
    except ValueError as error:
        raise RuntimeError("afterwards") from error
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", "ValueError: no way [31m (steps.py:9)"),
        ("below", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2 (char 1) (steps.py:12)"),
        ("empty", "KeyError (steps.py:15)"),
        ("odd", "Odd: its message cannot be read (steps.py:18)"),
        ("long", f"ValueError: {'x' * 299}… (steps.py:21)"),
        ("surrogate", "ValueError: half \\ud800 (steps.py:24)"),
        ("deep", "RecursionError: maximum recursion depth exceeded (steps.py:27)"),
        ("stop", "SystemExit: 3 (steps.py:30)"),
        ("group", "ValueError: first (steps.py:34) (and 1 more)"),
        ("chained", "RuntimeError: afterwards (steps.py:43)"),
    ],
)  # fmt: skip
def test_what_was_raised_is_one_sentence_with_the_users_own_line(
    name: str, expected: str, project: Path
) -> None:
    write(project, RAISING)
    function = load("steps", name)
    caught: BaseException | None = None
    try:
        asyncio.run(function()) if name == "group" else function()
    except BaseException as error:
        caught = error
    assert caught is not None
    assert sentence(caught, str(project)) == expected
    assert sentence(caught, f"{project}/") == expected


def test_a_mistake_in_the_syntax_has_its_place(project: Path) -> None:
    path = write(project, "def run():\n    return (", "steps.broken")
    with pytest.raises(SyntaxError) as caught:
        load("steps.broken", "run")
    assert sentence(caught.value, str(project)) == "SyntaxError: '(' was never closed (steps/broken.py:2)"
    assert place_of(caught.value, str(path.parent / "elsewhere")) == f"{path}:2"


def test_a_line_of_an_installed_package_within_the_project_is_not_the_users(project: Path) -> None:
    inner = project / ".venv" / "lib" / "site-packages"
    write(inner, "def fail(): raise ValueError('x')", "library")
    sys.path.insert(0, str(inner))
    write(project, "import library\ndef run():\n    library.fail()")
    try:
        with pytest.raises(ValueError, match="x") as caught:
            load("steps", "run")()
    finally:
        sys.path.remove(str(inner))
    assert place_of(caught.value, str(project)) == "steps.py:3"


def test_the_traceback_begins_with_the_users_code(project: Path) -> None:
    write(project, RAISING)
    with pytest.raises(RuntimeError) as caught:
        load("steps", "chained")()
    text = full_traceback(caught.value)
    assert text.startswith("Traceback (most recent call last):\n")
    assert "ValueError: no" in text
    assert "The above exception was the direct cause" in text
    assert "RuntimeError: afterwards" in text
