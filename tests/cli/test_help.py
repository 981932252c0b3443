from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from metaensemble.cli.app import (
    Brief,
    Consensus,
    Dag,
    Ledger,
    Manifest,
    Patterns,
    Prices,
    Quality,
    Roles,
    Shadow,
)
from support.command_line import Shell

COMMANDS = [
    [],
    ["dag"],
    ["ledger"],
    ["explain"],
    ["patterns"],
    ["roles"],
    ["quality"],
    ["manifest"],
    ["brief"],
    ["consensus"],
    ["shadow"],
    ["prices"],
    *(["dag", name] for name in Dag.table),
    *(["ledger", name] for name in Ledger.table),
    *(["patterns", name] for name in Patterns.table),
    *(["roles", name] for name in Roles.table),
    *(["quality", name] for name in Quality.table),
    *(["manifest", name] for name in Manifest.table),
    *(["brief", name] for name in Brief.table),
    *(["consensus", name] for name in Consensus.table),
    *(["shadow", name] for name in Shadow.table),
    *(["prices", name] for name in Prices.table),
]


@pytest.fixture(autouse=True)
def _width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(["me", *words]))
def test_help(words: list[str], me: Shell, golden: Callable[[str, str], None]) -> None:
    answer = me(*words, "--help")
    assert answer.code == 0
    assert answer.err == ""
    golden(f"help/{'-'.join(['me', *words])}.txt", answer.out)
    assert me(*words, "-h").out == answer.out


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dag"],
        ["ledger"],
        ["patterns"],
        ["roles"],
        ["manifest"],
        ["brief"],
        ["consensus"],
        ["shadow"],
        ["quality"],
    ],
)
def test_a_group_alone_shows_its_help_as_an_error(words: list[str], me: Shell) -> None:
    answer = me(*words)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith("Usage: me")


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag: str, me: Shell) -> None:
    from metaensemble import __version__

    assert me(flag).out == f"me {__version__}\n"


def imported_by(*args: str) -> set[str]:
    code = (
        "import sys\nfrom metaensemble.cli.main import main\n"
        f"try:\n    main({list(args)!r})\nexcept SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.splitlines())


@pytest.mark.parametrize(
    "words", [["--help"], ["dag", "--help"], ["ledger", "--help"], ["dag", "run", "--help"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    heavy = {"networkx", "pydantic", "sqlite3", "rich", "jinja2", "yaml", "jsonschema", "asyncio", "graphviz"}
    assert imported_by(*words) & heavy == set()


def test_version_imports_next_to_nothing() -> None:
    assert imported_by("--version") & {"typer", "argparse", "json", "pathlib"} == set()


def test_validate_imports_neither_engine_room_nor_terminal_art() -> None:
    assert imported_by("dag", "validate", "no-such-file.yaml") & {"sqlite3", "rich", "asyncio"} == set()
