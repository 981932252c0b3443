"""Writes the JSON Schemas under `schemas/json/` from the models, or checks that they are up to date.

`python -m metaensemble.schemas.generate [--check]`
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from . import later
from .brief import Brief
from .budgets_config import BudgetsConfig
from .manifest import Manifest
from .plan import Plan
from .quality_config import QualityConfig
from .report import Report
from .role import RoleFrontmatter
from .run import Run
from .task_graph import TaskGraph

FOLDER = Path(__file__).parent / "json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: dict[str, tuple[type[BaseModel], str, Literal["validation", "serialization"]]] = {
    "task-graph": (TaskGraph, "Task graph", "validation"),
    "manifest": (Manifest, "Manifest", "validation"),
    "budgets": (BudgetsConfig, "Budgets and models", "validation"),
    "brief": (Brief, "Brief", "validation"),
    "plan": (Plan, "Plan", "serialization"),
    "report": (Report, "Report", "serialization"),
    "quality": (QualityConfig, "Quality gate", "validation"),
    "run": (Run, "Run", "serialization"),
    "role": (RoleFrontmatter, "Frontmatter of a Role", "validation"),
}
"""For each file: the model, the title, and whether people write such documents or the program does."""


class _Generator(GenerateJsonSchema):
    """Without titles made from names, which say nothing, and without defaults that stand for absence.

    Some arguments are not used: the methods are pydantic's.
    """

    def sort(self, value: JsonSchemaValue, parent_key: str | None = None) -> JsonSchemaValue:  # noqa: ARG002
        return value  # the order of the models is the order of the documentation

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if self.mode == "validation" and schema.get("default") is None:
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def build_schema(name: str) -> dict[str, Any]:
    """The JSON Schema of one of `SCHEMAS`."""
    model, title, mode = SCHEMAS[name]
    found = model.model_json_schema(mode=mode, schema_generator=_Generator)
    definitions = found.setdefault("$defs", {})
    for key, definition in definitions.items():
        if definition.get("title") == key:
            del definition["title"]
    if model is TaskGraph:
        _mark(found, later.GRAPH, definitions)
        _mark(definitions["Task"], later.TASK, definitions)
        for key in list(definitions):
            definitions[key] = _shared(definitions[key], definitions)
        found = _shared(found, definitions)
        found["$defs"] = dict(sorted(definitions.items()))
    if not definitions:
        del found["$defs"]
    return {"$schema": DIALECT, **found, "title": title}


SHARED = {
    "an expression `${{ … }}`": "Expression",
    "a duration": "Duration",
    "a span of durations": "Backoff",
    "a number of tokens": "TokenCount",
    "a task id": "TaskId",
    "a name": "Name",
    "one word": "Label",
    "a JSON Schema": "JsonSchema",
}
"""The small types that many keys share, by their title: each is written once, under `$defs`."""


def _shared(node: Any, definitions: dict[str, Any]) -> Any:
    """`node` with references in place of what `SHARED` names; the definitions get what they lack."""
    if isinstance(node, list):
        return [_shared(child, definitions) for child in node]
    if not isinstance(node, dict):
        return node
    if node.get("title") in SHARED and "type" in node and not node.keys() & {"description", "default"}:
        name = SHARED[node["title"]]
        definitions.setdefault(name, node)
        return {"$ref": f"#/$defs/{name}"}
    if len(node.get("anyOf", ())) == 1:
        node = {**node["anyOf"][0], **{key: value for key, value in node.items() if key != "anyOf"}}
    return {key: child if key == "$defs" else _shared(child, definitions) for key, child in node.items()}


def _mark(schema: dict[str, Any], table: Sequence[later.Later], definitions: dict[str, Any]) -> None:
    """Notes as `x-later` on the keys in `table` that `run` refuses."""
    for entry in table:
        node = schema
        for step in entry.path:
            node = _step(node, step, definitions)
        node["x-later"] = True


def _step(node: dict[str, Any], step: str, definitions: dict[str, Any]) -> dict[str, Any]:
    for shape in _shapes(node, definitions):
        if step in shape.get("properties", {}):
            found: dict[str, Any] = shape["properties"][step]
            return found
    raise KeyError(step)


def _shapes(node: dict[str, Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    if "$ref" in node:
        return _shapes(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in node:
        return [shape for choice in node["anyOf"] for shape in _shapes(choice, definitions)]
    return [node]


def schema_text(name: str) -> str:
    """What the file of one of `SCHEMAS` must hold: the same on every machine."""
    return json.dumps(build_schema(name), ensure_ascii=False, indent=2) + "\n"


def schema_file(name: str) -> Path:
    """The file of one of `SCHEMAS`."""
    return FOLDER / f"{name}.schema.json"


def stale() -> list[Path]:
    """The files that are missing or differ from what the models say."""
    return [
        schema_file(name)
        for name in SCHEMAS
        if not schema_file(name).is_file()
        or schema_file(name).read_text(encoding="utf-8") != schema_text(name)
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the files; with `--check` only name those that are stale, and return 1 for any."""
    if list(arguments) not in ([], ["--check"]):
        print("usage: python -m metaensemble.schemas.generate [--check]", file=sys.stderr)
        return 2
    old = stale()
    if arguments:
        for path in old:
            print(f"{path.name} is stale: run `python -m metaensemble.schemas.generate`", file=sys.stderr)
        return 1 if old else 0
    FOLDER.mkdir(exist_ok=True)
    for name in SCHEMAS:
        schema_file(name).write_text(schema_text(name), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
