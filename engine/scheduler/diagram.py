"""The state diagram of the docs, drawn from the transition table."""

from __future__ import annotations

from ...schemas.states import ENDED, NODE_STATES
from .transitions import TRANSITIONS


def state_diagram() -> str:
    """The table as a Mermaid state diagram; kinds of events that lead the same way share an arrow."""
    lines = ["stateDiagram-v2", "    [*] --> pending", "    [*] --> held"]
    for state in NODE_STATES:
        arrows: dict[str, list[str]] = {}
        for kind, target in TRANSITIONS[state].items():
            arrows.setdefault(target, []).append(kind)
        lines += [f"    {state} --> {target}: {', '.join(kinds)}" for target, kinds in arrows.items()]
    lines += [f"    {state} --> [*]" for state in NODE_STATES if state in ENDED]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(state_diagram(), end="")
