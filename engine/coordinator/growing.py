"""Evaluates what groups need to grow and to end, and rebuilds it from records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ...schemas.allowance import Allowance
from ...schemas.bound import BoundGraph
from ...schemas.canonical import canonical_bytes
from ...schemas.errors import LedgerError
from ...schemas.template import as_text
from ..growth import MOST_ITEMS, GrowthError, grown, items_growth, pools_of
from ..instances import GROUPS, Frame, Instance, root_instances, spec_of
from ..runtimes.output_contract import OutputInvalid, check_schema
from ..scheduler.events import GraphGrew, GrowthFailed
from ..scheduler.machine import Scheduler
from .outputs import INLINE_BYTES, Blobs, Outputs
from .requests import RenderError, RequestBuilder, holds

ReadParameter = Callable[[Mapping[str, Any], Any, str], Any]
"""Gives the value of a declared parameter for what was given at run time; raises with a message."""


class Instances(dict[str, Instance]):
    """Every node of a DAG run by id, those of dropped members included until they grow again."""

    def __init__(self, graph: BoundGraph) -> None:
        super().__init__((instance.id, instance) for instance in root_instances(graph))

    def grow(self, group_id: str, payload: Mapping[str, Any]) -> list[Instance]:
        """Take in the members that a recorded growth describes."""
        members = grown(self[group_id], payload)
        for member in members:
            self[member.id] = member
        return members


def count_of_work(instances: Mapping[str, Instance], event: GraphGrew) -> int:
    """How many of the grown nodes are no groups."""
    return sum(instances[spec.id].kind not in GROUPS for spec in event.specs)


class Growing:
    """What the driver asks when a group is to grow, to be judged, or a person is to be asked.

    Results are payloads of journal records: what a replay needs to know stands in them.
    """

    def __init__(
        self,
        instances: Instances,
        scheduler: Scheduler,
        outputs: Outputs,
        blobs: Blobs,
        requests: RequestBuilder | None = None,
        *,
        read_parameter: ReadParameter | None = None,
        most_items: int = MOST_ITEMS,
    ) -> None:
        self._instances = instances
        self._scheduler = scheduler
        self._outputs = outputs
        self._blobs = blobs
        self._requests = requests
        self._read_parameter = read_parameter
        self._most = most_items

    def growth(self, group_id: str, generation: int) -> dict[str, Any]:
        """The growth of a group as it is recorded; with `error` when it has none."""
        instance = self._instances[group_id]
        try:
            payload = self._growth(instance)
        except (GrowthError, RenderError) as problem:
            return {"generation": generation, "error": str(problem)}
        payload["generation"] = generation
        members = grown(instance, payload)
        position = self._scheduler.next_index()
        payload["nodes"] = [
            [
                member.id,
                member.task_id,
                member.kind,
                member.runtime,
                self._scheduler.next_generation(member.id),
                position + index,
            ]
            for index, member in enumerate(members)
        ]
        return self._lightened(payload)

    def event(self, group_id: str, payload: Mapping[str, Any], *, cause: int) -> GraphGrew | GrowthFailed:
        """The event that a recorded growth is; its members are known from then on."""
        generation = payload["generation"]
        if "error" in payload:
            return GrowthFailed(group=group_id, generation=generation, reason=payload["error"], cause=cause)
        group = self._instances[group_id]
        members = self._instances.grow(group_id, self._whole(payload))
        return GraphGrew(
            group=group_id,
            generation=generation,
            specs=tuple(spec_of(member) for member in members),
            pools=pools_of(members, group),
            cause=cause,
        )

    def judgement(self, group_id: str, generation: int) -> dict[str, Any]:
        """What a group whose members ended well comes to: `holds`, its output, or an `error`."""
        instance = self._instances[group_id]
        payload: dict[str, Any] = {"generation": generation, "holds": True}
        try:
            if instance.layer == "repeat":
                payload["holds"] = self._until(instance)
                if payload["holds"]:
                    output = self._rendering.output(self._last_round(group_id))
                    payload |= self._outputs.keep(group_id, output)
            elif instance.layer == "graph":
                payload |= self._outputs.keep(group_id, self._graph_output(instance))
        except (RenderError, OutputInvalid) as problem:
            return {"generation": generation, "holds": None, "error": str(problem)}
        return payload

    def recall(self, group_id: str, payload: Mapping[str, Any]) -> None:
        """Take the output of a group from the record of its judgement."""
        if payload.get("holds") and self._instances[group_id].layer in ("repeat", "graph"):
            self._outputs.recall(group_id, payload)

    def question(self, node_id: str) -> str:
        """What is asked at the node, in words."""
        instance = self._instances[node_id]
        ask = instance.task.ask
        assert ask is not None
        try:
            return as_text(self._rendering.value(instance, "approve", ask.question))
        except RenderError as problem:
            return f"(the question could not be put into words: {problem})"

    def _growth(self, instance: Instance) -> dict[str, Any]:
        match instance.layer:
            case "matrix":
                return {"how": "cells"}
            case "each":
                return self._items(instance)
            case "repeat":
                members = self._scheduler.nodes[instance.id].members
                return {"how": "round", "index": len(members.ids) + 1 if members is not None else 1}
            case _:
                return {"how": "graph", "params": self._parameters(instance)}

    def _items(self, instance: Instance) -> dict[str, Any]:
        each = instance.task.each
        assert each is not None
        items = self._rendering.value(instance, "each", each.items)
        key = each.key
        if key is None:
            return items_growth(items, None, most=self._most)
        key_of = self._rendering.values(instance, "key", key)
        return items_growth(items, lambda _, item: key_of({each.name: item}), most=self._most)

    def _parameters(self, instance: Instance) -> dict[str, Any]:
        body = instance.task.body
        assert body is not None
        found = {}
        for name, template in body.given:
            value = self._rendering.value(instance, f"with.{name}", template)
            try:
                assert self._read_parameter is not None
                found[name] = self._read_parameter(body.specs[name], value, body.graph.project)
            except LedgerError:
                raise
            except Exception as problem:
                message = getattr(problem, "message", None) or str(problem)
                raise GrowthError(f"the parameter `{name}` {message}") from problem
        return found

    def _until(self, instance: Instance) -> bool:
        repeat = instance.task.repeat
        assert repeat is not None
        last = self._instances[self._last_round(instance.id)]
        names = {
            "repeat": {"index": last.names["round"], "last": {"output": self._rendering.output(last.id)}},
        }
        return holds(self._rendering.value(instance, "until", repeat.until, **names))

    def _last_round(self, group_id: str) -> str:
        members = self._scheduler.nodes[group_id].members
        assert members is not None
        return members.ids[-1]

    def _graph_output(self, instance: Instance) -> Any:
        body = instance.task.body
        assert body is not None
        frame = self._frame_in(instance)
        output = self._rendering.outputs_of(frame)
        if instance.task.output.schema is not None:
            # The event loop waits for this one.
            check_schema(
                output, instance.task.output.schema, allowance=Allowance(seconds=10, pattern_seconds=1)
            )
        return output

    def _frame_in(self, instance: Instance) -> Frame:
        members = self._scheduler.nodes[instance.id].members
        assert members is not None
        return self._instances[members.ids[0]].frame

    def _lightened(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload with large items in a blob."""
        for name in ("items", "params"):
            if name in payload:
                data = canonical_bytes(payload[name])
                if len(data) > INLINE_BYTES:
                    del payload[name]
                    payload[f"{name}_blob"] = self._blobs.put(data)
        return payload

    def _whole(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        blobs = {name: payload[f"{name}_blob"] for name in ("items", "params") if f"{name}_blob" in payload}
        return {**payload, **{name: json.loads(self._blobs.get(blob)) for name, blob in blobs.items()}}

    @property
    def _rendering(self) -> RequestBuilder:
        assert self._requests is not None, "a replay evaluates nothing"
        return self._requests
