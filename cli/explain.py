"""`me explain`."""

from __future__ import annotations

from typing import Annotated

import typer

from .complete import codes


def explain(
    code: Annotated[
        str | None,
        typer.Argument(help="An error code such as ME301, or a failure reason.", autocompletion=codes),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")] = False,
) -> int:
    """Say what an error code or a failure reason means, and what to do about it.

    Without a code: list them all.
    """
    from dataclasses import asdict

    from .pages import all_pages, find_page, shown
    from .speech import give, give_json
    from .table import table

    if code is not None:
        page = find_page(code)
        if as_json:
            give_json(asdict(page))
        else:
            give(shown(page))
        return 0
    pages = all_pages()
    if as_json:
        give_json([{"code": p.code, "title": p.title, "reason": p.reason} for p in pages])
    else:
        give(table(["code", "title", "failure reason"], [[p.code, p.title, p.reason or ""] for p in pages]))
    return 0
