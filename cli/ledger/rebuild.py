"""`me ledger rebuild`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..args import AsJson


def rebuild(
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Go on where a record is whole in neither store, and lose the rest."
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Make the database anew from the mirror; what the mirror lacks is taken from the old database.

    Nothing is thrown away: a store in which something is damaged is kept beside the new one.
    """
    from dataclasses import asdict

    from ... import api
    from ..plain import plain
    from ..speech import give_json, say

    done = api.ledger_rebuild(accept_loss=accept_loss)
    if as_json:
        give_json({**asdict(done), "set_aside": [str(path) for path in done.set_aside]})
        return 0
    say(f"{done.records} records: {done.from_mirror} from the mirror, {done.from_database} from the database")
    for path in done.set_aside:
        say(f"kept: {plain(str(path))}")
    return 0
