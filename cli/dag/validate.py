"""`me dag validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..args import AsJson


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Task graphs, YAML files.")],
    as_json: AsJson = False,
) -> int:
    """Check task graphs, and nothing but them: all problems at once, by exit code.

    Exit code 0 when all are right, 2 when any is not. Nothing is started or written.
    """
    from ... import api
    from ..checked_files import tell

    return tell([(file, api.check(file)) for file in files], as_json=as_json)
