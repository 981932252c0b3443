"""The transition table of a node.

Theory of operation
-------------------
A node starts `pending`, or `held` when a rule keeps it for a later wave. When the last of its needs
has ended, the ends are weighed once, by `needs.weigh`, and the node becomes `ready`, or ends without
ever running: `blocked`, `skipped` or `cancelled`. A node with an `if` stays `pending` while the
condition is evaluated.

A `ready` node waits for a slot. The scheduler then asks for an attempt; the node is `running` from
the moment at which the intent stands in the Ledger, so a crash between the two leaves it `ready`.
Where an earlier result is taken instead of an attempt, it goes from `ready` to its end (`reused`). Where
who is to do it is busy elsewhere, it gives its slot back and waits (`put_off`); nothing of that is recorded,
so it is `ready` again for whoever replays.

A group (a fan-out, a sub-graph, a repeat) takes no slot and has no attempts. It is `ready` while its
members are being found, `running` as long as any of them has not ended or another round may follow
(`grew`), and ends by what they came to. A node that asks a person goes to `waiting` once its needs are
met, without ever running.

An attempt can end in several ways, and what follows depends on more than its outcome: on retries
left, on why it was cancelled, and on `on_lost` where nobody knows what it did: its end was never seen,
or it was stopped midway together with the Coordinator. That choice is made BEFORE this table by a pure
rule (`outcomes.classify`), so each kind of event has exactly one end per state. `waiting` covers the
pause before a retry, the wait for a person, and that for somebody who is busy.

The five ended states have empty rows: a node never leaves them. Running a node anew makes a new
generation, which starts at `pending` beside the old one.

Every state has a row and every pair that is not listed is illegal: it raises, changes nothing, and
prints the node's story. What arrives late (an event of an attempt that is no longer the live one)
is dropped before the table is asked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from ...schemas.errors import IllegalTransition
from ...schemas.states import NodeState

EventKind = Literal[
    "needs_met",
    "needs_failed",
    "needs_skipped",
    "needs_cancelled",
    "condition_true",
    "condition_false",
    "condition_error",
    "released",
    "asked",
    "grew",
    "growth_failed",
    "members_ok",
    "members_failed",
    "members_blocked",
    "members_cancelled",
    "members_skipped",
    "reused",
    "put_off",
    "attempt_started",
    "attempt_ok",
    "attempt_retry",
    "attempt_failed",
    "attempt_cancelled",
    "attempt_unneeded",
    "attempt_stopped",
    "attempt_stopped_ask",
    "attempt_stopped_fail",
    "attempt_lost_rerun",
    "attempt_lost_ask",
    "attempt_lost_fail",
    "timer_fired",
    "answer_rerun",
    "answer_fail",
    "answer_yes",
    "answer_no",
    "cancelled",
    "unneeded",
]

TRANSITIONS: Final[dict[NodeState, dict[EventKind, NodeState]]] = {
    "pending": {
        "needs_met": "ready",
        "needs_failed": "blocked",
        "needs_skipped": "skipped",
        "needs_cancelled": "cancelled",
        "condition_true": "ready",
        "condition_false": "skipped",
        "condition_error": "failed",
        "asked": "waiting",
        "cancelled": "cancelled",
        "unneeded": "skipped",
    },
    "held": {
        "released": "pending",
        "cancelled": "cancelled",
        "unneeded": "skipped",
    },
    "ready": {
        "attempt_started": "running",
        "reused": "ok",
        "put_off": "waiting",
        "grew": "running",
        "growth_failed": "failed",
        "cancelled": "cancelled",
        "unneeded": "skipped",
    },
    "running": {
        "grew": "running",
        "growth_failed": "failed",
        "members_ok": "ok",
        "members_failed": "failed",
        "members_blocked": "blocked",
        "members_cancelled": "cancelled",
        "members_skipped": "skipped",
        "attempt_ok": "ok",
        "attempt_retry": "waiting",
        "attempt_failed": "failed",
        "attempt_cancelled": "cancelled",
        "attempt_unneeded": "skipped",
        "attempt_stopped": "ready",
        "attempt_stopped_ask": "waiting",
        "attempt_stopped_fail": "failed",
        "attempt_lost_rerun": "ready",
        "attempt_lost_ask": "waiting",
        "attempt_lost_fail": "failed",
    },
    "waiting": {
        "timer_fired": "ready",
        "answer_rerun": "ready",
        "answer_fail": "failed",
        "answer_yes": "ok",
        "answer_no": "failed",
        "cancelled": "cancelled",
        "unneeded": "skipped",
    },
    "ok": {},
    "failed": {},
    "blocked": {},
    "skipped": {},
    "cancelled": {},
}


def next_state(state: NodeState, kind: EventKind, *, node: str = "", story: Iterable[str] = ()) -> NodeState:
    """The state that `kind` leads to; raises `IllegalTransition` with the story when there is none."""
    try:
        return TRANSITIONS[state][kind]
    except KeyError:
        told = tuple(story)
        raise IllegalTransition(
            f"node `{node}` is `{state}`, where `{kind}` has no rule",
            story=told,
            task=node or None,
        ) from None
