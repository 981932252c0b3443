"""The page about Roles says what the model says."""

from __future__ import annotations

import re

from metaensemble._api_roles import SUNSET_DAYS
from metaensemble.schemas.role import Onboarding, RoleFrontmatter
from metaensemble.tasks.roles.role_file import MARK, MAXIMUM_ROLE_BYTES
from support.tree import ROOT

TEXT = (ROOT / "docs" / "roles.md").read_text(encoding="utf-8")


def test_every_key_is_in_the_table() -> None:
    told = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert told == [*RoleFrontmatter.model_fields, *Onboarding.model_fields]


def test_the_figures_are_those_of_the_code() -> None:
    shown = " ".join(TEXT.split())
    assert f"not for {SUNSET_DAYS} days" in shown
    assert f"may have {MAXIMUM_ROLE_BYTES >> 10} KiB" in shown
    assert f"`{MARK} …`" in shown
