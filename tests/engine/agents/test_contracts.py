from __future__ import annotations

import pytest

from metaensemble.engine.agents import contracts
from metaensemble.engine.agents.contracts import broken, refuse_broken
from metaensemble.schemas.errors import ContractBroken


def test_every_problem_is_told_with_its_place() -> None:
    found = broken("brief", {"v": 2, "from": "a b", "to": "c", "task_id": "t", "ctx": {"files": [["a"]]}})
    assert [one.where for one in found] == [(), ("ctx", "files", 0), ("from",), ("v",)]
    assert all(one.message.startswith("the Brief is not valid at `$") for one in found)


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_what_is_no_map_is_refused(value: object) -> None:
    with pytest.raises(ContractBroken, match=r"the Manifest is not valid at `\$`"):
        refuse_broken("manifest", value)


def test_a_schema_is_compiled_once() -> None:
    assert contracts._validator("brief") is contracts._validator("brief")


def test_a_long_value_is_not_repeated_in_full() -> None:
    (problem, *_) = broken("brief", {"v": "x" * 10_000})
    assert len(problem.message) < 400
