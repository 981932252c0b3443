"""The Roles that ship: whole, alike in form, and each in words of its own."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from metaensemble.tasks.roles import load_roles
from metaensemble.tasks.roles.layers import CORE
from metaensemble.tasks.roles.role_file import read_role_file
from metaensemble.tasks.roles.skeleton import SECTIONS

PREFIXES = {
    "architect": "arch",
    "backend": "back",
    "code-quality": "qual",
    "data-engineer": "data",
    "devops": "ops",
    "docs": "docs",
    "frontend": "front",
    "ml-engineer": "ml",
    "test-engineer": "test",
}
ROLES = load_roles(Path("nowhere"), home=None)


def sentences(name: str) -> set[str]:
    """The sentences and headless items of a Role, without marks and case; headings are no sentences."""
    role, _ = ROLES.look_up(name)
    assert role is not None
    lines = [line for line in role.body.splitlines() if not line.startswith("#")]
    text = "\n".join([*lines, "", role.description, "", *role.onboarding["conventions"]])
    found = set()
    for block in re.split(r"\n\s*\n|\n(?=- |\d+\. )", text):
        plain = " ".join(re.sub(r"[*`]", "", block).split()).casefold()
        plain = re.sub(r"^(?:- |\d+\. )", "", plain)
        found |= {part.strip(" .;:") for part in re.split(r"(?<=[.?!:;]) ", plain)}
    return {sentence for sentence in found if sentence}


def test_the_nine_are_there() -> None:
    assert {path.stem for path in CORE.glob("*.md")} == set(PREFIXES)
    assert {name: ROLES.find(name).prefix for name in ROLES.every() if name in PREFIXES} == PREFIXES


@pytest.mark.parametrize("name", sorted(PREFIXES))
def test_each_is_whole_and_is_called_what_it_is(name: str) -> None:
    file = read_role_file(str(CORE / f"{name}.md"), name, "core", within=str(CORE))
    assert (file.problems, file.name) == ((), name)
    role = ROLES.find(name)
    assert role.version == "1.0.0"
    assert role.tools is None, "the names of tools differ from runtime to runtime"
    assert set(role.onboarding["coordinate_with"]) < set(PREFIXES) - {name}
    assert role.onboarding.get("mentor_role") in {None, *PREFIXES} - {name}
    assert file.keys["onboarding"]["read_first"]


@pytest.mark.parametrize("name", sorted(PREFIXES))
def test_each_has_the_sections_and_something_in_each(name: str) -> None:
    body = ROLES.find(name).body
    heads = re.findall(r"^## (.*)$", body, re.MULTILINE)
    assert tuple(heads) == SECTIONS
    parts = re.split(r"^## .*$", body, flags=re.MULTILINE)
    assert len(parts[0].split()) > 30, "what it is for"
    modes, works, delivers, avoids, hands_over = parts[1:]
    assert len(re.findall(r"^- \*\*[^*]+\.\*\*", modes, re.MULTILINE)) >= 4
    assert len(re.findall(r"^\d+\. ", works, re.MULTILINE)) >= 6
    assert len(re.findall(r"^- ", delivers, re.MULTILINE)) >= 4
    assert len(re.findall(r"^- ", avoids, re.MULTILINE)) >= 6
    assert "Stop and ask" in hands_over


@pytest.mark.parametrize("name", sorted(PREFIXES))
def test_each_has_a_length_that_is_read(name: str) -> None:
    lines = (CORE / f"{name}.md").read_text(encoding="utf-8").splitlines()
    assert 60 <= len(lines) <= 120
    assert max(map(len, lines)) <= 112


def test_no_two_share_a_sentence() -> None:
    told = {name: sentences(name) for name in PREFIXES}
    assert all(len(found) > 40 for found in told.values())
    assert [
        (one, other, told[one] & told[other])
        for one, other in combinations(told, 2)
        if told[one] & told[other]
    ] == []


def test_none_speaks_of_a_project_or_a_product() -> None:
    words = re.compile(r"\b(?:claude|codex|gemini|openai|anthropic|github|aws|metaensemble)\b", re.IGNORECASE)
    found = {name: words.findall(ROLES.find(name).body) for name in PREFIXES}
    assert not any(found.values()), found
