from __future__ import annotations

import re

from metaensemble.engine.agents.aliases import alias_for

ID = "01900000-0000-7000-8000-0000000000e1"


def test_an_alias_is_the_prefix_and_three_digits_that_follow_from_the_id() -> None:
    alias = alias_for("arch", ID, lambda _: False)
    assert re.fullmatch(r"arch-[0-9a-f]{3}", alias)
    assert alias_for("arch", ID, lambda _: False) == alias


def test_a_taken_alias_is_passed_over() -> None:
    first = alias_for("arch", ID, lambda _: False)
    second = alias_for("arch", ID, lambda alias: alias == first)
    assert second != first
    assert re.fullmatch(r"arch-[0-9a-f]{3}", second)


def test_an_alias_grows_where_its_prefix_is_full() -> None:
    assert re.fullmatch(r"arch-[0-9a-f]{4}", alias_for("arch", ID, lambda alias: len(alias) == 8))


def test_there_is_always_a_longer_one() -> None:
    alias = alias_for("a", ID, lambda alias: len(alias) < 90)
    assert len(alias) == 90
