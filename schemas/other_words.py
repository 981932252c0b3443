"""Keys that other tools have, and what they are called here. Standard library only.

For the hint about an unknown key: edit distance alone would offer `cwd` for `cmd`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from .suggest import did_you_mean

OTHER_WORDS: Final = {
    "action": "run",
    "bash": "run",
    "cmd": "run",
    "command": "run",
    "commands": "run",
    "exec": "run",
    "script": "run",
    "shell": "run",
    "agent": "role",
    "call": "python",
    "callable": "python",
    "function": "python",
    "subgraph": "graph",
    "uses": "graph",
    "workflow": "graph",
    "approval": "approve",
    "after": "needs",
    "depends": "needs",
    "depends-on": "needs",
    "depends_on": "needs",
    "dependencies": "needs",
    "deps": "needs",
    "requires": "needs",
    "upstream": "needs",
    "condition": "if",
    "only_if": "if",
    "when": "if",
    "for_each": "each",
    "foreach": "each",
    "items": "each",
    "loop": "repeat",
    "strategy": "matrix",
    "args": "with",
    "arguments": "with",
    "inputs": "with",
    "environment": "env",
    "chdir": "cwd",
    "dir": "cwd",
    "directory": "cwd",
    "workdir": "cwd",
    "working-directory": "cwd",
    "working_directory": "cwd",
    "working_dir": "cwd",
    "sources": "reads",
    "artifacts": "deliverables",
    "generates": "writes",
    "timeout-minutes": "timeout",
    "timeout_seconds": "timeout",
    "attempts": "retry",
    "retries": "retry",
    "queue": "pool",
    "weight": "priority",
    "labels": "tags",
    "desc": "description",
    "jobs": "tasks",
    "nodes": "tasks",
    "steps": "tasks",
    "parameters": "params",
    "vars": "params",
    "variables": "params",
    "max_parallel": "concurrency",
    "parallelism": "concurrency",
    "count": "max",
    "limit": "max",
    "delay": "backoff",
    "interval": "backoff",
    "enum": "choices",
    "options": "choices",
    "min": "minimum",
    "regex": "pattern",
    "help": "description",
    "format": "as",
    "file": "path",
}
"""Words of other tools, each with the key that stands for nearly the same here."""


def key_hint(key: str, known: Collection[str]) -> str | None:
    """A hint for the unknown `key` of a map whose keys are `known`; None when nothing is near.

    A word from another tool comes before one that is only spelled alike.
    """
    word = OTHER_WORDS.get(key.lower())
    if word in known:
        return f"did you mean `{word}`?"
    return did_you_mean(key, known)
