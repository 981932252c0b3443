"""What a DAG run would do, and why: the answer of `me dag plan`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from .any_text import AnyText


class PlanModel(BaseModel):
    """Base of the plan's models: frozen, and closed to keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanNeed(PlanModel):
    """One edge: the node it comes from, what end is asked for, and whether it was inferred."""

    node: str
    mode: Literal["ok", "done", "failed"]
    count: int | None = None
    of: int | None = None
    inferred: bool = False


class PlanLater(PlanModel):
    """A key that validates and is refused by `run`, because its work is not built yet."""

    key: str
    task: str | None = None


class PlanAgent(PlanModel):
    """Who would do the work of a node with a Role.

    `because` says why the runtime is the one that it is. `tier` is the class of model that is asked for,
    and `model` the one that stands for it; None: the runtime's own choice. `independent`: an Executor of its
    own is made; `executor` is one that the task names.
    """

    role: str
    version: str | None = None
    because: AnyText = ""
    tier: str | None = None
    model: str | None = None
    executor: str | None = None
    independent: bool = False


class PlanNode(PlanModel):
    """One node of the plan.

    `order` is the position in which nodes would start on a single slot, counted from 0; `level` the
    length of the longest chain of needs before it; `remaining` the longest chain from it to an end,
    itself included, in units of the estimate (1 per node without estimates). `critical` marks the
    longest path. `action` says what would happen and `why` gives the reason; `reuse`: the result of an
    earlier DAG run would be taken. A node that is `held` waits until the rule of a join lets it start; one in
    the `background` holds nothing else up. `details` are the settings that differ from their defaults.
    `group` is the id of the node that this one is a member of: a fan-out, a matrix, a repeat, a sub-graph, or
    what a pattern made. `agent` is there for the work of a Role.
    """

    id: str
    task: str
    group: str | None = None
    kind: str
    runtime: str
    action: Literal["run", "maybe", "reuse", "skip", "refused"]
    why: AnyText
    order: int
    level: int
    remaining: float
    critical: bool
    needs: tuple[PlanNeed, ...] = ()
    condition: str | None = None
    pool: str | None = None
    priority: int = 0
    held: bool = False
    background: bool = False
    details: dict[str, Any] = {}
    agent: PlanAgent | None = None
    later: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Whether the node runs nothing itself: a fan-out, a matrix, a repeat, a sub-graph, a pattern."""
        return self.kind in ("each", "matrix", "repeat", "graph", "pattern")


class Plan(PlanModel):
    """The whole plan. `edges` is the transitive reduction, as pairs (from, to) of node ids; both ends of
    an edge are members of the same group, or of none."""

    name: AnyText
    source: AnyText
    project: AnyText
    description: str | None = None
    params: dict[str, Any] = {}
    concurrency: int
    pools: dict[str, int] = {}
    nodes: tuple[PlanNode, ...]
    edges: tuple[tuple[str, str], ...] = ()
    critical_path: tuple[str, ...] = ()
    levels: int = 0
    refused: tuple[PlanLater, ...] = ()
