"""The catalogue of `me dag functions` is complete, and its examples are true."""

from __future__ import annotations

import pytest

from metaensemble.tasks.expression import operations
from metaensemble.tasks.expression.catalogue import Function, functions
from metaensemble.tasks.expression.evaluator import evaluate

EXAMPLES = [entry for entry in functions() if entry.example]


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: f"{entry.form}-{entry.name}")
def test_example_gives_its_result(entry: Function) -> None:
    value = evaluate(entry.example, {})
    assert value == entry.result
    assert type(value) is type(entry.result)


@pytest.mark.parametrize(
    ("form", "built"),
    [("function", operations.FUNCTIONS), ("filter", operations.FILTERS), ("test", operations.TESTS)],
)
def test_catalogue_lists_exactly_what_exists(form: str, built: dict[str, object]) -> None:
    listed = [entry.name for entry in functions() if entry.form == form]
    assert listed == sorted(built)


def test_everything_but_references_has_an_example() -> None:
    assert [entry.name for entry in functions() if not entry.example and entry.form != "reference"] == []
