"""`me manifest validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..args import AsJson

if TYPE_CHECKING:
    from ...schemas.errors import InputError


def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Manifests, YAML files.")],
    twin: Annotated[
        bool, typer.Option("--twin", help="Write the JSON twin of each that is valid beside it.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Check Manifests, and that what they point to is there: all problems at once, by exit code.

    Exit code 0 when all are right, 2 when any is not.
    """
    from ... import api
    from ...schemas.errors import InputErrors
    from ..checked_files import tell

    def problems(file: Path) -> list[InputError]:
        if not twin:
            return api.check_manifest(file)
        try:
            api.write_manifest_twin(file)
        except InputErrors as error:
            return list(error.errors)
        return []

    return tell([(file, problems(file)) for file in files], as_json=as_json)
