"""The pools that tasks may name: those with a size, and the runtimes of the graph."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputError


def errors_of(text: str, folder: Path) -> list[InputError]:
    graph = folder / "graph.yaml"
    graph.write_text(f"version: 1\nname: x\n{text}", encoding="utf-8")
    return list(api.check(graph))


@pytest.mark.parametrize(
    "text",
    [
        "concurrency: {pools: {db: 1}}\ntasks: {a: {run: x, pool: db}}",
        "concurrency: {pools: {db: 1}}\ndefaults: {pool: db}\ntasks: {a: {run: x}}",
        "tasks: {a: {run: x, pool: command}}",
        "tasks: {a: {run: x}, b: {role: docs, pool: command}, c: {run: x, pool: agent}}",
        "tasks: {a: {run: x, runtime: replay}, b: {run: x, pool: replay}}",
        "defaults: {runtime: replay}\ntasks: {a: {run: x, pool: replay}}",
        "concurrency: {pools: {claude: 3}}\ntasks: {a: {run: x}}",
    ],
)
def test_pools_that_there_are(text: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == []


@pytest.mark.parametrize(
    ("text", "where", "hint"),
    [
        (
            "tasks: {a: {run: x, pool: db}}",
            ("tasks", "a", "pool"),
            "write its size: `concurrency: {pools: {db: 1}}`",
        ),
        (
            "concurrency: {pools: {database: 1}}\ntasks: {a: {run: x, pool: databse}}",
            ("tasks", "a", "pool"),
            "did you mean `database`?",
        ),
        (
            "concurrency: {pools: {net: 1}}\ntasks: {a: {run: x, pool: gpu}}",
            ("tasks", "a", "pool"),
            "there is `net`; write its size: `concurrency: {pools: {gpu: 1}}`",
        ),
        (
            "defaults: {pool: db}\ntasks: {a: {run: x}, b: {run: x}}",
            ("defaults", "pool"),
            "write its size: `concurrency: {pools: {db: 1}}`",
        ),
        (
            "defaults: {runtime: replay}\ntasks: {a: {run: x, pool: command}}",
            ("tasks", "a", "pool"),
            "write its size: `concurrency: {pools: {command: 1}}`",
        ),
    ],
)
def test_a_pool_that_there_is_not(text: str, where: tuple[str, ...], hint: str, tmp_path: Path) -> None:
    (error,) = errors_of(text, tmp_path)
    assert (error.code, error.where, error.hint) == ("ME310", where, hint)
    assert error.span is not None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("concurrency: {pools: 3}\ntasks: {a: {run: x, pool: db}}", {"ME202"}),
        ("concurrency: 3\ntasks: {a: {run: x, pool: db}}", {"ME202"}),
        ("concurrency: {pools: {db: none}}\ntasks: {a: {run: x, pool: db}}", {"ME202"}),
        ("concurrency: {pools: {db: 1}}\ntasks: {a: {run: x, pool: bd, timeout: soon}}", {"ME206", "ME310"}),
        ('tasks: {a: {run: x, pool: "${{1}}"}}', {"ME413"}),
    ],
)
def test_a_mistake_elsewhere_makes_no_pool_unknown(text: str, codes: set[str], tmp_path: Path) -> None:
    assert {error.code for error in errors_of(text, tmp_path)} == codes
