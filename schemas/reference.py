"""Writes the tables of the task graph's reference (`docs/task-graph.md`), or checks them.

`python -m metaensemble.schemas.reference FILE [--check]`

A table stands in a block between two comments, `<!-- generated: NAME -->` and `<!-- end: NAME -->`.
Everything outside the blocks is left as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .budget import Money
from .contract import Contract
from .describe import Entry, describe_key
from .execution import Execution
from .fan_out import FanOut
from .model import GrammarModel
from .output import Outputs
from .pattern_ref import PatternUse
from .task import Inputs, Order
from .work import Work

GROUPS: dict[str, type[GrammarModel]] = {
    "work": Work,
    "order": Order,
    "inputs": Inputs,
    "outputs": Outputs,
    "execution": Execution,
    "fan-out": FanOut,
    "contract": Contract,
    "pattern": PatternUse,
    "money": Money,
}
"""The groups of a task's keys, each a block `task: GROUP`."""

MAPS = {
    "file": "",
    "params": "params",
    "concurrency": "concurrency",
    "output": "tasks.output",
    "deliverables": "tasks.deliverables",
    "retry": "tasks.retry",
    "needs": "tasks.needs",
    "repeat": "tasks.repeat",
    "context": "tasks.context",
    "context files": "tasks.context.files",
    "budget": "tasks.budget",
    "price": "tasks.assume_price",
}
"""The other maps with fixed keys: the name of the block, and the path in the grammar."""


class MissingBlock(Exception):
    """The document lacks a block that is written into it. The message names it."""


def build_tables() -> dict[str, str]:
    """The blocks by name; each is Markdown that ends in a newline."""
    blocks = {name: key_table(describe_key(path).keys) for name, path in MAPS.items()}
    keys = {key.name: key for key in describe_key("tasks").keys}
    for name, model in GROUPS.items():
        aliases = [field.alias or attribute for attribute, field in model.model_fields.items()]
        blocks[f"task: {name}"] = key_table([keys[alias] for alias in aliases])
    return blocks


def key_table(keys: Sequence[Entry]) -> str:
    """One row per key: its name, type, default, meaning, and whether this version carries it out."""
    rows = [(f"`{key.name}`", _with_example(key), _default(key), key.meaning, _runs(key)) for key in keys]
    return markdown_table(("key", "type", "default", "meaning", "runs"), rows)


def _with_example(key: Entry) -> str:
    return f"{key.type}; such as `{key.examples[0]}`" if key.examples else key.type


def _default(key: Entry) -> str:
    if key.required:
        return "must be given"
    return key.default or "none"


def _runs(key: Entry) -> str:
    return "no" if key.refused else "yes"


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with one line per row; bars in the cells are escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def put_blocks(text: str, blocks: dict[str, str]) -> str:
    """`text` with the content of each block replaced. Raises `MissingBlock`."""
    for name, body in blocks.items():
        start, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
        before, found, rest = text.partition(start)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise MissingBlock(f"there is no block `{name}`: write `{start.strip()}` and `{end}`")
        text = before + start + body + end + after
    return text


def main(arguments: Sequence[str], build: Callable[[], dict[str, str]] = build_tables) -> int:
    """Write the blocks into FILE; with `--check` only say whether they are stale, and return 1 if so."""
    files = [Path(word) for word in arguments if word != "--check"]
    if len(files) != 1:
        print("usage: python -m metaensemble.schemas.reference FILE [--check]", file=sys.stderr)
        return 2
    old = files[0].read_text(encoding="utf-8")
    try:
        new = put_blocks(old, build())
    except MissingBlock as problem:
        print(f"{files[0]}: {problem}", file=sys.stderr)
        return 2
    if "--check" in arguments:
        for line in _differences(old, new):
            print(line, file=sys.stderr)
        return int(old != new)
    files[0].write_text(new, encoding="utf-8", newline="\n")
    return 0


def _differences(old: str, new: str) -> Iterator[str]:
    known = set(old.splitlines())
    yield from (f"stale, should be: {line}" for line in new.splitlines() if line not in known)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
