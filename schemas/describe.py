"""What a key of the task graph means: the answer of `me dag schema [PATH]`.

Made from the generated JSON Schema alone, for people (`Entry.text`) and for programs (`Entry.to_json`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .errors.schema_path import UnknownSchemaPath
from .plain_types import as_written, type_words
from .shape import Node, allowed_values, entry, fixed_keys, shapes, task_graph_schema
from .suggest import did_you_mean, in_backticks

REFUSED = "not in this version: it validates, shows in the plan, and `run` refuses it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One key. `type` and `default` are in words; `keys` are the keys below it, each without its own.

    `refused`: this version does not carry the key out.
    """

    path: str
    type: str
    meaning: str
    default: str | None = None
    required: bool = False
    allowed: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    refused: bool = False
    keys: tuple[Entry, ...] = ()

    @property
    def name(self) -> str:
        """The key itself."""
        return self.path.rpartition(".")[2]

    def to_json(self) -> dict[str, Any]:
        """The entry as a JSON object; `built` tells whether this version carries the key out."""
        found: dict[str, Any] = {
            "path": self.path,
            "type": self.type,
            "meaning": self.meaning,
            "required": self.required,
            "default": self.default,
            "allowed": list(self.allowed),
            "examples": list(self.examples),
            "built": not self.refused,
            "refused": "all" if self.refused else None,
        }
        if self.keys:
            found["keys"] = [key.to_json() for key in self.keys]
        return found

    def text(self, width: int = 88) -> str:
        """The entry as lines for people, at most `width` wide as far as words allow."""
        return "\n".join(self._lines(width)) + "\n"

    def _lines(self, width: int) -> Iterator[str]:
        if self.path:
            yield self.path
        yield from textwrap.wrap(self.meaning, width)
        if self.path:
            yield ""
            yield from self._facts(width)
        if self.keys:
            yield ""
            yield "keys" if self.path else "keys of the file"
            for key in self.keys:
                yield from _short(key, width)
            yield ""
            rich = (key.path for key in self.keys if key.type.startswith("a map with") and not key.refused)
            inner = next(rich, self.keys[0].path)
            yield f"more on one of them: me dag schema {inner}"

    def _facts(self, width: int) -> Iterator[str]:
        default = "none, it must be given" if self.required else self.default or "none"
        facts = [("type", self.type), ("default", default)]
        facts += [("example", f"{self.name}: {example}") for example in self.examples]
        if self.refused:
            facts.append(("note", REFUSED))
        for word, fact in facts:
            yield from _hanging(word, fact, width)


def _short(key: Entry, width: int) -> Iterator[str]:
    """`key` within the list of the keys of its map."""
    facts = [key.type]
    if key.required:
        facts.append("required")
    elif key.default:
        facts.append(f"default: {key.default}")
    if key.refused:
        facts.append("not in this version")
    kind = f"{key.name}  ({'; '.join(facts)})"
    yield from textwrap.wrap(kind, width, initial_indent="  ", subsequent_indent="    ")
    yield from textwrap.wrap(key.meaning, width, initial_indent="      ", subsequent_indent="      ")


def _hanging(word: str, fact: str, width: int) -> list[str]:
    return textwrap.wrap(
        fact, width, initial_indent=f"{word:<9}", subsequent_indent=" " * 9, break_long_words=False
    )


def describe_key(path: str = "") -> Entry:
    """The entry at `path`, such as `tasks.retry`; the whole file for an empty path.

    Names that people choose may be left out, or written as the name itself, `*` or `<id>`.
    Raises `UnknownSchemaPath`, with what was probably meant.
    """
    steps = [step for step in path.strip().strip(".").split(".") if step]
    node = task_graph_schema()
    parent: Node | None = None
    names: list[str] = []
    for index, step in enumerate(steps):
        parent, node, kept = _down(node, step, steps[index + 1 :], names)
        if kept:
            names.append(step)
    required = bool(names) and parent is not None and names[-1] in _required(parent)
    return _entry(node, ".".join(names), required=required, with_keys=True)


def _down(node: Node, step: str, rest: list[str], names: list[str]) -> tuple[Node, Node, bool]:
    """The map that has `step`, what stands behind it, and whether `step` is a key of the grammar."""
    holder = _holder(node)
    keys = fixed_keys(holder)
    if step in keys:
        return holder, keys[step], True
    inner = entry(node)
    if inner is not None and (
        step == "*" or step.startswith("<") or (rest and rest[0] in fixed_keys(_holder(inner)))
    ):
        return node, inner, False
    raise _unknown(step, keys, names)


def _holder(node: Node) -> Node:
    """`node`, or what stands at each of its positions or names, until there are keys of the grammar."""
    found: Node | None = node
    while found is not None:
        if fixed_keys(found):
            return found
        found = entry(found)
    return node


def _unknown(step: str, keys: dict[str, Node], names: list[str]) -> UnknownSchemaPath:
    place = f"`{'.'.join(names)}`" if names else "a task graph"
    if not keys:
        return UnknownSchemaPath(f"{place} has no keys below it", hint=f"ask for {place} itself")
    elsewhere = [found for found in _paths(step) if found]
    hint = did_you_mean(step, keys)
    if hint is None and elsewhere:
        hint = f"did you mean {in_backticks(elsewhere[:4])}?"
    return UnknownSchemaPath(
        f"{place} has no key `{step}`",
        hint=hint or f"its keys are {in_backticks(keys, last='and', limit=60)}",
    )


def _paths(name: str, node: Node | None = None, at: tuple[str, ...] = ()) -> Iterator[str]:
    """All paths of the grammar that end in `name`."""
    for key, child in fixed_keys(_holder(node or task_graph_schema())).items():
        if key == name:
            yield ".".join((*at, key))
        if len(at) < 4 and fixed_keys(_holder(child)):
            yield from _paths(name, child, (*at, key))


def _required(node: Node) -> set[str]:
    return {key for shape in shapes(node) for key in shape.get("required", ())}


def _entry(node: Node, path: str, *, required: bool = False, with_keys: bool = False) -> Entry:
    holder = _holder(node)
    below = fixed_keys(holder) if with_keys else {}
    must = _required(holder)
    inner = tuple(
        _entry(child, f"{path}.{key}" if path else key, required=key in must) for key, child in below.items()
    )
    return Entry(
        path=path,
        type=type_words(node) if path else "a map",
        meaning=_meaning(node),
        default=_default(node),
        required=required,
        allowed=tuple(as_written(value) for value in allowed_values(node)),
        examples=tuple(as_written(value) for value in node.get("examples", ())),
        refused=bool(node.get("x-later")),
        keys=inner,
    )


def _meaning(node: Node) -> str:
    if "description" in node:
        return str(node["description"])
    return next((str(shape["description"]) for shape in shapes(node) if "description" in shape), "")


def _default(node: Node) -> str | None:
    if "x-default" in node:
        return str(node["x-default"])
    return as_written(node["default"]) if "default" in node else None
