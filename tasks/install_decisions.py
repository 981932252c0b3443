"""What was decided when a project took this program in: `.metaensemble/install-decisions.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..schemas.errors import InputError, InputErrors
from ..schemas.errors.grammar import WrongType
from .reader import read_problems
from .source_file import read_source

FILE = "install-decisions.yaml"
MEMORY_FILES = "memory_files"


def memory_files(folder: Path) -> tuple[str, ...] | None:
    """The project's memory files as the decisions in `folder`, the project's `.metaensemble`, name them.

    None where nothing was decided about them. Paths are relative to the project. Raises `InputErrors`.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        document, problems = read_problems(read_source(path), str(path))
    except InputError as error:
        raise InputErrors([error]) from None
    if document is None or problems:
        raise InputErrors(problems)
    decisions = document.value
    listed: Any = decisions.get(MEMORY_FILES) if isinstance(decisions, dict) else None
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(name, str) and name for name in listed):
        message = f"`{MEMORY_FILES}` must be a list of paths"
        where = (MEMORY_FILES,)
        hint = "write `[CLAUDE.md]`, or `[]` for none"
        raise InputErrors([WrongType(message, hint=hint, where=where, span=document.span(where))])
    return tuple(listed)
