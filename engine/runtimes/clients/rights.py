"""What a Role lets an agent do, for clients that know modes and no list of tools."""

from __future__ import annotations

from typing import Final

_CHANGES: Final = frozenset({"Edit", "MultiEdit", "NotebookEdit", "Write"})
_RUNS: Final = frozenset({"Bash"})


def may_run(tools: tuple[str, ...] | None) -> bool:
    """Whether the Role names a tool that runs commands. A Role without a list of tools edits, and runs
    nothing."""
    return tools is not None and not _RUNS.isdisjoint(map(plain, tools))


def may_change(tools: tuple[str, ...] | None) -> bool:
    """Whether the Role may change files, by an edit or by a command."""
    return tools is None or not (_CHANGES | _RUNS).isdisjoint(map(plain, tools))


def plain(tool: str) -> str:
    """The name of a tool without what narrows it, as in `Bash(git *)`."""
    return tool.split("(", 1)[0].strip()
