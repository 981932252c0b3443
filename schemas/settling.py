"""Settle rules: when a join has seen enough, and which held nodes are to come next.

A rule is a pure function of what is known so far. The scheduler asks it each time a need of the join
has ended, and once when the join's first needs can start. It must be monotone: what it calls settled
stays settled whatever the open nodes do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .states import NodeState


@dataclass(frozen=True, slots=True)
class Ended:
    """A need of the join that has ended: its state, and its output if that was `ok`."""

    node: str
    state: NodeState
    output: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is known so far: needs that ended, in the order of declaration; needs that are at work or
    may start; needs that are held back. `join` is the node that asks, with the settings of its rule."""

    ended: tuple[Ended, ...]
    open: tuple[str, ...]
    held: tuple[str, ...]
    join: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a rule makes of it. `settled`: the needs that have not ended can change nothing any more;
    `reason` says why, for them ("decided 3:0 of 5"). `release` names held needs that may start, `stop`
    needs that can change nothing any more although the join has not seen enough yet.
    `blocked` says what is missing for the join to be made at all: it then ends blocked."""

    settled: bool = False
    reason: str = ""
    release: Sequence[str] = ()
    stop: Sequence[str] = ()
    blocked: str = ""


Rule = Callable[[Standing], Settlement]
