"""What `docs/runtimes.md` and the pages below it say of each runtime is what its adapter says."""

from __future__ import annotations

import re

import pytest

from metaensemble.engine.runtimes.clients.table import CLIENTS, client_of
from metaensemble.engine.runtimes.registry import BUILT_IN
from support.tree import ROOT

PAGE = ROOT / "docs" / "runtimes.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows(heads: str) -> dict[str, list[str]]:
    """The rows of the table whose first line begins with these heads, by the name of their runtime."""
    table = TEXT[TEXT.index(f"| {heads}") :].split("\n\n", maxsplit=1)[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {re.sub(r"\[?`(\w+)`.*", r"\1", first): rest for first, *rest in cells}


def test_every_runtime_is_listed_and_has_a_page() -> None:
    listed = rows("runtime | what carries")
    assert set(listed) == set(BUILT_IN)
    for name in BUILT_IN:
        assert f"[`{name}`](runtimes/{name}.md)" in TEXT
        page = (ROOT / "docs" / "runtimes" / f"{name}.md").read_text(encoding="utf-8")
        assert page.startswith(f"# {name}: ")
        assert "## An example" in page
        if name in CLIENTS:
            assert "## Try it without a model" in page
            assert client_of(name).install.line in page


@pytest.mark.parametrize("name", CLIENTS)
def test_the_table_says_what_each_client_can_do(name: str) -> None:
    schema, session, live, cost, _, tiers = rows("runtime | answer held")[name]
    client = client_of(name)
    can = client.capabilities
    told = [cell.split(",")[0] == "yes" for cell in (schema, session, live, cost)]
    assert told == [can.structured_output, can.session_resume, can.live_usage, can.cost]
    named = [] if tiers == "none" else re.findall(r"`(\w+)`", tiers)
    assert named == list(client.models)


def test_names_of_models_that_pages_give_are_those_of_the_clients() -> None:
    page = (ROOT / "docs" / "runtimes" / "gemini.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(gemini-[\d.]+-\w+)`", page)) == set(client_of("gemini").models.values())


def test_versions_that_were_verified_are_not_below_the_oldest_that_serve() -> None:
    from metaensemble.engine.runtimes.client_check import is_older

    table = TEXT[TEXT.index("## What was verified") :]
    verified = re.findall(r"^\| ([\w ]+) \| (\d[\d.]*)", table, re.MULTILINE)
    names = {"Claude Code": "claude", "Codex CLI": "codex", "Gemini CLI": "gemini", "opencode": "opencode"}
    assert {name for name, _ in verified} == set(names)
    for name, version in verified:
        assert not is_older(version, client_of(names[name]).install.minimum), name
