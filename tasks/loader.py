"""Loads a graph file: its bytes, its YAML, and its shape; all problems at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from ..schemas.errors import InputError, InputErrors, KeyNotText, NumberOutOfRange, TagInYaml, UnknownAlias
from ..schemas.span import Path
from ..schemas.task_graph import TaskGraph
from .document import Document
from .reader import by_place, read_problems
from .salvage import salvaged
from .shape_errors import shape_errors
from .source_file import read_source

_SALVAGE_ROUNDS = 5
_REFUSED_VALUES = (TagInYaml, NumberOutOfRange, UnknownAlias, KeyNotText)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedGraph:
    """A graph file that was read. `file` is its path as it was given, `digest` the SHA-256 of its bytes.

    `is_whole` is false when parts of `graph` were left out because they have errors; what is left
    can be checked, and must not be run.
    """

    file: str
    digest: str
    document: Document
    graph: TaskGraph
    is_whole: bool = True


def load(path: str | PathLike[str]) -> LoadedGraph:
    """The graph file at `path`; raises `InputErrors` with every problem of reading and of shape."""
    loaded, problems = load_problems(path)
    if problems or loaded is None:
        raise InputErrors(problems)
    return loaded


def load_problems(path: str | PathLike[str]) -> tuple[LoadedGraph | None, list[InputError]]:
    """The graph file at `path`, as far as it can be used, and its problems in the order of the text.

    Never raises for bad input. Beside problems there may be a graph that is not whole, for further
    rules to look at; without a graph there is at least one problem.
    """
    try:
        data = read_source(FilePath(path))
    except InputError as error:
        return None, [error]
    return text_problems(data, str(path))


def text_problems(data: bytes, file: str) -> tuple[LoadedGraph | None, list[InputError]]:
    """The same for the bytes of a graph file that is, or will be, at `file`."""
    document, problems = read_problems(data, file)
    if document is None:
        return None, problems
    graph, wrong = _validated(
        document, [error.where for error in problems if isinstance(error, _REFUSED_VALUES)]
    )
    problems = sorted([*problems, *wrong], key=by_place)
    if graph is None:
        return None, problems
    loaded = LoadedGraph(
        file=file,
        digest=hashlib.sha256(data).hexdigest(),
        document=document,
        graph=graph,
        is_whole=not problems,
    )
    return loaded, problems


def _validated(document: Document, refused: list[Path]) -> tuple[TaskGraph | None, list[InputError]]:
    """The graph in `document`, or what can be salvaged of it, and the errors of its shape.

    Nothing is said about values at the places `refused`: their errors are told already.
    """
    value = document.value
    problems: list[InputError] = []
    for round_number in range(_SALVAGE_ROUNDS):
        try:
            return TaskGraph.model_validate(value), problems
        except ValidationError as error:
            details: list[dict[str, Any]] = [dict(one) for one in error.errors(include_url=False)]
        if round_number == 0:
            told = [
                one for one in details if not any(_is_below(tuple(one["loc"]), place) for place in refused)
            ]
            problems = shape_errors(document, told)
        value = salvaged(value, details)
        if value is None:
            break
    return None, problems


def _is_below(place: Path, above: Path) -> bool:
    return place[: len(above)] == above
