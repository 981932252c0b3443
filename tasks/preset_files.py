"""Patterns that a project names in files of their own: `.metaensemble/patterns/NAME.yaml`."""

from __future__ import annotations

import os.path
import re
from contextlib import suppress
from pathlib import Path as FilePath
from typing import Any, Final

from pydantic import ValidationError

from ..schemas.errors import InputError
from ..schemas.task_graph import TaskGraph
from .document import Document
from .loader import LoadedGraph
from .reader import read_problems
from .shape_errors import shape_errors
from .source_file import read_source

FOLDER: Final = os.path.join(".metaensemble", "patterns")
"""Where a project's patterns lie, below its root."""

_FILE_NAME = re.compile(r"\w[\w.-]*")
_STUB: Final = {"none": {"run": "true"}}


def preset_file(project: str, name: str) -> str | None:
    """The path of the file that the project has for the pattern `name`; None when there is none."""
    if not _FILE_NAME.fullmatch(name):
        return None
    paths = (os.path.join(project, FOLDER, name + ending) for ending in (".yaml", ".yml"))
    return next((path for path in paths if os.path.lexists(path)), None)


def preset_names(project: str) -> list[str]:
    """The names of all patterns that the project has files for, sorted."""
    with suppress(OSError):
        files = sorted(FilePath(project, FOLDER).iterdir())
        return [
            one.stem for one in files if one.suffix in (".yaml", ".yml") and _FILE_NAME.fullmatch(one.stem)
        ]
    return []


def load_preset(path: str, shown: str, name: str) -> tuple[LoadedGraph | None, list[InputError]]:
    """The preset in the file at `path`, as a graph without tasks that has it under `patterns`; or what is
    wrong with it. Neither: the file is a task graph, as it has `tasks`."""
    try:
        data = read_source(FilePath(path))
    except InputError as error:
        return None, [error]
    document, problems = read_problems(data, shown)
    if document is None or problems:
        return None, problems
    if isinstance(document.value, dict) and "tasks" in document.value:
        return None, []
    return _as_graph(document.below("patterns", name), shown)


def _as_graph(document: Document, shown: str) -> tuple[LoadedGraph | None, list[InputError]]:
    value: dict[str, Any] = document.value
    try:
        whole = TaskGraph.model_validate({**value, "tasks": _STUB})
    except ValidationError as error:
        return None, shape_errors(document, [dict(one) for one in error.errors(include_url=False)])
    graph = whole.model_copy(update={"tasks": {}})
    return LoadedGraph(file=shown, digest="", document=document, graph=graph), []
