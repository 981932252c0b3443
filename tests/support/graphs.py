"""Documents of task graphs that use every key of the grammar."""

from __future__ import annotations

from typing import Any

DESIGN: dict[str, Any] = {
    "version": 1,
    "name": "release-review",
    "params": {
        "project": {"type": "path", "default": "."},
        "voters": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
    },
    "budget": {"tokens": "400k", "usd": 3.00, "wall": "45m"},
    "concurrency": {"max": 8, "pools": {"claude": 3}},
    "defaults": {"timeout": "10m", "retry": {"max": 2, "backoff": "2s..1m"}},
    "tasks": {
        "changed": {
            "run": "git -C ${{ params.project }} diff --name-only origin/main",
            "output": {"as": "lines"},
        },
        "tests": {
            "run": ["pytest", "-q"],
            "cwd": "${{ params.project }}",
            "reads": ["**/*.py", "pyproject.toml"],
        },
        "review": {
            "role": "code-quality",
            "needs": ["tests"],
            "each": "${{ tasks.changed.output }}",
            "as": "file",
            "key": "${{ file }}",
            "prompt": "Review ${{ file }} for correctness and security.",
            "context": {"files": [{"path": "${{ file }}", "role": "source"}]},
            "output": {"schema": "schemas/verdict.json"},
            "pattern": {"consensus": {"n": "${{ params.voters }}", "vote": "verdict"}},
        },
        "ship": {
            "needs": {"review": {"ok": "2/3"}, "tests": "ok"},
            "if": "${{ params.voters > 1 }}",
            "approve": "Publish the release?",
        },
    },
}
"""The example that the grammar was designed with."""

FULL: dict[str, Any] = {
    "version": 1,
    "name": "every key",
    "description": "Uses each key once.",
    "params": {
        "word": {"type": "string", "default": "a", "pattern": "[a-z]", "description": "A word."},
        "mode": {"type": "string", "choices": ["fast", "full"]},
        "count": {"type": "integer", "default": 3, "minimum": 1, "maximum": 9},
        "rest": {"type": "json", "default": {"a": [1, None]}},
    },
    "outputs": {"answer": "${{ tasks.one.output }}"},
    "defaults": {
        "runtime": "command",
        "tier": "haiku",
        "model": "small",
        "in": "thread",
        "isolation": "none",
        "setup": "true",
        "timeout": "10m",
        "idle_timeout": "1m",
        "retry": {"max": 1},
        "pool": "slow",
        "priority": 1,
        "cache": "off",
        "effects": "none",
        "on_lost": "rerun",
        "budget": {"usd": 1},
        "estimate": {"tokens": 20_000},
        "assume_price": {"input": 3, "output": 15.5},
        "overshoot": "allow",
        "on_window_reset": "stop",
    },
    "budget": {"tokens": "1.5M", "usd": "${{ params.count }}", "wall": "1h30m"},
    "concurrency": {"max": "${{ params.count }}", "pools": {"slow": 1, "claude": 2}},
    "patterns": {"three": {"consensus": {"n": 3}}, "plain": "solo"},
    "tasks": {
        "one": {
            "run": "echo ${{ params.word }}",
            "description": "Says a word.",
            "tags": ["quick"],
            "with": {"a": 1, "b": ["${{ params.word }}", None]},
            "env": {"A": "x", "B": 1, "C": 1.5, "D": True},
            "secrets": ["TOKEN"],
            "cwd": "src",
            "reads": [],
            "writes": ["out/**"],
            "output": {"from": "file", "path": "out.json", "as": "json", "schema": {"type": "object"}},
            "deliverables": [
                {"path": "a.md", "must_export": ["f"], "coverage": 80, "schema": {"type": "array"}}
            ],
            "checks": ["true", ["test", "-f", "a.md"]],
            "runtime": "replay",
            "timeout": "${{ params.word }}",
            "idle_timeout": "5s",
            "retry": {"max": "${{ params.count }}", "backoff": "1s", "on": ["timeout", "exit_status"]},
            "priority": -1,
            "matrix": {"py": ["3.11", 3], "os": "${{ params.rest }}"},
            "include": [{"py": "3.13", "os": "linux"}],
            "exclude": [{"py": 3}],
        },
        "two-b": {
            "python": "steps.clean:run",
            "in": "inline",
            "needs": {"one": {"ok": 2}, "three": "done"},
            "repeat": {"until": "${{ repeat.index > 1 }}", "max": 3},
            "isolation": "worktree",
            "setup": ["make", "deps"],
        },
        "three": {
            "role": "docs",
            "prompt": "Write.",
            "executor": "docs-7b3",
            "acceptance": ["it is true"],
            "quality": "reask",
            "reask": 1,
            "max_turns": 20,
            "context": {
                "files": [{"path": "a.py", "lines": "10..40", "role": "source"}],
                "prior_runs": ["0190"],
            },
            "each": "${{ tasks.one.output }}",
            "as": "file",
            "key": "${{ file }}",
            "parallel": 4,
            "rest": "keep",
            "pattern": "three",
        },
        "four": {"graph": "other.yaml", "with": {"x": 1}},
        "five": {
            "approve": "Go on?",
            "input": "schemas/answer.json",
            "rewind_to": "one",
            "if": "${{ true }}",
            "needs": ["four"],
        },
    },
}
"""A document with every key of the grammar in it, each at least once."""
