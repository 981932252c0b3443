from __future__ import annotations

import sys

import pytest

from metaensemble.engine.quality.exports import NotPython, exports_of

SOURCE = b'''
"""A module."""
import os, json as js, xml.etree.ElementTree
from typing import TYPE_CHECKING, Any
from .parts import piece as part, other
if TYPE_CHECKING:
    from .types import OnlyTyped
else:
    Typed = object
async def fetch(): ...
def parse(text): inner = 1
class Parser(Base):
    LIMIT = 3
    size: int
    def run(self): ...
    class Error(Exception): ...
class Plain:
    def go(self): ...
A = B = 1
C, (D, *E) = 1, (2, 3)
F: int = 1
G: int
H += 1
try:
    import fast
except ImportError as problem:
    fast = None
    slow = True
else:
    I = 1
finally:
    J = 1
if A:
    K = 1
elif B:
    L = 1
with open("x") as M:
    N = 1
for O in ():
    P = 1
while False:
    Q = 1
match A:
    case {"r": R, **S}:
        T = 1
    case [U, *V] as W:
        pass
(X := 3)
Y = Z = 1
del Y
if __name__ == "__main__":
    main = 1
lambda: (hidden := 1)
[comprehended for comprehended in ()]
'''


def lacking(source: bytes, *names: str) -> list[str]:
    found = exports_of(source)
    return [name for name in names if found.lacks(name) is not None]


def test_what_is_defined_at_the_top_level_is_exported() -> None:
    defined = "os js xml TYPE_CHECKING Any part other Typed fetch parse Parser Plain A B C D E F fast slow I J K L M"
    assert lacking(SOURCE, *defined.split(), *"NOPQRSTUVWXZ") == []


def test_what_is_not_there_for_others_is_not() -> None:
    absent = [
        "OnlyTyped",
        "inner",
        "G",
        "problem",
        "Y",
        "main",
        "hidden",
        "comprehended",
        "json",
        "piece",
        "nope",
    ]
    assert lacking(SOURCE, *absent) == absent
    missing = exports_of(SOURCE).lacks("nope")
    assert missing is not None
    assert (missing.why, missing.may_come_from) == ("it is not defined at the top level", "")


def test_names_within_classes() -> None:
    found = exports_of(SOURCE)
    for name in ("Parser.LIMIT", "Parser.size", "Parser.run", "Parser.Error", "Plain.go"):
        assert found.lacks(name) is None, name
    gone = found.lacks("Plain.stop")
    assert gone is not None
    assert gone.why == "the class `Plain` has no `stop`"
    inherited = found.lacks("Parser.stop")
    assert inherited is not None
    assert inherited.may_come_from == "the class `Parser` gets more from elsewhere"
    within = found.lacks("parse.x")
    assert within is not None
    assert within.may_come_from == "`parse` is not a class that is written out there"
    deep = found.lacks("Parser.Error.code")
    assert deep is not None
    assert deep.may_come_from


@pytest.mark.parametrize(
    "listing",
    [
        "__all__ = ['a', 'b']",
        "__all__ = ('a', 'b')",
        "__all__: list[str] = ['a', 'b']",
        "__all__ = ['a'] + ['b']",
        "__all__ = ['a']\n__all__ += ['b']",
        "__all__ = ['a']\n__all__.append('b')",
        "__all__ = ['a']\n__all__.extend(('b',))",
    ],
)
def test_a_list_of_exports_counts(listing: str) -> None:
    found = exports_of(f"a = b = c = 1\n{listing}\n".encode())
    assert found.lacks("a") is None
    assert found.lacks("b") is None
    left_out = found.lacks("c")
    assert left_out is not None
    assert left_out.why == "`__all__` leaves `c` out"


@pytest.mark.parametrize(
    "listing",
    [
        "__all__ = sorted(globals())",
        "__all__ = ['a', *names]",
        "__all__ = ['a'] + names",
        "__all__ = ['a']\n__all__ += other.__all__",
        "__all__ += ['a']",
        "x.append('a')",
    ],
)
def test_a_list_that_is_made_at_run_time_says_nothing(listing: str) -> None:
    assert exports_of(f"a = b = c = 1\n{listing}\n".encode()).lacks("c") is None


def test_a_listed_name_must_still_be_defined() -> None:
    assert lacking(b"__all__ = ['a']\n", "a") == ["a"]


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("from .parts import *", "it has `from .parts import *`"),
        ("try:\n    from a.b import *\nexcept ImportError: pass", "it has `from a.b import *`"),
        ("def __getattr__(name): ...", "it has a `__getattr__`"),
    ],
)
def test_what_may_come_from_elsewhere_cannot_be_told(source: str, why: str) -> None:
    missing = exports_of(source.encode()).lacks("name")
    assert missing is not None
    assert (missing.why, missing.may_come_from) == ("", why)


def test_in_a_stub_an_annotation_defines() -> None:
    assert exports_of(b"G: int\n", is_stub=True).lacks("G") is None


@pytest.mark.skipif(sys.version_info < (3, 12), reason="`type` statements are newer than this Python")
def test_a_type_statement_defines() -> None:
    assert exports_of(b"type Pair = tuple[int, int]\n").lacks("Pair") is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"def f(:\n", "it is not Python: invalid syntax in line 1"),
        (b"a = 1\n\xff\n", "it is not Python"),
        (b"a\0b", "it is not Python"),
        (b"(" * 100_000, "it is not Python"),
        (b"-" * 100_000 + b"1", "it is "),
    ],
)
def test_what_is_no_python_says_so(source: bytes, words: str) -> None:
    with pytest.raises(NotPython) as raised:
        exports_of(source)
    assert str(raised.value).startswith(words)


def test_an_odd_escape_warns_nobody() -> None:
    assert exports_of(b"a = '\\d'\n").lacks("a") is None
