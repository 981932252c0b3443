"""One artifact per audience: what Manifest and Brief cost against prose, and that nothing is said twice."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from metaensemble.engine.agents.prompt import brief_data, manifest_data, tokens

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "handoffs.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_handoffs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCHMARK = loaded()
HANDOFFS = BENCHMARK.handoffs()


def test_there_are_ten() -> None:
    assert len({one.name for one in HANDOFFS}) == 10


@pytest.mark.parametrize("handoff", HANDOFFS, ids=lambda one: one.name)
def test_manifest_and_brief_take_at_most_a_third_of_prose(handoff: Any) -> None:
    typed = tokens(manifest_data(handoff.manifest)) + tokens(brief_data(handoff.brief))
    assert 3 * typed <= tokens(handoff.prose)
    # Also with the task's own text, which prose has to say as well.
    assert 3 * (typed + tokens(handoff.prompt)) <= tokens(handoff.prose)


@pytest.mark.parametrize("handoff", HANDOFFS, ids=lambda one: one.name)
def test_no_sentence_is_shared(handoff: Any) -> None:
    assert BENCHMARK.shared(handoff) == set()


@pytest.mark.parametrize("handoff", HANDOFFS, ids=lambda one: one.name)
def test_the_prose_says_what_the_contracts_say(handoff: Any) -> None:
    pointers = [one["path"] for one in handoff.manifest["context"]["files"] if one.get("role") != "memory"]
    promised = [one["path"] for one in handoff.manifest["expected_deliverables"]]
    names = [name for one in handoff.manifest["expected_deliverables"] for name in one.get("must_export", ())]
    assert [one for one in [*pointers, *promised, *names] if one not in handoff.prose] == []


@pytest.mark.parametrize("handoff", HANDOFFS, ids=lambda one: one.name)
def test_no_pointer_stands_in_both(handoff: Any) -> None:
    told = json.dumps(handoff.brief)
    assert [one["path"] for one in handoff.manifest["context"]["files"] if one["path"] in told] == []


def test_a_shared_sentence_would_be_found() -> None:
    one = HANDOFFS[0]
    brief = {**one.brief, "result": {"said": "So: it is new. The last record is lost, always!"}}
    told = BENCHMARK.Handoff(
        name="x",
        prompt="p",
        manifest=one.manifest,
        brief=brief,
        prose="Well. the last record is lost always.",
    )
    assert BENCHMARK.shared(told) == {"the last record is lost always"}


def test_what_is_quoted_is_told_apart() -> None:
    assert BENCHMARK.unquoted("a\n    code\nb") == "a\nb"
