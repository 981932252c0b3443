"""With and without PyYAML's C parser: the same values, places and verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from metaensemble.tasks import Document, read_problems
from metaensemble.tasks.yaml_events import HAS_C_PARSER
from support.yaml_texts import mutated, mutated_bytes, signs_in_a_row

pytestmark = pytest.mark.skipif(not HAS_C_PARSER, reason="PyYAML is built without libyaml")

ROOT = Path(__file__).parents[2]
GRAPHS = sorted((ROOT / "examples").rglob("*.yaml")) + sorted((ROOT / "tests" / "corpus").glob("*.yaml"))
SEEDS = st.integers(0, 2**32)


def _places(document: Document) -> list[Any]:
    """The span of every key and value, and of parts of every text."""
    found: list[Any] = []

    def visit(value: Any, path: tuple[str | int, ...]) -> None:
        found.append((path, document.span(path), document.span(path, "key"), document.style(path)))
        if isinstance(value, str) and value:
            found.append(document.span_within(path, 0, len(value)))
            found.append(document.span_within(path, len(value) // 2, len(value)))
        below = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for step, inner in below:
            visit(inner, (*path, step))

    visit(document.value, ())
    return found


def _all_of(text: str | bytes, *, in_python: bool) -> tuple[Any, ...]:
    document, problems = read_problems(text, "f.yaml", in_python=in_python)
    told = [(error.code, error.message, error.hint, error.span, error.where) for error in problems]
    assert document is not None or problems
    if document is None:
        return None, None, told
    return repr(document.value), _places(document), told


def _check(text: str | bytes) -> None:
    assert _all_of(text, in_python=False) == _all_of(text, in_python=True)


@given(SEEDS)
@settings(max_examples=400)
def test_signs_in_a_row(seed: int) -> None:
    _check(signs_in_a_row(seed))


@given(st.sampled_from(GRAPHS), SEEDS)
@settings(max_examples=120)
def test_graphs_with_mistakes(path: Path, seed: int) -> None:
    _check(mutated(path.read_bytes().decode("utf-8", "replace")[:2_000], seed))


@given(st.sampled_from(GRAPHS), SEEDS)
@settings(max_examples=80)
def test_graphs_with_damaged_bytes(path: Path, seed: int) -> None:
    _check(mutated_bytes(path.read_bytes()[:2_000], seed))


@given(st.text(st.sampled_from("ab:-[]{},#&*!|>'\"%@`?\\ \n\t$x0."), max_size=30))
@settings(max_examples=400)
@example("[b?]")
@example("{a:[b]}")
@example("{a:}")
@example("|#\n a")
@example("a:\tb")
@example("![a]")
@example("%a\n---\nb")
@example("? a\n: b")
@example('"\\')
@example("a: b\n{")
@example("!")
@example("a: &x\n")
def test_any_text(text: str) -> None:
    _check(text)


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_graphs(path: Path) -> None:
    _check(path.read_bytes())


def test_a_large_text_gets_the_verdict_of_the_c_parser() -> None:
    """Beyond 200 KB the Python parser is not asked again; code and line are the same all the same."""
    text = "".join(f"key{i}: [a, b]\n" for i in range(20_000)) + "last: [a: b: c\n"
    _, (fast,) = read_problems(text)
    assert (fast.code, fast.span and fast.span.line) == ("ME110", 20_001)
