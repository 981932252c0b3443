from __future__ import annotations

import json

from metaensemble.patterns.confidence import decide
from metaensemble.patterns.shadow_report import Comparison, shadow_report


def compared(label: str, primary: bool, shadow: bool, **fields: float) -> Comparison:
    return Comparison(label=label, primary=primary, shadow=shadow, **fields)  # type: ignore[arg-type]


def test_it_decides_as_the_confidence_sequence_does() -> None:
    pairs = [compared(str(n), True, n % 3 == 0) for n in range(30)]
    found = shadow_report("t", "g", "s", pairs, margin=0.05)
    expected = decide([0.0 if n % 3 == 0 else -1.0 for n in range(30)], 0.05)
    assert (found.decision, found.after, found.lower, found.upper) == (
        expected.kind,
        expected.tasks,
        expected.lower,
        expected.upper,
    )
    assert found.decision == "keep"
    assert found.primary.passed == 30
    assert found.beside.passed == 10


def test_a_label_is_one_pair_however_often_it_came() -> None:
    pairs = [compared("a", True, False), compared("b", True, True), compared("a", True, True)]
    found = shadow_report("t", "g", "s", pairs, margin=0.05)
    assert (found.tasks, found.comparisons, found.difference) == (2, 3, -0.25)
    # Descriptions are of the newest comparison of each.
    assert found.pairs == {"both": 2, "shadow_only": 0, "primary_only": 0, "neither": 0}


def test_nothing_compared_is_open() -> None:
    found = shadow_report("t", "g", "s", [], margin=0.05, left_out=2)
    assert (found.decision, found.tasks, found.left_out, found.more) == ("more", 0, 2, None)
    assert found.duration_ratio is None


def test_ratios_are_of_what_is_known_of_both() -> None:
    pairs = [
        compared("a", True, True, primary_ms=100, shadow_ms=50, primary_cost=2.0, shadow_cost=1.0),
        compared("b", True, True, primary_ms=100, shadow_ms=150),
        compared("c", True, True, shadow_ms=1),
    ]
    found = shadow_report("t", "g", "s", pairs, margin=0.05)
    assert found.duration_ratio is not None
    assert found.duration_ratio[0] == 1.0
    assert found.cost_ratio == (0.5, 0.5, 0.5)


def test_json_has_no_infinity() -> None:
    pairs = [
        compared("a", True, True, primary_ms=0, shadow_ms=5),
        compared("b", True, True, primary_ms=1, shadow_ms=5),
    ]
    found = shadow_report("t", "g", "s", pairs, margin=0.05)
    assert found.duration_ratio is not None
    assert found.duration_ratio[2] == float("inf")
    data = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert data["duration_ratio"][2] is None
