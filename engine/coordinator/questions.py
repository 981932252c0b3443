"""The questions of a DAG run that wait for a person, and whether an answer counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .session import Session


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """What is asked at a node, in words. `schema` is what a typed answer must hold to; None: yes or no."""

    node: str
    generation: int
    text: str
    schema: Any = None

    @property
    def options(self) -> tuple[Any, ...]:
        """The values that the answer is one of, in order; none where the schema lists none."""
        return options_of(self.schema)


def options_of(schema: Any) -> tuple[Any, ...]:
    """The values of a JSON Schema that is an `enum`, or a `oneOf` of `const`s; else none."""
    if not isinstance(schema, dict):
        return ()
    listed = schema.get("enum")
    if isinstance(listed, list):
        return tuple(listed)
    choices = schema.get("oneOf")
    if isinstance(choices, list) and all(isinstance(one, dict) and "const" in one for one in choices):
        return tuple(one["const"] for one in choices)
    return ()


def open_questions(session: Session) -> list[OpenQuestion]:
    """The questions that were asked and wait for their answer, in the order of the graph.

    An answer that is on record counts, whether or not a Coordinator has taken it up.
    """
    found = []
    for name, node in session.scheduler.nodes.items():
        text = session.found.known_asks.get((name, node.generation))
        if node.asked and node.spec.kind == "ask" and text is not None:
            ask = session.instances[name].task.ask
            assert ask is not None
            found.append(OpenQuestion(name, node.generation, text, ask.schema))
    return found


def counted(session: Session, node_id: str, seq: int) -> bool:
    """Whether the record `seq` moved the node: an answer that came too late moves nothing."""
    nodes = [node for node in session.scheduler.past if node.spec.id == node_id]
    live = session.scheduler.nodes.get(node_id)
    return any(cause == seq for node in (live, *nodes) if node is not None for cause, _ in node.story)
