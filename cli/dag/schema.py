"""`me dag schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson


def schema(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="A place in the grammar, such as tasks.retry.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show the grammar of a task graph, or the part of it at PATH.

    With --json: the JSON Schema of the whole file, or what is known of the one key.
    """
    import sys

    from ...schemas.describe import describe_key
    from ..speech import give, give_json
    from ..terminal import columns

    if as_json and path is None:
        from ...schemas.shape import task_graph_schema

        give_json(task_graph_schema())
        return 0
    entry = describe_key(path or "")
    if as_json:
        give_json(entry.to_json())
    else:
        give(entry.text(width=min(100, columns(sys.stdout) or 100)))
    return 0
