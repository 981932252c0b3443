"""Turn a recorded workflow execution (WfFormat 1.5, as WfCommons publishes them) into a task graph.

`python convert.py INSTANCE.json [-o graph.yaml]`. Standard library only. The graph has the tasks and
dependencies of the recording. Each task does real work in proportion to what was recorded (`work.py`):
CPU time by its run time, reading and writing by the sizes of its files, scaled by the graph's
parameters `scale` and `bytes`.

WfFormat is described at https://github.com/wfcommons/WfFormat.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
VERSIONS = ("1.5",)


class NotWfFormat(Exception):
    """The file is not an instance that this converter can read."""


class File(NamedTuple):
    """A recorded file: a short name for it, its size in bytes, and the task that makes it, if one does."""

    name: str
    size: int
    maker: str | None


def convert(instance: Any, *, work: str, schema: str) -> str:
    """The task graph of a parsed instance, as YAML text.

    `work` is the path of `work.py` and `schema` that of the JSON Schema, both as the graph shall name
    them: absolute, or relative to where the graph will lie.
    """
    specification, seconds = _parts(instance)
    tasks = specification["tasks"]
    ids = _task_ids([task["id"] for task in tasks])
    needs = _needs(tasks)
    files = _files(specification, tasks)
    recorded = str(instance.get("name", "workflow"))
    lines = [
        f"# yaml-language-server: $schema={schema}",
        "version: 1",
        f"name: {_text(recorded.removesuffix('.json'))}",
        f"description: {_text(f'Converted from a recorded execution of {len(tasks)} tasks.')}",
        "params:",
        "  scale: {type: number, default: 0.001, minimum: 0, description: CPU seconds per recorded second.}",
        "  bytes: {type: number, default: 0.0001, minimum: 0, description: Bytes per recorded byte.}",
        f"  work: {{type: path, default: {_text(work)}, description: The script that does the work.}}",
        "tasks:",
    ]
    for task in tasks:
        lines += _task(task, ids, needs[task["id"]], files, seconds.get(task["id"], 0.0))
    return "\n".join(lines) + "\n"


def _parts(instance: Any) -> tuple[dict[str, Any], dict[str, float]]:
    """The specification, and the recorded seconds by task id."""
    try:
        version = instance["schemaVersion"]
        specification = instance["workflow"]["specification"]
        executed = instance["workflow"].get("execution", {}).get("tasks", [])
        seconds = {task["id"]: float(task["runtimeInSeconds"]) for task in executed}
        known = {task["id"] for task in specification["tasks"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise NotWfFormat(f"not an instance of WfFormat: {error!r}") from None
    if version not in VERSIONS:
        raise NotWfFormat(f"this is WfFormat {version}, and this converter reads {', '.join(VERSIONS)}")
    if not known:
        raise NotWfFormat("the instance has no tasks")
    if len(known) < len(specification["tasks"]):
        raise NotWfFormat("two tasks have the same id")
    return specification, seconds


def _task_ids(recorded: list[str]) -> dict[str, str]:
    """A valid task id for each recorded one, as near to it as can be, all different."""
    given: dict[str, str] = {}
    taken: set[str] = set()
    for identifier in recorded:
        plain = re.sub(r"[^A-Za-z0-9_]+", "_", identifier)
        plain = plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
        name, number = plain, 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        taken.add(name)
        given[identifier] = name
    return given


def _needs(tasks: list[dict[str, Any]]) -> dict[str, list[str]]:
    """What each task waits for: its parents, and whoever names it as a child, in recorded order."""
    above: dict[str, list[str]] = {task["id"]: list(task.get("parents", [])) for task in tasks}
    for task in tasks:
        for child in task.get("children", []):
            if child not in above:
                raise NotWfFormat(f"task `{task['id']}` has a child that does not exist: `{child}`")
            if task["id"] not in above[child]:
                above[child].append(task["id"])
    for identifier, parents in above.items():
        for parent in parents:
            if parent not in above:
                raise NotWfFormat(f"task `{identifier}` has a parent that does not exist: `{parent}`")
    return above


def _files(specification: dict[str, Any], tasks: list[dict[str, Any]]) -> dict[str, File]:
    """The recorded files that tasks touch, by name."""
    sizes = {file["id"]: int(file.get("sizeInBytes", 0)) for file in specification.get("files", [])}
    makers = {name: task["id"] for task in tasks for name in task.get("outputFiles", [])}
    used = dict.fromkeys(
        name for task in tasks for name in (*task.get("inputFiles", []), *task.get("outputFiles", []))
    )
    return {
        name: File(f"f{number}", sizes.get(name, 0), makers.get(name)) for number, name in enumerate(used)
    }


def _task(
    task: dict[str, Any], ids: dict[str, str], needs: list[str], files: dict[str, File], seconds: float
) -> list[str]:
    name = ids[task["id"]]
    inputs = [files[file] for file in task.get("inputFiles", [])]
    writes = [files[file] for file in task.get("outputFiles", [])]
    given = {
        "seconds": seconds,
        # What a parent makes is read from disk; what comes from outside is made up on the spot.
        "reads": {file.name: file.size for file in inputs if file.maker in needs},
        "invents": {file.name: file.size for file in inputs if file.maker not in needs},
        "writes": {file.name: file.size for file in writes},
    }
    lines = [f"  {name}:"]
    if name != task["id"]:
        lines.append(f"    description: {_text(task['id'])}")
    if needs:
        lines.append(f"    needs: {json.dumps([ids[need] for need in needs])}")
    lines += [
        "    with:",
        "      scale: ${{ params.scale }}",
        "      bytes: ${{ params.bytes }}",
        f"      work: {json.dumps(given)}",
        '    run: [python3, "${{ params.work }}"]',
        "    output: {as: json}",
    ]
    if writes:
        lines.append(f"    writes: {json.dumps([f'data/{file.name}' for file in writes])}")
    return lines


def _text(value: str) -> str:
    """`value` as a quoted YAML scalar that holds no expression of ours."""
    return json.dumps(value.replace("${{", "{{"), ensure_ascii=False)


def main() -> int:
    """Read an instance, write a graph."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("instance", type=Path, help="the recorded execution, a JSON file")
    parser.add_argument("-o", "--output", type=Path, help="where the graph goes (standard output)")
    given = parser.parse_args()
    place = given.output.resolve().parent if given.output else Path.cwd()
    try:
        graph = convert(
            json.loads(given.instance.read_bytes()),
            work=os.path.relpath(HERE / "work.py", place),
            schema=os.path.relpath(HERE.parents[1] / "schemas/json/task-graph.schema.json", place),
        )
    except (OSError, ValueError, NotWfFormat) as error:
        print(f"error: {given.instance}: {error}", file=sys.stderr)
        return 2
    if given.output:
        given.output.write_text(graph, encoding="utf-8")
    else:
        sys.stdout.write(graph)
    return 0


if __name__ == "__main__":
    sys.exit(main())
