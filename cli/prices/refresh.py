"""`me prices refresh`."""

from __future__ import annotations

from typing import Annotated

import typer


def refresh(
    fetch: Annotated[
        bool,
        typer.Option("--fetch", help="Have the package get newer prices first, over the network."),
    ] = False,
) -> int:
    """Take the prices of models anew, from the Python package `genai-prices`, for all projects of yours.

    Without `--fetch` they are those that the installed package came with: update it to get newer ones.
    """
    from ... import api
    from ..speech import give, say

    page = api.refresh_prices(fetch=fetch)
    say(f"{len(page.table.models)} models, from {page.table.source}, as of {page.table.dated}")
    give(f"{page.file}\n")
    return 0
