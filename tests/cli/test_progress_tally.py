from __future__ import annotations

from metaensemble.cli.progress_tally import Tally
from metaensemble.schemas.progress import NodeChanged, RunStarted
from metaensemble.schemas.states import NodeState


def changed(
    node: str, state: NodeState, at: int, duration: int | None = None, attempt: int = 1
) -> NodeChanged:
    return NodeChanged(node, state, "", attempt, at, duration)


def started(total: int) -> Tally:
    tally = Tally()
    tally.start(RunStarted("0190", "sample", total, False))
    return tally


def test_nodes_never_spoken_of_are_pending() -> None:
    tally = started(5)
    tally.change(changed("a", "running", 0))
    assert tally.counts() == {"pending": 4, "running": 1}
    assert tally.ended == 0


def test_a_node_is_counted_where_it_is() -> None:
    tally = started(2)
    for state in ("ready", "running", "ok"):
        tally.change(changed("a", state, 10, 10 if state == "ok" else None))
    assert tally.counts() == {"pending": 1, "ok": 1}
    assert tally.running == {}


def test_no_estimate_before_a_node_has_ended() -> None:
    tally = started(2)
    tally.change(changed("a", "running", 0))
    assert tally.eta_ms(500) is None


def test_the_estimate_is_what_remains_times_the_mean() -> None:
    tally = started(4)
    tally.change(changed("a", "running", 0))
    tally.change(changed("a", "ok", 1_000, 1_000))
    assert tally.eta_ms(1_000) == 3_000
    tally.change(changed("b", "running", 1_000))
    assert tally.eta_ms(1_400) == 2_600
    tally.change(changed("c", "running", 1_400))
    assert tally.eta_ms(1_400) == 1_300


def test_no_estimate_once_all_have_ended() -> None:
    tally = started(1)
    tally.change(changed("a", "running", 0))
    tally.change(changed("a", "failed", 9, 9))
    assert tally.eta_ms(10) is None


def test_a_skipped_node_tells_nothing_about_durations() -> None:
    tally = started(2)
    tally.change(changed("a", "skipped", 0, None, 0))
    assert tally.eta_ms(0) is None
    assert tally.ended == 1


def test_a_node_run_anew_leaves_its_old_state() -> None:
    tally = started(1)
    tally.change(changed("a", "failed", 0, 5))
    tally.change(changed("a", "running", 10))
    assert tally.counts() == {"running": 1}
