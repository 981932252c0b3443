"""What nodes came to, as expressions and Briefs of later nodes see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..instances import Frame, Instance
from ..scheduler.machine import Scheduler
from .outputs import Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedView:
    """What is known of a need: its state, its deliverable's path if it left one, and where its output
    is found. `has_items`: it is a fan-out, whose outputs are a list."""

    status: str
    deliverable: str | None = None
    node: str = ""
    has_items: bool = False


class Results:
    """Looks up states, outputs and deliverables by node; nothing is kept here."""

    def __init__(
        self,
        scheduler: Scheduler,
        instances: Mapping[str, Instance],
        outputs: Outputs,
        deliverables: Mapping[str, str],
    ) -> None:
        self._scheduler = scheduler
        self._instances = instances
        self._outputs = outputs
        self._deliverables = deliverables

    def views(self, instance: Instance) -> dict[str, NeedView]:
        """The needs of the instance's task, by the name of the task that is needed."""
        frame = instance.frame
        return {need.task: self.view(frame, need.task) for need in instance.needs}

    def deliverable(self, node_id: str) -> str | None:
        """The path of what the node left for people, if it left anything."""
        result = self._instances[node_id].result
        return self._deliverables.get(node_id) if result is None else self.deliverable(result)

    def view(self, frame: Frame, task: str) -> NeedView:
        """One task of a frame's graph."""
        node_id = frame.prefix + task
        state = self._scheduler.nodes[node_id].state
        return NeedView(
            status=state,
            # What an earlier generation left says nothing about this one.
            deliverable=self.deliverable(node_id) if state == "ok" else None,
            node=node_id,
            has_items=self._instances[node_id].layer in ("matrix", "each"),
        )

    def facts(self, node_id: str) -> dict[str, Any]:
        """Why a node is in its state, and how many attempts it made."""
        node = self._scheduler.nodes[node_id]
        return {"reason": node.reason, "attempts": node.attempts}

    def output(self, node_id: str) -> Any:
        """The output of a node that ended ok; of a fan-out, the list of its items."""
        if self._instances[node_id].layer in ("matrix", "each"):
            return self.items(node_id)
        return self._outputs.get(self._where(node_id))

    def items(self, node_id: str) -> list[dict[str, Any]]:
        """The items of a fan-out in their order: key, status, and the output of those that ended ok."""
        members = self._scheduler.nodes[node_id].members
        found = []
        for member in members.ids if members is not None else ():
            state = self._scheduler.nodes[member].state
            output = self.output(member) if state == "ok" else None
            found.append({"key": self._instances[member].key, "status": state, "output": output})
        return found

    def is_ok(self, node_id: str) -> bool:
        """Whether the node ended ok."""
        return self._scheduler.nodes[node_id].state == "ok"

    def behind(self, node_id: str) -> list[str]:
        """The nodes whose work a node hands on where it leaves none itself: its members, else those that it
        builds on."""
        nodes = self._scheduler.nodes
        instance = self._instances[node_id]
        if instance.result is not None:
            found = [instance.result]
        elif (members := nodes[node_id].members) is not None:
            found = list(members.ids)
        else:
            found = list(self._built_on(instance))
        return [name for name in found if name in nodes]

    def _built_on(self, instance: Instance) -> Iterator[str]:
        """The nodes whose work this one builds on, in declared order: what the node that it is a part of
        builds on, what it needs itself, and the round before its own."""
        if instance.frame.prefix:
            yield from self._built_on(self._instances[instance.frame.prefix[:-1]])
        yield from (frame.prefix + need.task for _, frame, need in instance.sources())
        number = instance.names.get("round")
        if number is not None and number > 1:
            yield f"{instance.id[: instance.id.rindex(f'#{number}')]}#{number - 1}"

    def token(self, node_id: str) -> str:
        """A text that is equal exactly for equal outputs."""
        if self._instances[node_id].layer not in ("matrix", "each"):
            return self._outputs.token(self._where(node_id))
        members = self._scheduler.nodes[node_id].members
        parts = [
            f"{self._instances[member].key}\0{self._scheduler.nodes[member].state}\0{self.token(member)}"
            for member in (members.ids if members is not None else ())
        ]
        return "\0".join(parts)

    def _where(self, node_id: str) -> str:
        """The node that holds the output: of a repeat that a skipped round ended, the round before; of a
        pattern, its join."""
        result = self._instances[node_id].result
        if result is not None:
            return self._where(result)
        members = self._scheduler.nodes[node_id].members
        if members is None or node_id in self._outputs or self._instances[node_id].layer != "repeat":
            return node_id
        done = [member for member in members.ids if self._scheduler.nodes[member].state == "ok"]
        return self._where(done[-1]) if done else node_id

    def has_output(self, node_id: str) -> bool:
        """Whether the node left an output that a consumer may see."""
        return self._scheduler.nodes[node_id].state == "ok"
